/** What a caller may say beside the record, and how it reaches the module. */

import { ScoreboxError } from "./error.js";
import type { BanditState } from "./learning.js";

/** A salt for the input's digest: bytes, or their hexadecimal digits. */
export type Salt = string | Uint8Array;

/** Options of one score. */
export interface ScoreOptions {
  /** The time to decide for. The module has no clock: a bundle that uses the time refuses without it. */
  now?: string | Date;
  /** Mixed into the input's digest, so that nobody can guess a record from it. */
  salt?: Salt;
  /** The most reasons to give; the bundle's own number by default. */
  reasons?: number;
  /** Language of the reasons' texts, for example `en`; the bundle's first by default. */
  lang?: string;
  /** What decisions say of items that are not offered; what the bundle says by default. */
  held?: "first" | "all" | "counts";
  /** What a bandit has learned, as `update` gives it; what the bundle brings by default. */
  state?: BanditState;
  /** Whether what is decided is counted, for `takeCounts`. */
  monitor?: boolean;
  /** Whether the decision says what would change its outcome; for one record, of a bundle that has `what_if`. */
  whatIf?: boolean;
}

/** Options of a batch. */
export interface BatchOptions extends ScoreOptions {
  /** `columns` (default): one array per field of the decision. `decisions`: whole decisions, row by row. */
  output?: "columns" | "decisions";
}

/** A record: inputs by name. `undefined` and `null` mean missing, as does NaN. */
export type RecordLike = { readonly [name: string]: unknown };

/** The options as the module reads them (`wasm/ABI.md`). */
export function requestOptions(options: ScoreOptions): { [name: string]: unknown } {
  const { now, salt, reasons, lang, held, state, monitor, whatIf } = options;
  const request: { [name: string]: unknown } = {};
  if (now !== undefined) request.now = now instanceof Date ? time(now) : now;
  if (salt !== undefined) request.salt = typeof salt === "string" ? salt : hex(salt);
  if (reasons !== undefined) request.reasons = reasons;
  if (lang !== undefined) request.lang = lang;
  if (held !== undefined) request.held = held;
  if (state !== undefined) request.state = state;
  if (monitor !== undefined) request.monitor = monitor;
  if (whatIf !== undefined) request.what_if = whatIf;
  return request;
}

/** A record in a form that JSON carries without silent loss. Returns its argument where nothing changes. */
export function jsonSafe(value: unknown): unknown {
  switch (typeof value) {
    case "number":
      // JSON would turn an infinity into null, and null means missing: let the module see what it is.
      return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY
        ? String(value)
        : value;
    case "bigint": {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    case "object":
      if (value === null || value instanceof Date) return value;
      return Array.isArray(value) ? safeList(value) : safeFields(value as RecordLike);
    default:
      return value;
  }
}

function safeList(list: readonly unknown[]): unknown {
  return list.some((item) => jsonSafe(item) !== item) ? list.map(jsonSafe) : list;
}

function safeFields(fields: RecordLike): unknown {
  let changed: { [name: string]: unknown } | undefined;
  for (const name in fields) {
    const value = fields[name];
    // Numbers and texts are nearly all of a record; NaN is unlike itself and goes to null either way.
    if (typeof value === "string" || (typeof value === "number" && value - value === 0)) continue;
    const safe = jsonSafe(value);
    if (Object.is(safe, value)) continue;
    changed ??= { ...fields };
    changed[name] = safe;
  }
  return changed ?? fields;
}

/** A time as the module reads it. */
function time(now: Date): string {
  if (Number.isNaN(now.getTime()))
    throw new ScoreboxError("request_invalid", "`now` is no valid date", "now");
  return now.toISOString();
}

/** Bytes as hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
