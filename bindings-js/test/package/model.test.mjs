import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadModel, ScoreboxError } from "scorebox";

const path = join(process.env.SCOREBOX_ROOT, "models/credit/model.onnx");
const failure = (code) => (error) => error instanceof ScoreboxError && error.code === code;

let model;
let width;
before(async () => {
  model = await loadModel(path);
  width = model.inputs[0].dims.at(-1);
});
after(() => model.free());

test("a model says what it takes and gives", () => {
  assert.deepEqual(
    model.inputs.map(({ name, type }) => [name, type]),
    [["X", "tensor(float)"]],
  );
  assert.ok(model.outputs.some(({ name }) => name === "probabilities"));
});

test("arrays go in and come out, shaped by the model", () => {
  const rows = 3;
  const data = Float32Array.from({ length: rows * width }, (_, at) => at % 5);
  const { probabilities } = model.run({ X: data });
  const table = Array.isArray(probabilities)
    ? probabilities.map(Object.values)
    : chunks(probabilities);
  assert.equal(table.length, rows);
  for (const row of table) assert.ok(Math.abs(row.reduce((sum, share) => sum + share) - 1) < 1e-5);
  assert.equal(data.length, rows * width, "copied, not taken");
  const plain = model.run({ X: Array.from(data) });
  const shaped = model.run({ X: { data, dims: [rows, width] } });
  assert.deepEqual(plain, model.run({ X: data }));
  assert.deepEqual(shaped, plain);
});

const chunks = ({ data, dims: [rows, columns] }) =>
  Array.from({ length: rows }, (_, row) =>
    Array.from(data.slice(row * columns, (row + 1) * columns)),
  );

test("what does not fit is refused by name", () => {
  assert.throws(() => model.run({ X: new Float32Array(width + 1) }), failure("input_shape"));
  assert.throws(() => model.run({ Y: new Float32Array(width) }), failure("input_type"));
  assert.throws(
    () => model.run({ X: { data: new Float64Array(width), dims: [1, width] } }),
    failure("input_type"),
  );
  assert.throws(() => model.run({}), failure("input_type"));
});
