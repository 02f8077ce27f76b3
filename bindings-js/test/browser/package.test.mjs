import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { load } from "scorebox";
import { bundleFolder, ROOT, readCases } from "../golden/cases.mjs";
import { launch, open, serve } from "./server.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const dist = dirname(createRequire(import.meta.url).resolve("scorebox/scorebox.wasm"));
const { readPath } = await import(pathToFileURL(join(dist, "node-files.js")));

let browser;
let server;
let results;
let errors;

before(async () => {
  const cases = await readCases();
  const names = new Set(["credit", ...cases.map(({ bundle }) => bundle)]);
  const bundles = {};
  for (const name of names)
    bundles[`/bundles/${name}.zip`] = await readPath(bundleFolder(name)).catch(() => undefined);
  const sent = cases.map((one) => ({ ...one, request: one.request.toString("base64") }));
  server = await serve({
    "/index.html":
      '<!doctype html><html lang="en"><title>harness</title><output></output><script type="module" src="/browser/harness.js"></script>',
    "/browser/": HERE,
    "/golden/": join(HERE, "../golden"),
    "/scorebox/": dist,
    "/cases.json": JSON.stringify(sent),
    "/model.onnx": await readFile(join(ROOT, "models/credit/model.onnx")),
    "/favicon.ico": "",
    ...bundles,
  });
  browser = await launch();
  const opened = await open(browser, server.origin);
  errors = opened.errors;
  await opened.page.locator("html[data-ready]").waitFor({ state: "attached", timeout: 120_000 });
  results = JSON.parse(await opened.page.locator("output").textContent());
});

after(async () => {
  await browser?.close();
  server?.close();
});

test("every golden case gives the same bytes in Chromium", () => {
  const { count, passed, failures, batches, failed } = results.golden;
  assert.equal(failed, undefined);
  console.log(`golden: ${count} cases in Chromium, ${batches} batches`);
  console.log(`${passed} passed, ${count - passed} failed`);
  assert.deepEqual(failures.slice(0, 5), []);
  assert.equal(passed, count);
});

test("a page loads with integrity, scores as Node does and says what is wrong", async () => {
  const { failed, decision, ...rest } = results.api;
  assert.equal(failed, undefined);
  const bundle = await load(bundleFolder("credit"));
  const record = {
    limit_bal: 120000,
    age: 34,
    pay_0: 0,
    pay_2: 2,
    bill_amt1: 48200,
    pay_amt1: 2600,
  };
  const bytes = bundle.scoreBytes(record, { now: "2026-11-23T09:00:00Z" });
  bundle.free();
  assert.equal(decision, new TextDecoder().decode(bytes));
  assert.ok(rest.outputs.includes("probabilities"));
  const { same, missing, wrong, isolated, left } = rest;
  assert.deepEqual(
    { same, missing, wrong, isolated },
    { same: true, missing: "io", wrong: "integrity", isolated: false },
  );
  assert.ok(left > 0);
});

test("a worker from a real file scores batches and keeps the caller's arrays", () => {
  const { failed, rows, decision, refused, after: length, released } = results.worker;
  assert.equal(failed, undefined);
  assert.equal(decision, results.api.decision);
  assert.deepEqual(
    { rows, length, refused, released },
    { rows: 5000, length: 5000, refused: "request_invalid", released: "released" },
  );
});

test("all of it under a policy that refuses eval", () => {
  assert.match(results.policy.evaluated, /EvalError/);
  const unexpected = errors.filter((text) => !/unsafe-eval|404|integrity/.test(text));
  assert.deepEqual(unexpected, []);
});
