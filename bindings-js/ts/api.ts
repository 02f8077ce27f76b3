/** The functions of the package, over whatever surroundings an entry describes. */

import { Bundle } from "./bundle.js";
import { ScoreboxError } from "./error.js";
import { Model } from "./model.js";
import { type Limits, type ModuleOptions, type Platform, Runtime } from "./runtime.js";
import { readSource, type Source } from "./source.js";

/** Options of `load` and `loadModel`. */
export interface LoadOptions extends ModuleOptions {
  /**
   * Subresource-integrity metadata of the bundle, `sha384-<base64>` for example: checked for an address,
   * a response and bytes alike.
   */
  integrity?: string;
}

/** What the package exports beside its classes. */
export interface Api {
  /** Loads a bundle: a packed zip archive, by address, as a response or as bytes. */
  load(source: Source, options?: LoadOptions): Promise<Bundle>;
  /** Loads a bare ONNX file. */
  loadModel(source: Source, options?: LoadOptions): Promise<Model>;
  /** Fetches and compiles the module now rather than at the first `load`. */
  prepare(options?: ModuleOptions): Promise<void>;
}

/** The functions for these surroundings. */
export function createApi(platform: Platform): Api {
  const runtime = new Runtime(platform);
  const bytesOf = async (source: Source, options: LoadOptions) => {
    const bytes = await readSource(source, runtime.read, options.integrity);
    if (bytes.byteLength === 0) throw new ScoreboxError("bundle_malformed", "the source is empty");
    return bytes;
  };
  return {
    load: async (source, options = {}) =>
      runtime.loaded(options, Bundle.loader(await bytesOf(source, options))),
    loadModel: async (source, options = {}) =>
      runtime.loaded(options, Model.loader(await bytesOf(source, options))),
    prepare: async (options = {}) => (await runtime.instantiate(options)).guest.free(),
  };
}

export type { Limits };
