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
  kind: "bundle";
  name: string;
  version: string;
  /** `sha256:…`, the identity of the bundle. */
  digest: string;
  title: Texts | null;
  description: string | null;
  inputs: BundleInput[];
  /** Names of what `scores` of a decision holds. */
  scores: string[];
  /** Range of the points, for a bundle with a scorecard. */
  points: { min: number; max: number } | null;
  /** Best first. */
  grades: string[];
  outcomes: string[];
  rules: Rule[];
  reasons: { code: string; text: Texts }[];
  /** Fields with their bands, stages, tags and alerts, for a bundle with a view. */
  view?: { [name: string]: unknown } | null;
  /** Catalogue and channels, for a bundle with offers. */
  offers?: {
    top: number;
    items: {
      id: string;
      title: Texts;
      category: string | null;
      risk: string | null;
      price: number | null;
    }[];
    channels: { id: string; title: Texts }[];
    bandit: "lin_ucb" | "thompson" | null;
  } | null;
  /** Whether it has the profile of its sample, which monitoring compares with. */
  monitored?: boolean;
  /** Languages of the reasons' texts; the first is the default. */
  languages: string[];
  /** Whether a request must say `now`. */
  needs_now: boolean;
  /** Fields that may be varied to say what would change the outcome, where the manifest says. */
  what_if?: { fields: { of: string; [more: string]: unknown }[] } | null;
  /** Certificates of parity: how a model compared with the library that trained it. */
  parity?: { model: string; file: string; ok: boolean; rows: number; [more: string]: unknown }[];
  /** Number of golden records. */
  golden: number;
  [more: string]: unknown;
}

/** One rule of the policy. */
export interface Rule {
  id: string;
  /** The condition, in CEL. */
  when: string;
  outcome: string;
  reason: string | null;
  description: Texts | null;
}

/** How the replay of a bundle's golden records went. */
export interface VerifyReport {
  failed: number;
  cases: { id: string; why: string; ok: boolean; message?: string }[];
  [more: string]: unknown;
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
