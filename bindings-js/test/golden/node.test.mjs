import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "scorebox";
import { bundleFolder, readCases } from "./cases.mjs";
import { walk } from "./walk.mjs";

test("every golden case gives the same bytes in Node", async () => {
  const cases = await readCases();
  const { passed, failures, batches } = await walk(cases, (name) => load(bundleFolder(name)));
  console.log(`golden: ${cases.length} cases in Node, ${batches} batches`);
  console.log(`${passed} passed, ${cases.length - passed} failed`);
  assert.deepEqual(failures.slice(0, 5), []);
  assert.equal(passed, cases.length);
});
