/** The shim and the module: fetched and compiled once, instantiated once per bundle. */

import { guarded, ScoreboxError } from "./error.js";
import { checkIntegrity, sha256 } from "./integrity.js";
import initShim, { Guest } from "./shim/shim.js";
import { type Reader, readSource, type Source } from "./source.js";

/** What an entry of this package says about its surroundings. */
export interface Platform {
  /** Reads an address. */
  read: Reader;
  /** Where the package's own files lie. Functions, so that nothing is looked up before it is needed. */
  files: { shim(): URL; tabular(): URL; full(): URL };
  /** Whether to take the full module by itself where a bundle needs it: its megabytes lie on a disk. */
  takesFull: boolean;
}

/** Limits of the module that differ from its defaults, by the names in `docs/errors.md`. */
export type Limits = { readonly [name: string]: number };

/** Which module to run, and under which limits. */
export interface ModuleOptions {
  /** Another module than the package's own, for example to replay a decision that names its digest. */
  module?: Source;
  /** Subresource-integrity metadata of that module. */
  moduleIntegrity?: string;
  /** The full module: neural graphs and packing, megabytes instead of kilobytes. */
  full?: boolean;
  /** Limits that differ from the module's defaults. */
  limits?: Limits;
}

/** Loads something into an instance of the module with this digest. */
export type Loader<T> = (guest: Guest, moduleDigest: string) => T;

interface Compiled {
  module: WebAssembly.Module;
  digest: string;
}

/** Compiles the package's modules once and hands out instances. */
export class Runtime {
  readonly #platform: Platform;
  #shim: Promise<unknown> | undefined;
  readonly #compiled = new Map<"tabular" | "full", Promise<Compiled>>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  get read(): Reader {
    return this.#platform.read;
  }

  /** A new instance with its own memory, told its digest and limits; and the module's digest. */
  async instantiate(options: ModuleOptions): Promise<{ guest: Guest; digest: string }> {
    const [{ module, digest }] = await Promise.all([this.#module(options), this.#startShim()]);
    return guarded(() => {
      const guest = new Guest(module);
      const setup = { module: digest, limits: options.limits ?? {} };
      guest.configure(new TextEncoder().encode(JSON.stringify(setup)));
      return { guest, digest: `sha256:${digest}` };
    });
  }

  /** Loads into a new instance; takes the full module where that is needed and to be had. */
  async loaded<T>(options: ModuleOptions, load: Loader<T>): Promise<T> {
    try {
      return await this.#attempt(options, load);
    } catch (error) {
      const needsFull = error instanceof ScoreboxError && error.code === "bundle_needs_full";
      const open = options.full === undefined && options.module === undefined;
      if (!needsFull || !open || !this.#platform.takesFull) throw error;
      return await this.#attempt({ ...options, full: true }, load);
    }
  }

  async #attempt<T>(options: ModuleOptions, load: Loader<T>): Promise<T> {
    const { guest, digest } = await this.instantiate(options);
    try {
      return guarded(() => load(guest, digest));
    } catch (error) {
      guest.free();
      throw error;
    }
  }

  #startShim(): Promise<unknown> {
    const { read, files } = this.#platform;
    this.#shim ??= retried(
      read(files.shim()).then((bytes) =>
        initShim({ module_or_path: bytes as Uint8Array<ArrayBuffer> }),
      ),
      () => {
        this.#shim = undefined;
      },
    );
    return this.#shim;
  }

  #module(options: ModuleOptions): Promise<Compiled> {
    const { read, files } = this.#platform;
    if (options.module !== undefined)
      return readSource(options.module, read).then(async (bytes) => {
        const { moduleIntegrity } = options;
        if (moduleIntegrity) await checkIntegrity(bytes, moduleIntegrity, "module");
        return compile(bytes);
      });
    const kind = options.full ? "full" : "tabular";
    let compiled = this.#compiled.get(kind);
    if (!compiled) {
      compiled = retried(read(files[kind]()).then(compile), () => this.#compiled.delete(kind));
      this.#compiled.set(kind, compiled);
    }
    return compiled;
  }
}

/** A promise whose failure is forgotten, so that the next call tries again. */
function retried<T>(promise: Promise<T>, forget: () => void): Promise<T> {
  promise.catch(forget);
  return promise;
}

async function compile(bytes: Uint8Array): Promise<Compiled> {
  try {
    const source = bytes as Uint8Array<ArrayBuffer>;
    const [module, digest] = await Promise.all([WebAssembly.compile(source), sha256(bytes)]);
    return { module, digest };
  } catch (cause) {
    if (cause instanceof ScoreboxError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ScoreboxError("module_abi", `the module does not compile: ${reason}`, "", cause);
  }
}
