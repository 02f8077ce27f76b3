/// <reference lib="esnext.disposable" preserve="true" />
/** What bundles and models share: an instance of the module, a handle in it, and giving it back. */

import { guarded, ScoreboxError } from "./error.js";
import type { Guest } from "./shim/shim.js";

/** Something loaded in an instance of the module. */
export class Instance {
  #guest: Guest | undefined;
  readonly #handle: number;
  /** `sha256:…` of the module that runs it: the same bytes as in every other host. */
  readonly moduleDigest: string;

  /** @internal */
  constructor(guest: Guest, handle: number, moduleDigest: string) {
    this.#guest = guest;
    this.#handle = handle;
    this.moduleDigest = moduleDigest;
  }

  /** @internal */
  protected call<T>(act: (guest: Guest, handle: number) => T): T {
    const guest = this.#guest;
    if (!guest) throw new ScoreboxError("released", "it was given back by free(); load it again");
    return guarded(() => act(guest, this.#handle));
  }

  /** Bytes of linear memory that this instance holds. */
  get memoryBytes(): number {
    return this.call((guest) => guest.memoryBytes());
  }

  /** Gives the instance and its memory back. Calling it again does nothing. */
  free(): void {
    this.#guest?.free();
    this.#guest = undefined;
  }

  /** `using bundle = await load(…)` frees it at the end of the block. */
  [Symbol.dispose](): void {
    this.free();
  }
}
