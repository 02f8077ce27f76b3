/** Tables out of entries: laid out once, filled once. The caller's arrays are copied, never detached. */

import { ScoreboxError } from "../error.js";
import {
  aligned,
  DTYPES,
  ENTRY_BYTES,
  type Entry,
  FORMAT,
  HEADER_BYTES,
  MAGIC,
  MAX_RANK,
} from "./format.js";

/** A table of a batch with so many rows, or of a model's inputs (`rows` 0). */
export function writeTable(entries: readonly Entry[], rows: number): Uint8Array {
  const names = entries.map((entry) => new TextEncoder().encode(entry.name));
  let end = HEADER_BYTES + entries.length * ENTRY_BYTES;
  const reserve = (bytes: number) => {
    const start = aligned(end);
    end = start + bytes;
    return start;
  };
  const places = entries.map((entry, at) => ({
    name: reserve(names[at]?.length ?? 0),
    validity: entry.validity ? reserve(entry.validity.length) : 0,
    data: reserve(entry.data.byteLength),
    text: entry.text ? reserve(entry.text.byteLength) : 0,
  }));
  const size = aligned(end);
  if (size > 0xffff_ffff) throw new ScoreboxError("memory", "the batch passes 4 GiB; send less");

  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, FORMAT, true);
  view.setUint32(8, rows, true);
  view.setUint32(12, entries.length, true);
  view.setUint32(16, size, true);
  entries.forEach((entry, at) => {
    const place = places[at];
    const name = names[at];
    if (!place || !name) return;
    if (entry.dims.length > MAX_RANK)
      throw new ScoreboxError("input_shape", `at most ${MAX_RANK} axes`, entry.name);
    const start = HEADER_BYTES + at * ENTRY_BYTES;
    view.setUint32(start, place.name, true);
    view.setUint32(start + 4, name.length, true);
    view.setUint8(start + 8, entry.kind);
    view.setUint8(start + 9, DTYPES[entry.type]);
    view.setUint8(start + 10, entry.dims.length);
    view.setUint32(start + 12, place.validity, true);
    view.setUint32(start + 16, place.data, true);
    view.setUint32(start + 20, entry.data.byteLength, true);
    view.setUint32(start + 24, place.text, true);
    entry.dims.forEach((dim, axis) => {
      view.setUint32(start + 32 + axis * 4, dim, true);
    });
    bytes.set(name, place.name);
    bytes.set(entry.data, place.data);
    if (entry.validity) bytes.set(entry.validity, place.validity);
    if (entry.text) bytes.set(bytesOf(entry.text), place.text);
  });
  return bytes;
}

/** The bytes of a typed array, in place. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Texts as one block of UTF-8 and their positions in it. */
export function encodeTexts(texts: readonly string[]): { data: Uint8Array; text: Uint32Array } {
  let units = 0;
  for (const text of texts) units += text.length;
  const data = new Uint8Array(units * 3);
  const positions = new Uint32Array(texts.length + 1);
  const encoder = new TextEncoder();
  let end = 0;
  texts.forEach((text, at) => {
    end += encoder.encodeInto(text, data.subarray(end)).written;
    positions[at + 1] = end;
  });
  return { data: data.subarray(0, end), text: positions };
}

/** A validity bitmap, or nothing where all elements are present. */
export function encodeValidity(
  length: number,
  present: (at: number) => boolean,
): Uint8Array | undefined {
  let bitmap: Uint8Array | undefined;
  for (let at = 0; at < length; at++) {
    if (present(at)) continue;
    bitmap ??= new Uint8Array(Math.ceil(length / 8)).fill(0xff);
    bitmap[at >> 3] = (bitmap[at >> 3] ?? 0) & ~(1 << (at & 7));
  }
  return bitmap;
}
