/** What a page and its worker say to each other. */

import type { LoadOptions } from "./api.js";
import type { BatchInput } from "./batch.js";
import type { BanditState, Reward } from "./learning.js";
import type { Counts } from "./monitoring.js";
import type { BatchOptions, RecordLike, ScoreOptions } from "./options.js";

/** Calls by name, with their arguments. */
export interface Calls {
  load: [source: string | Uint8Array | ArrayBuffer, options: LoadOptions];
  score: [record: RecordLike, options: ScoreOptions];
  scoreBytes: [record: RecordLike, options: ScoreOptions];
  scoreBatch: [batch: BatchInput, options: BatchOptions];
  update: [rewards: readonly Reward[], state: BanditState | undefined];
  takeCounts: [];
  monitor: readonly Counts[];
}

/** One call. */
export type Request = {
  [M in keyof Calls]: { id: number; method: M; args: Calls[M] };
}[keyof Calls];

/** Its answer. */
export type Reply =
  | { id: number; result: unknown }
  | { id: number; error: { code: string; path: string; message: string } };
