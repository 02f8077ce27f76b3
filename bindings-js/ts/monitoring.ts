/** Counts of what was decided on, and the report on what has moved since the bundle was made. */

/** Counts: whole numbers without values of records. Those of one bundle add up, in any order. */
export interface Counts {
  format: 1;
  /** The digest of the bundle. */
  bundle: string;
  rows: number;
  scored: number;
  fields: { [name: string]: { missing: number; bins?: number[] } };
  mix: { [name: string]: unknown };
}

/** How much a change is worth. */
export type Level = "unknown" | "few" | "ok" | "watch" | "alert";

/** A share now and in the sample; null where nobody knows. */
export interface Share {
  share: number | null;
  sample: number | null;
}

/** How far one input, feature or score has moved. */
export interface FieldReport {
  field: string;
  role: "input" | "feature" | "score";
  /** Population stability index; null where there is nothing to compare with. */
  index: number | null;
  /** The index that chance alone passes once in twenty times. */
  noise: number | null;
  level: Level;
  missing: Share;
  bins: (Share & { up_to?: number | null; value?: string | null })[];
}

/** How the share of records with one issue has moved. */
export interface QualityReport extends Share {
  field: string;
  issue: string;
  difference: number | null;
  level: Level;
}

/** How outcomes, grades, stages or first offers have moved. */
export interface MixReport {
  index: number | null;
  noise: number | null;
  level: Level;
  shares: (Share & { name: string })[];
}

/** What has moved since the bundle was made. */
export interface MonitoringReport {
  bundle: { name: string; version: string; digest: string };
  rows: number;
  scored: number;
  sample: { rows: number; scored: number } | null;
  /** The worst of all. */
  level: Level;
  thresholds: { [name: string]: unknown };
  fields: FieldReport[];
  quality: QualityReport[];
  mix: { [name: string]: MixReport };
}

/** The sum of some counts, and what it says. */
export interface Monitoring {
  counts: Counts;
  report: MonitoringReport;
}
