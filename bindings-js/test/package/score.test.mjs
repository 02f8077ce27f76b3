import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { load, ScoreboxError } from "scorebox";

const NOW = "2026-11-23T09:00:00Z";
const RECORD = {
  limit_bal: 120000,
  age: 34,
  pay_0: 0,
  pay_2: 0,
  pay_3: 1,
  bill_amt1: 48200.5,
  pay_amt1: 2600,
};

let bundle;
before(async () => {
  bundle = await load(join(process.env.SCOREBOX_ROOT, "models/credit"));
});
after(() => bundle.free());

const text = (bytes) => new TextDecoder().decode(bytes);
const failure = (code) => (error) => error instanceof ScoreboxError && error.code === code;

test("a record gets a decision, the same bytes every time", () => {
  const decision = bundle.score(RECORD, { now: NOW, salt: "00ff", reasons: 2, lang: "zh" });
  assert.ok(["approve", "review", "decline"].includes(decision.outcome));
  assert.ok(decision.scores.pd > 0 && decision.scores.pd < 1);
  assert.ok(decision.reasons.filter(({ source }) => source === "model").length <= 2);
  assert.equal(decision.now, "2026-11-23T09:00:00.000Z");
  const bytes = text(bundle.scoreBytes(RECORD, { now: NOW, salt: "00ff", reasons: 2, lang: "zh" }));
  assert.equal(JSON.stringify(decision), bytes);
  const other = { now: new Date(NOW), salt: new Uint8Array([0, 255]), reasons: 2, lang: "zh" };
  assert.equal(text(bundle.scoreBytes(RECORD, other)), bytes, "dates and bytes mean the same");
});

test("values that JSON would lose reach the module as what they are", () => {
  const verdict = (change) => {
    const { quality } = bundle.score({ ...RECORD, ...change }, { now: NOW });
    return quality.issues.map(({ field, issue }) => `${field} ${issue}`);
  };
  assert.deepEqual(verdict({}), verdict({ pay_4: undefined }));
  assert.deepEqual(verdict({ bill_amt1: Number.NaN }), verdict({ bill_amt1: null }));
  assert.notDeepEqual(verdict({ bill_amt1: Number.POSITIVE_INFINITY }), verdict({}));
  assert.deepEqual(verdict({ limit_bal: 120000n }), verdict({}));
  assert.notDeepEqual(verdict({ age: "thirty" }), verdict({}));
});

test("a batch agrees with its records, as rows and as columns", () => {
  const records = Array.from({ length: 500 }, (_, at) => ({
    ...RECORD,
    limit_bal: 10000 + at * 997,
    pay_0: (at % 6) - 2,
    bill_amt1: at % 7 === 0 ? null : at * 211.25,
  }));
  const single = records.map((record) => text(bundle.scoreBytes(record, { now: NOW })));
  const decisions = bundle.scoreBatch(records, { now: NOW, output: "decisions" });
  assert.deepEqual(
    decisions.map((decision) => JSON.stringify(decision)),
    single,
  );

  const { rows, columns } = bundle.scoreBatch(records, { now: NOW });
  assert.equal(rows, 500);
  assert.deepEqual(
    [...columns.outcome],
    decisions.map(({ outcome }) => outcome),
  );
  const pds = decisions.map(({ scores }) => scores.pd ?? Number.NaN);
  assert.deepEqual([...columns.pd], pds);

  const limits = Float64Array.from(records, ({ limit_bal }) => limit_bal);
  const typed = {
    limit_bal: limits,
    age: new Int32Array(500).fill(34),
    pay_0: Int8Array.from(records, ({ pay_0 }) => pay_0),
    pay_2: new Uint8Array(500),
    pay_3: new Array(500).fill("1"),
    bill_amt1: records.map(({ bill_amt1 }) => bill_amt1),
    pay_amt1: new Float32Array(500).fill(2600),
  };
  assert.deepEqual([...bundle.scoreBatch(typed, { now: NOW }).columns.pd], pds);
  assert.equal(limits.length, 500, "the caller's arrays are copied, not taken");
  assert.equal(bundle.scoreBatch([], { now: NOW }).rows, 0);
});

test("what is no batch is refused", () => {
  const uneven = { limit_bal: new Float64Array(2), age: new Float64Array(3) };
  assert.throws(() => bundle.scoreBatch(uneven), failure("record_malformed"));
  assert.throws(() => bundle.scoreBatch([{ age: {} }]), failure("record_malformed"));
  assert.throws(() => bundle.scoreRequest("{"), failure("record_malformed"));
  assert.throws(() => bundle.scoreRequest('{"record":{},"other":1}'), failure("request_invalid"));
  assert.throws(() => bundle.score({}, { now: new Date("no") }), failure("request_invalid"));
  assert.throws(() => bundle.score({}, { salt: "xyz" }), failure("request_invalid"));
});

test("a warm bundle takes no more memory, however often it is called", () => {
  const rows = Array.from({ length: 2000 }, () => RECORD);
  const round = () => {
    for (let at = 0; at < 2000; at++) bundle.scoreBytes({ ...RECORD, bill_amt1: at }, { now: NOW });
    bundle.scoreBatch(rows, { now: NOW, output: "decisions" });
    try {
      bundle.scoreRequest("{");
    } catch {}
    return bundle.memoryBytes;
  };
  round();
  const warm = round();
  for (let at = 0; at < 4; at++) round();
  assert.equal(bundle.memoryBytes, warm);
});

test("a bundle describes and verifies itself", () => {
  const about = bundle.describe();
  assert.equal(about.name, "credit");
  assert.ok(about.inputs.some(({ name, type }) => name === "age" && type === "integer"));
  assert.match(about.digest, /^sha256:[0-9a-f]{64}$/);
  about.inputs.length = 0;
  assert.ok(bundle.describe().inputs.length > 0, "a description is the caller's own copy");
  const report = bundle.verify();
  assert.equal(report.failed, 0);
});
