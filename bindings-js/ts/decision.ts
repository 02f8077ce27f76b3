/** What a decision says. The module writes it; this package only reads it back from its bytes. */

/** What the policy came to; `refuse` where the record is not good enough to be scored. */
export type Outcome = "approve" | "review" | "decline" | "refuse";

/** How good a record is. */
export type Verdict = "ok" | "degraded" | "refuse";

/** What is wrong with one field of a record. */
export interface Issue {
  field: string;
  issue:
    | "missing"
    | "out_of_range"
    | "unknown_value"
    | "wrong_type"
    | "unknown_field"
    | "not_finite";
}

/** Probability of default, points and grade by name; a bundle may name more. Empty after a refusal. */
export interface Scores {
  /** Calibrated probability, 0 to 1. */
  pd?: number | null;
  /** Scorecard points, an integer between the bundle's floor and cap. */
  points?: number | null;
  grade?: string | null;
  [name: string]: number | string | null | undefined;
}

/** One rule that was looked at. */
export interface TraceStep {
  id: string;
  result: "true" | "false" | "error" | "inactive";
}

/** One reason. Contributions of the model are in units of its margin (log-odds for a classifier). */
export interface Reason {
  code: string;
  source: "model" | "policy";
  /** Null for a rule. */
  contribution: number | null;
  /** In the language asked for. */
  text: string;
}

/** The answer to one record. */
export interface Decision {
  bundle: string;
  version: string;
  /** The time that the decision was made for, RFC 3339, or null where none was given. */
  now: string | null;
  /** Null for a bundle without a policy. */
  outcome: Outcome | null;
  quality: { verdict: Verdict; issues: Issue[] };
  scores: Scores;
  /** Null for a bundle without a policy. */
  policy: { hit_policy: string; fired: string[]; trace: TraceStep[] } | null;
  reasons: Reason[];
  /** The margin and the sum of base and contributions, which agree. */
  explanation: { model: string; base: number; margin: number; sum: number } | null;
  /** `sha256:…` of the module, the bundle and the salted input: what is needed to replay it. */
  digests: { module: string; bundle: string; input: string };
}
