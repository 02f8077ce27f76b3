/// <reference lib="esnext.disposable" preserve="true" />
/** A loaded bundle. It knows no scoring: it passes bytes to its own instance of the module. */

import {
  type BatchInput,
  type BatchResult,
  batchTable,
  readColumns,
  readDecisions,
} from "./batch.js";
import type { Decision } from "./decision.js";
import type { BundleDescription, VerifyReport } from "./description.js";
import { Instance } from "./instance.js";
import type { BanditState, Reward } from "./learning.js";
import type { Counts, Monitoring } from "./monitoring.js";
import {
  type BatchOptions,
  jsonSafe,
  type RecordLike,
  requestOptions,
  type ScoreOptions,
} from "./options.js";
import type { Loader } from "./runtime.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A bundle, ready to score. Each has an instance of the module with a memory of its own: what one bundle
 * does cannot reach another, and `free()` gives all of it back.
 */
export class Bundle extends Instance {
  #description: BundleDescription | undefined;

  /** @internal */
  static loader(zip: Uint8Array): Loader<Bundle> {
    return (guest, moduleDigest) => new Bundle(guest, guest.load(zip), moduleDigest);
  }

  /** Scores one record. */
  score(record: RecordLike, options: ScoreOptions = {}): Decision {
    return JSON.parse(decoder.decode(this.scoreBytes(record, options)));
  }

  /** Scores one record; the decision as its canonical bytes, which every host gives alike. */
  scoreBytes(record: RecordLike, options: ScoreOptions = {}): Uint8Array {
    return this.scoreRequest(
      JSON.stringify({ record: jsonSafe(record), ...requestOptions(options) }),
    );
  }

  /** Scores a whole request as the module takes it: `{"record": {…}, "now": …, "salt": …}` as JSON. */
  scoreRequest(request: string | Uint8Array): Uint8Array {
    const bytes = typeof request === "string" ? encoder.encode(request) : request;
    return this.call((guest, handle) => guest.score(handle, bytes));
  }

  /** Scores a batch of columns or rows. */
  scoreBatch(batch: BatchInput, options: BatchOptions & { output: "decisions" }): Decision[];
  scoreBatch(batch: BatchInput, options?: BatchOptions): BatchResult;
  scoreBatch(batch: BatchInput, options: BatchOptions = {}): BatchResult | Decision[] {
    const output = options.output ?? "columns";
    const table = batchTable(batch);
    const asked = encoder.encode(JSON.stringify({ ...requestOptions(options), output }));
    const answer = this.call((guest, handle) => guest.scoreTable(handle, table, asked));
    return output === "decisions" ? readDecisions(answer) : readColumns(answer);
  }

  /**
   * Lets the bundle's bandit learn from what came of its offers; gives its new state, and changes nothing.
   * Without a state it starts from what the bundle brings.
   */
  update(rewards: readonly Reward[], state?: BanditState): BanditState {
    const safe = rewards.map((own) => ({ ...own, record: jsonSafe(own.record) }));
    const text = JSON.stringify({ state: state ?? null, rewards: safe });
    const update = encoder.encode(text);
    return JSON.parse(decoder.decode(this.call((guest, handle) => guest.update(handle, update))));
  }

  /** What was decided on with the option `monitor` since this was last called, counted. */
  takeCounts(): Counts {
    return JSON.parse(decoder.decode(this.call((guest, handle) => guest.counts(handle))));
  }

  /** Adds counts up, those of several days or hosts, and reports on what has moved. */
  monitor(...counts: readonly Counts[]): Monitoring {
    const request = encoder.encode(JSON.stringify({ counts }));
    return JSON.parse(decoder.decode(this.call((guest, handle) => guest.monitor(handle, request))));
  }

  /** What the bundle is and takes. */
  describe(): BundleDescription {
    this.#description ??= JSON.parse(
      decoder.decode(this.call((guest, handle) => guest.describe(handle))),
    );
    return structuredClone(this.#description as BundleDescription);
  }

  /** The bundle's identity: `sha256:…` over everything that can change a score. */
  get digest(): string {
    return this.describe().digest;
  }

  /** Replays the bundle's own golden records. */
  verify(): VerifyReport {
    return JSON.parse(decoder.decode(this.call((guest, handle) => guest.verify(handle))));
  }
}
