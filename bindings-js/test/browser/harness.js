// Runs inside the page, under the strict policy: the package as it lies in node_modules, unbundled.

import { walk } from "/golden/walk.mjs";
import { load, loadModel } from "/scorebox/browser.js";
import { loadInWorker } from "/scorebox/worker.js";

const NOW = "2026-11-23T09:00:00Z";
const RECORD = { limit_bal: 120000, age: 34, pay_0: 0, pay_2: 2, bill_amt1: 48200, pay_amt1: 2600 };
const FULL = "bundle_needs_full";
const code = (promise) =>
  promise.then(
    () => "none",
    (error) => error.code ?? String(error),
  );

const tasks = {
  async golden() {
    const cases = (await (await fetch("/cases.json")).json()).map((one) => ({
      ...one,
      request: Uint8Array.from(atob(one.request), (char) => char.charCodeAt(0)),
    }));
    const open = (name) =>
      load(`/bundles/${name}.zip`).catch((error) => {
        if (error.code !== FULL) throw error;
        return load(`/bundles/${name}.zip`, { full: true });
      });
    return { count: cases.length, ...(await walk(cases, open)) };
  },

  async api() {
    const bytes = new Uint8Array(await (await fetch("/bundles/credit.zip")).arrayBuffer());
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-384", bytes));
    const integrity = `sha384-${btoa(String.fromCharCode(...digest))}`;
    using byAddress = await load("/bundles/credit.zip", { integrity });
    using byResponse = await load(fetch("/bundles/credit.zip", { integrity }), { integrity });
    using model = await loadModel("/model.onnx");
    const text = (bundle) => new TextDecoder().decode(bundle.scoreBytes(RECORD, { now: NOW }));
    const width = model.inputs[0].dims.at(-1);
    return {
      same: text(byAddress) === text(byResponse),
      decision: text(byAddress),
      left: bytes.length,
      missing: await code(load("/no/such/bundle.zip")),
      wrong: await code(load("/bundles/credit.zip", { integrity: "sha384-AAAA" })),
      outputs: Object.keys(model.run({ X: new Float32Array(width) })),
      isolated: globalThis.crossOriginIsolated,
    };
  },

  async worker() {
    using worker = await loadInWorker("bundles/credit.zip");
    const limits = Float64Array.from({ length: 5000 }, (_, at) => 10000 + at);
    const ages = new Int32Array(5000).fill(40);
    const batch = await worker.scoreBatch(
      { limit_bal: limits, age: ages, pay_0: ages.map(() => 0) },
      { now: NOW },
    );
    const decision = new TextDecoder().decode(await worker.scoreBytes(RECORD, { now: NOW }));
    const refused = await code(worker.score(RECORD, { now: "no time" }));
    const after = limits.length;
    worker.free();
    return {
      rows: batch.rows,
      decision,
      refused,
      after,
      released: await code(worker.score(RECORD)),
    };
  },

  async policy() {
    // biome-ignore lint/security/noGlobalEval: that it is refused is what is tested
    const evaluated = await code(Promise.resolve().then(() => eval("1")));
    return { evaluated };
  },
};

const results = {};
for (const [name, task] of Object.entries(tasks))
  results[name] = await task().catch((error) => ({
    failed: `${error.code ?? ""} ${error.stack ?? error}`,
  }));
document.querySelector("output").textContent = JSON.stringify(results);
document.documentElement.dataset.ready = "true";
