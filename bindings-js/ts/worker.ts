/// <reference lib="esnext.disposable" preserve="true" />
/** A bundle in a worker: large batches without a pause in the page. The page's policy needs `worker-src`. */

import type { LoadOptions } from "./api.js";
import type { BatchInput, BatchResult } from "./batch.js";
import type { Decision } from "./decision.js";
import type { BundleDescription } from "./description.js";
import { ScoreboxError } from "./error.js";
import type { BanditState, Reward } from "./learning.js";
import type { Counts, Monitoring } from "./monitoring.js";
import type { BatchOptions, RecordLike, ScoreOptions } from "./options.js";
import type { Calls, Reply, Request } from "./worker-protocol.js";

/** Loads a bundle in a worker of its own. Addresses are taken relative to the page. */
export async function loadInWorker(
  source: string | URL | Uint8Array | ArrayBuffer,
  options: LoadOptions = {},
): Promise<WorkerBundle> {
  const worker = new Worker(new URL("./worker-thread.js", import.meta.url), { type: "module" });
  return WorkerBundle.started(
    worker,
    typeof source === "string" || source instanceof URL
      ? new URL(source, document.baseURI).href
      : source,
    options,
  );
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: ScoreboxError): void;
}

/** A bundle in a worker. Arguments are copied, never transferred: the caller's arrays stay usable. */
export class WorkerBundle {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #description: BundleDescription | undefined;
  #released: ScoreboxError | undefined;

  /** @internal */
  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => this.#settle(data));
    worker.addEventListener("error", (event) =>
      this.#end(new ScoreboxError("host_setup", event.message || "the worker does not start")),
    );
  }

  /** @internal */
  static async started(worker: Worker, source: Calls["load"][0], options: LoadOptions) {
    const bundle = new WorkerBundle(worker);
    try {
      bundle.#description = (await bundle.#call("load", [source, options])) as BundleDescription;
    } catch (error) {
      worker.terminate();
      throw error;
    }
    return bundle;
  }

  /** Scores one record. */
  score(record: RecordLike, options: ScoreOptions = {}): Promise<Decision> {
    return this.#call("score", [record, options]) as Promise<Decision>;
  }

  /** Scores one record; the decision as its canonical bytes. */
  scoreBytes(record: RecordLike, options: ScoreOptions = {}): Promise<Uint8Array> {
    return this.#call("scoreBytes", [record, options]) as Promise<Uint8Array>;
  }

  /** Scores a batch of columns or rows. */
  scoreBatch(
    batch: BatchInput,
    options: BatchOptions & { output: "decisions" },
  ): Promise<Decision[]>;
  scoreBatch(batch: BatchInput, options?: BatchOptions): Promise<BatchResult>;
  scoreBatch(batch: BatchInput, options: BatchOptions = {}): Promise<BatchResult | Decision[]> {
    return this.#call("scoreBatch", [batch, options]) as Promise<BatchResult>;
  }

  /** Lets the bundle's bandit learn; gives its new state. */
  update(rewards: readonly Reward[], state?: BanditState): Promise<BanditState> {
    return this.#call("update", [rewards, state]) as Promise<BanditState>;
  }

  /** What was decided on with the option `monitor` since this was last called, counted. */
  takeCounts(): Promise<Counts> {
    return this.#call("takeCounts", []) as Promise<Counts>;
  }

  /** Adds counts up and reports on what has moved. */
  monitor(...counts: readonly Counts[]): Promise<Monitoring> {
    return this.#call("monitor", counts) as Promise<Monitoring>;
  }

  /** What the bundle is and takes. */
  describe(): BundleDescription {
    return structuredClone(this.#description as BundleDescription);
  }

  /** The bundle's identity. */
  get digest(): string {
    return this.describe().digest;
  }

  /** Ends the worker. Calls that wait are refused with `released`. */
  free(): void {
    this.#worker.terminate();
    this.#end(new ScoreboxError("released", "it was given back by free(); load it again"));
  }

  /** `using` frees it at the end of the block. */
  [Symbol.dispose](): void {
    this.free();
  }

  #call<M extends keyof Calls>(method: M, args: Calls[M]): Promise<unknown> {
    if (this.#released) return Promise.reject(this.#released);
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, method, args } as Request);
    });
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("error" in reply) {
      const { code, path, message } = reply.error;
      waiting?.reject(new ScoreboxError(code, message, path));
    } else {
      waiting?.resolve(reply.result);
    }
  }

  #end(reason: ScoreboxError): void {
    this.#released = reason;
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}
