/** Everything that both entries export beside `load`, `loadModel` and `prepare`. */

export type { Api, LoadOptions } from "./api.js";
export type { BatchInput, BatchResult, Column, ResultColumn } from "./batch.js";
export { Bundle } from "./bundle.js";
export type {
  Decision,
  HeldCause,
  HeldItem,
  Issue,
  Offer,
  Offers,
  Outcome,
  Reason,
  Scores,
  Severity,
  TraceStep,
  Verdict,
  View,
  WhatIf,
} from "./decision.js";
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
export type { BanditState, Reward } from "./learning.js";
export type { Elements, TensorInput } from "./model.js";
export { Model } from "./model.js";
export type {
  Counts,
  FieldReport,
  Level,
  MixReport,
  Monitoring,
  MonitoringReport,
  QualityReport,
  Share,
} from "./monitoring.js";
export type { BatchOptions, RecordLike, Salt, ScoreOptions } from "./options.js";
export type { ModelOutput, Tensor } from "./outputs.js";
export type { Limits, ModuleOptions } from "./runtime.js";
export type { Source } from "./source.js";
export type { ElementType, TypedArray } from "./table/format.js";
