/** A model's outputs, as JavaScript values: tensors, ZipMaps, sequences, maps and optionals. */

import { ScoreboxError } from "./error.js";
import { type ElementType, type Entry, Kind, type TypedArray } from "./table/format.js";
import { elements } from "./table/read.js";

/** A tensor. `float16` elements come as the bits of each number. */
export interface Tensor {
  type: ElementType;
  dims: number[];
  data: TypedArray | string[] | boolean[];
}

/** What one output gives: a tensor, one object per row (ZipMap), a list, a map, or null. */
export type ModelOutput =
  | Tensor
  | { [label: string]: number }[]
  | ModelOutput[]
  | Map<unknown, unknown>
  | null;

/** The outputs of a run by name. */
export function readOutputs(entries: readonly Entry[]): { [name: string]: ModelOutput } {
  const outputs: { [name: string]: ModelOutput } = {};
  const cursor = { at: 0 };
  while (cursor.at < entries.length) {
    const name = entries[cursor.at]?.name ?? "";
    outputs[name] = next(entries, cursor);
  }
  return outputs;
}

/** Reads one value and moves past the entries that it takes up. */
function next(entries: readonly Entry[], cursor: { at: number }): ModelOutput {
  const entry = take(entries, cursor);
  switch (entry.kind) {
    case Kind.tensor:
      return { type: entry.type, dims: [...entry.dims], data: elements(entry) };
    case Kind.zipmap:
      return zipmap(entry, take(entries, cursor));
    case Kind.sequence:
      return Array.from({ length: entry.dims[0] ?? 0 }, () => next(entries, cursor));
    case Kind.none:
      return null;
    case Kind.some:
      return next(entries, cursor);
    case Kind.map: {
      const keys = Array.from(elements(entry) as string[]);
      const values = Array.from(elements(take(entries, cursor)) as string[]);
      return new Map(keys.map((key, at) => [key, values[at]]));
    }
    default:
      throw new ScoreboxError("module_abi", `entry kind ${entry.kind} is unknown`);
  }
}

function take(entries: readonly Entry[], cursor: { at: number }): Entry {
  const entry = entries[cursor.at++];
  if (!entry) throw new ScoreboxError("module_abi", "the module's table ends too early");
  return entry;
}

/** One object per row, labels as keys: what a ZipMap means. */
function zipmap(table: Entry, keyEntry: Entry): { [label: string]: number }[] {
  const labels = Array.from(elements(keyEntry) as ArrayLike<unknown>, String);
  const values = elements(table) as Float32Array;
  return Array.from({ length: table.dims[0] ?? 0 }, (_, row) =>
    Object.fromEntries(labels.map((label, at) => [label, values[row * labels.length + at] ?? 0])),
  );
}
