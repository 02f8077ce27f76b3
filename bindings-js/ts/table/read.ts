/** Tables that the module made, read as views into their bytes. */

import { ScoreboxError } from "../error.js";
import {
  type ElementType,
  ENTRY_BYTES,
  type Entry,
  elementType,
  HEADER_BYTES,
  MAGIC,
  type TypedArray,
} from "./format.js";

/** The entries of a table. Their data are views of `bytes`, whose buffer starts on an alignment. */
export function readTable(bytes: Uint8Array): { rows: number; entries: Entry[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC)
    throw new ScoreboxError("module_abi", "the module's answer is no table");
  const decoder = new TextDecoder();
  const entries = Array.from({ length: view.getUint32(12, true) }, (_, at) => {
    const start = HEADER_BYTES + at * ENTRY_BYTES;
    const word = (offset: number) => view.getUint32(start + offset, true);
    const number = view.getUint8(start + 9);
    const type = elementType(number);
    if (type === undefined)
      throw new ScoreboxError("module_abi", `element type ${number} has no JavaScript form`);
    const dims = Array.from({ length: view.getUint8(start + 10) }, (_, axis) =>
      word(32 + axis * 4),
    );
    const count = dims.reduce((product, dim) => product * dim, 1);
    const block = (offset: number, length: number) => bytes.subarray(offset, offset + length);
    return {
      name: decoder.decode(block(word(0), word(4))),
      kind: view.getUint8(start + 8),
      type,
      dims,
      validity: word(12) ? block(word(12), Math.ceil(count / 8)) : undefined,
      data: block(word(16), word(20)),
      text: word(24)
        ? new Uint32Array(bytes.buffer, bytes.byteOffset + word(24), count + 1)
        : undefined,
    };
  });
  return { rows: view.getUint32(8, true), entries };
}

/** The elements of an entry: a typed array over the table's bytes, texts, or booleans. */
export function elements(entry: Entry): TypedArray | string[] | boolean[] {
  const { data, text } = entry;
  if (text) {
    const decoder = new TextDecoder();
    return Array.from({ length: text.length - 1 }, (_, at) =>
      decoder.decode(data.subarray(text[at], text[at + 1])),
    );
  }
  if (entry.type === "string") return [];
  if (entry.type === "bool") return Array.from(data, (byte) => byte !== 0);
  const form = FORMS[entry.type];
  return new form(
    data.buffer as ArrayBuffer,
    data.byteOffset,
    data.byteLength / form.BYTES_PER_ELEMENT,
  );
}

/** Whether element `at` is present. */
export function isPresent(entry: Entry, at: number): boolean {
  return entry.validity === undefined || (((entry.validity[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;
}

/** Half-precision numbers stay bits: JavaScript has no array for them everywhere yet. */
const FORMS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
} as const satisfies Record<Exclude<ElementType, "string" | "bool">, unknown>;
