// What a user writes, compiled by types.test.mjs and never run.
import { type Decision, load, loadModel, ScoreboxError } from "scorebox";
import { loadInWorker } from "scorebox/worker";

export async function scored(): Promise<number | null | undefined> {
  using bundle = await load(new URL("https://example.org/b.zip"), {
    integrity: "sha384-x",
    full: true,
  });
  const decision: Decision = bundle.score(
    { age: 34 },
    { now: new Date(), salt: new Uint8Array(8) },
  );
  if (decision.outcome === "approve")
    console.log(decision.reasons[0]?.text, decision.quality.issues[0]?.issue);
  const columns = bundle.scoreBatch({ age: new Float64Array(3), name: ["a", null, "b"] });
  console.log(columns.rows, columns.columns.pd?.length);
  const decisions: Decision[] = bundle.scoreBatch([{ age: 1 }], { output: "decisions" });
  const offer = decision.offers?.top[0];
  console.log(offer?.channel, decision.offers?.held[0]?.cause, decision.view?.fields.pd?.band);
  const state = bundle.update([{ record: { age: 34 }, item: "loan", reward: 1, now: new Date() }]);
  bundle.score({ age: 34 }, { state, held: "all", monitor: true });
  const change = bundle.score({ age: 34 }, { whatIf: true }).what_if?.changes[0];
  console.log(change?.field, change?.to, change?.outcome);
  console.log(bundle.monitor(bundle.takeCounts()).report.fields[0]?.index);
  // @ts-expect-error an option that does not exist
  bundle.score({}, { language: "en" });
  // @ts-expect-error a batch is columns or rows
  bundle.scoreBatch(42);
  return decisions[0]?.scores.pd;
}

export async function elsewhere(): Promise<void> {
  using worker = await loadInWorker("/b.zip");
  const decision: Decision = await worker.score({ age: 34 });
  const model = await loadModel(new Uint8Array());
  const { y } = model.run({ x: new Float32Array(3), s: ["a"], t: { data: [1, 2], dims: [2, 1] } });
  try {
    console.log(decision.digests.input, y, model.inputs[0]?.dims);
  } catch (error) {
    if (error instanceof ScoreboxError) console.log(error.code, error.path);
  } finally {
    model.free();
  }
}
