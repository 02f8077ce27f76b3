/** A bare ONNX model: arrays in, arrays out, without schema, policy or reasons. */

import type { ModelDescription, Port } from "./description.js";
import { ScoreboxError } from "./error.js";
import { Instance } from "./instance.js";
import { type ModelOutput, readOutputs } from "./outputs.js";
import type { Loader } from "./runtime.js";
import type { Guest } from "./shim/shim.js";
import {
  type ElementType,
  type Entry,
  Kind,
  type TypedArray,
  typeOfArray,
} from "./table/format.js";
import { readTable } from "./table/read.js";
import { bytesOf, encodeTexts, writeTable } from "./table/write.js";

/** Elements of a tensor: a typed array, whose type is taken, or plain values, which take the model's. */
export type Elements = TypedArray | readonly (number | bigint | string | boolean)[];

/** A tensor; without `dims` the model's shape tells how many rows the elements make. */
export type TensorInput =
  | Elements
  | { data: Elements; dims?: readonly number[]; type?: ElementType };

/** An ONNX model, ready to run, in an instance of its own. */
export class Model extends Instance {
  readonly #description: ModelDescription;

  /** @internal */
  constructor(guest: Guest, handle: number, moduleDigest: string) {
    super(guest, handle, moduleDigest);
    this.#description = JSON.parse(new TextDecoder().decode(guest.describe(handle)));
  }

  /** @internal */
  static loader(onnx: Uint8Array): Loader<Model> {
    return (guest, moduleDigest) => new Model(guest, guest.loadModel(onnx), moduleDigest);
  }

  /** Names, types and shapes of what the model takes. */
  get inputs(): Port[] {
    return structuredClone(this.#description.inputs);
  }

  /** Names, types and shapes of what the model gives. */
  get outputs(): Port[] {
    return structuredClone(this.#description.outputs);
  }

  /** Runs the model. ZipMap outputs come as one object per row. */
  run(feeds: { readonly [name: string]: TensorInput }): { [name: string]: ModelOutput } {
    const entries = Object.entries(feeds).map(([name, input]) =>
      tensorEntry(
        name,
        input,
        this.#description.inputs.find((port) => port.name === name),
      ),
    );
    const table = writeTable(entries, 0);
    return readOutputs(readTable(this.call((guest, handle) => guest.run(handle, table))).entries);
  }
}

function tensorEntry(name: string, input: TensorInput, port: Port | undefined): Entry {
  const whole = isElements(input) ? { data: input } : input;
  const { data } = whole;
  const dims = whole.dims ?? shape(name, data.length, port);
  const type = whole.type ?? elementTypeOf(data, port);
  const entry = { name, kind: Kind.tensor, type, dims };
  if (type === "string") return { ...entry, ...encodeTexts(Array.from(data as string[], String)) };
  return { ...entry, data: bytesOf(ArrayBuffer.isView(data) ? data : typed(name, type, data)) };
}

function isElements(input: TensorInput): input is Elements {
  return Array.isArray(input) || ArrayBuffer.isView(input);
}

/** The shape of so many elements: the model's own, with one open axis worked out. */
function shape(name: string, length: number, port: Port | undefined): number[] {
  const dims = port?.dims;
  if (!dims) return [length];
  const known = dims.reduce<number>(
    (size, dim) => (typeof dim === "number" ? size * dim : size),
    1,
  );
  const open = dims.filter((dim) => typeof dim !== "number").length;
  const rows = known === 0 ? 0 : length / known;
  if (open > 1 || !Number.isInteger(rows) || (open === 0 && rows !== 1))
    throw new ScoreboxError(
      "input_shape",
      `${length} elements do not tell the shape; give dims`,
      name,
    );
  return dims.map((dim) => (typeof dim === "number" ? dim : rows));
}

/** ONNX's names of element types, where JavaScript's differ. */
const ONNX_NAMES: { [name: string]: ElementType } = { float: "float32", double: "float64" };

function elementTypeOf(data: Elements, port: Port | undefined): ElementType {
  if (ArrayBuffer.isView(data)) return typeOfArray(data);
  const declared = /^tensor\((\w+)\)$/.exec(port?.type ?? "")?.[1];
  if (declared) return ONNX_NAMES[declared] ?? (declared as ElementType);
  const first = typeof data[0];
  return first === "string" ? "string" : first === "boolean" ? "bool" : "float32";
}

function typed(name: string, type: ElementType, data: readonly unknown[]): TypedArray {
  const numbers = data as readonly number[];
  switch (type) {
    case "float32":
      return Float32Array.from(numbers);
    case "float64":
      return Float64Array.from(numbers);
    case "int32":
      return Int32Array.from(numbers);
    case "int64":
      return BigInt64Array.from(numbers, integer(name));
    case "uint64":
      return BigUint64Array.from(numbers, integer(name));
    case "bool":
      return Uint8Array.from(data, (value) => (value ? 1 : 0));
    default:
      throw new ScoreboxError("input_type", `give ${type} elements as a typed array`, name);
  }
}

const integer = (name: string) => (value: unknown) => {
  if (typeof value === "bigint" || Number.isInteger(value)) return BigInt(value as number);
  throw new ScoreboxError("input_type", "the model takes integers here", name);
};
