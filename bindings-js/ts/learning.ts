/** What a bandit learns from, and what it knows then. */

import type { RecordLike } from "./options.js";

/** What came of an offer. */
export interface Reward {
  /** The record that was decided on. */
  record: RecordLike;
  /** The time of the decision. */
  now?: string | Date;
  /** The item that was offered. */
  item: string;
  /** What came of it. */
  reward: number;
}

/** What a bandit has learned: for each arm the table A by rows of its lower triangle, and the list b. */
export interface BanditState {
  format: 1;
  /** Names of the numbers in a context. */
  terms: string[];
  arms: { [item: string]: { count: number; a: number[]; b: number[] } };
}
