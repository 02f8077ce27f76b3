/** Batches: columns or rows of JavaScript values in, columns or decisions out. */

import type { Decision } from "./decision.js";
import { ScoreboxError } from "./error.js";
import { jsonSafe, type RecordLike } from "./options.js";
import { type Entry, Kind, type TypedArray, typeOfArray } from "./table/format.js";
import { elements, isPresent, readTable } from "./table/read.js";
import { bytesOf, encodeTexts, encodeValidity, writeTable } from "./table/write.js";

/** One column: a typed array, or values of one kind with null or undefined where one is missing. */
export type Column =
  | TypedArray
  | readonly (string | number | boolean | bigint | Date | null | undefined)[];

/** A batch: columns by name, all of one length, or rows. */
export type BatchInput = { readonly [name: string]: Column } | readonly RecordLike[];

/** A column of the answer. Missing numbers are NaN, missing texts and booleans null. */
export type ResultColumn = Float64Array | TypedArray | (string | null)[] | (boolean | null)[];

/** The answer to a batch, one array per field of the decision. */
export interface BatchResult {
  rows: number;
  columns: { [name: string]: ResultColumn };
}

/** The batch as a table. */
export function batchTable(batch: BatchInput): Uint8Array {
  const columns = Array.isArray(batch) ? transpose(batch) : Object.entries(batch);
  const rows = columns[0]?.[1].length ?? (Array.isArray(batch) ? batch.length : 0);
  const entries = columns.map(([name, column]) => {
    if (column.length !== rows) {
      const message = `the column has ${column.length} rows, the first one ${rows}`;
      throw new ScoreboxError("record_malformed", message, name);
    }
    return columnEntry(name, column);
  });
  return writeTable(entries, rows);
}

/** The columns that the module answered with. */
export function readColumns(table: Uint8Array): BatchResult {
  const { rows, entries } = readTable(table);
  const columns = Object.fromEntries(entries.map((entry) => [entry.name, resultColumn(entry)]));
  return { rows, columns };
}

/** The decisions that the module answered with, as their canonical texts. */
export function readDecisionTexts(table: Uint8Array): string[] {
  const entry = readTable(table).entries.find(({ name }) => name === "decision");
  return entry ? (elements(entry) as string[]) : [];
}

/** The decisions that the module answered with. */
export function readDecisions(table: Uint8Array): Decision[] {
  return readDecisionTexts(table).map((text) => JSON.parse(text));
}

/** Rows as columns, in the order in which names first appear. */
function transpose(rows: readonly RecordLike[]): [string, Column][] {
  const columns = new Map<string, unknown[]>();
  rows.forEach((row, at) => {
    for (const name in row) {
      let column = columns.get(name);
      if (!column) {
        column = new Array(rows.length).fill(null);
        columns.set(name, column);
      }
      column[at] = row[name];
    }
  });
  return [...columns] as [string, Column][];
}

function columnEntry(name: string, column: Column): Entry {
  const tensor = { name, kind: Kind.tensor, dims: [column.length] };
  if (ArrayBuffer.isView(column))
    return { ...tensor, type: typeOfArray(column), data: bytesOf(column) };
  const present = (at: number) => column[at] !== null && column[at] !== undefined;
  const validity = encodeValidity(column.length, present);
  const kinds = new Set<string>();
  for (const value of column) if (value !== null && value !== undefined) kinds.add(typeof value);
  if (kinds.size === 0 || (kinds.size === 1 && kinds.has("number"))) {
    const data = bytesOf(
      Float64Array.from(column as (number | null)[], (value) => value ?? Number.NaN),
    );
    return { ...tensor, type: "float64", validity, data };
  }
  if (kinds.size === 1 && kinds.has("boolean"))
    return {
      ...tensor,
      type: "bool",
      validity,
      data: Uint8Array.from(column, (value) => (value ? 1 : 0)),
    };
  // Texts, times, large integers and mixtures: the module reads text by the rules of the input's type.
  const texts = column.map((value) =>
    value === null || value === undefined ? "" : shown(name, value),
  );
  return { ...tensor, type: "string", validity, ...encodeTexts(texts) };
}

function shown(name: string, value: unknown): string {
  const safe = jsonSafe(value);
  if (safe instanceof Date) return safe.toISOString();
  if (typeof safe === "object" || typeof safe === "function" || typeof safe === "symbol")
    throw new ScoreboxError(
      "record_malformed",
      "a column holds numbers, texts, booleans or dates",
      name,
    );
  return String(safe);
}

function resultColumn(entry: Entry): ResultColumn {
  const values = elements(entry);
  if (!entry.validity) return values;
  if (entry.type === "string" || entry.type === "bool")
    return (values as string[]).map((value, at) => (isPresent(entry, at) ? value : null));
  return Float64Array.from(values as Float64Array, (value, at) =>
    isPresent(entry, at) ? Number(value) : Number.NaN,
  );
}
