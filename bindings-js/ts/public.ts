/** Everything that both entries export beside `load`, `loadModel` and `prepare`. */

export type { Api, LoadOptions } from "./api.js";
export type { BatchInput, BatchResult, Column, ResultColumn } from "./batch.js";
export { Bundle } from "./bundle.js";
export type { Decision, Issue, Outcome, Reason, Scores, TraceStep, Verdict } from "./decision.js";
export type {
  BundleDescription,
  BundleInput,
  ModelDescription,
  Port,
  Rule,
  Texts,
  VerifyReport,
} from "./description.js";
export { ScoreboxError } from "./error.js";
export type { Elements, TensorInput } from "./model.js";
export { Model } from "./model.js";
export type { BatchOptions, RecordLike, Salt, ScoreOptions } from "./options.js";
export type { ModelOutput, Tensor } from "./outputs.js";
export type { Limits, ModuleOptions } from "./runtime.js";
export type { Source } from "./source.js";
export type { ElementType, TypedArray } from "./table/format.js";
