/** What a loaded bundle or model says about itself. */

/** A text in several languages, by language code. */
export type Texts = { readonly [language: string]: string };

/** One input of a bundle, as its manifest declares it. */
export interface BundleInput {
  name: string;
  type: "number" | "integer" | "string" | "boolean" | "timestamp" | (string & {});
  required?: boolean;
  min?: number | null;
  max?: number | null;
  allowed?: (string | number | boolean)[] | null;
  unit?: string | null;
  personal?: boolean;
  title?: Texts | null;
  [more: string]: unknown;
}

/** What a bundle is and takes. */
export interface BundleDescription {
  kind?: string;
  name: string;
  version: string;
  /** `sha256:…`, the identity of the bundle. */
  digest: string;
  title?: Texts | null;
  description?: string | null;
  inputs: BundleInput[];
  [more: string]: unknown;
}

/** How the replay of a bundle's golden records went. */
export interface VerifyReport {
  [name: string]: unknown;
}

/** An input or output of a model. */
export interface Port {
  name: string;
  /** As ONNX writes it, for example `tensor(float)`. */
  type: string;
  /** A size, a name, or null per axis; null where not even their number is known. */
  dims: (number | string | null)[] | null;
}

/** What a model takes and gives. */
export interface ModelDescription {
  kind: "model";
  inputs: Port[];
  outputs: Port[];
}
