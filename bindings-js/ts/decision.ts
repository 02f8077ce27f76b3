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
  source: "model" | "policy" | "view";
  /** Null for a rule. */
  contribution: number | null;
  /** In the language asked for. */
  text: string;
}

/** How bad something is, from harmless to worst. */
export type Severity = "info" | "low" | "medium" | "high" | "critical";

/** What the models of a bundle together know about one customer. */
export interface View {
  fields: {
    [name: string]: {
      value: number | string | boolean | null;
      /** Of a field that is a model's label. */
      probability?: number | null;
      /** Of a number with bands. */
      band?: string | null;
      severity?: Severity | null;
    };
  };
  /** The stage of the lifecycle, where the bundle has one. */
  lifecycle?: string;
  tags: string[];
  alerts: { id: string; severity: Severity; reason: string | null }[];
  /** Conditions without a value, such as comparisons with missing fields. */
  faults: { kind: "stage" | "tag" | "alert"; name: string }[];
}

/** One offer. */
export interface Offer {
  id: string;
  title: string | null;
  category: string | null;
  channel: string | null;
  /** A propensity, a ranking score, or a bandit's estimate. */
  score: number | null;
  /** What an accepted offer is worth, where the bundle says. */
  value: number | null;
  rank_by: number | null;
  reason: string | null;
  reason_text: string | null;
  /** The chance that a bandit gave it of coming first. */
  propensity?: number | null;
}

/** Why an item is not offered. */
export interface HeldCause {
  cause:
    | "inactive"
    | "do_not_contact"
    | "gated"
    | "ineligible"
    | "unsuitable"
    | "capped"
    | "no_channel"
    | "no_score"
    | "low_score"
    | "low_expected_value"
    | "diversity"
    | "rank";
  /** The gate, condition or cap. */
  rule?: string;
  reason?: string;
  /** The item's risk level. */
  risk?: string;
  /** True where it is held back because something is missing. */
  fault?: true;
  channels?: { channel: string; cause: string; rule?: string; fault?: true }[];
}

/** An item that is not offered, with its first cause, and the others where all were asked for. */
export interface HeldItem extends HeldCause {
  id: string;
  more?: HeldCause[];
}

/** What a customer is offered, best first, and why not the rest. */
export interface Offers {
  top: Offer[];
  held: HeldItem[];
  /** Items by first cause, where counts were asked for. */
  held_counts?: { [cause: string]: number };
  bandit?: {
    algorithm: "lin_ucb" | "thompson";
    /** Digest of what had been learned. */
    state: string;
    /** Whether the first offer was drawn evenly. */
    drawn: boolean;
    /** The chance that each item had of coming first. */
    propensities: { [item: string]: number };
  };
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
  /** Only of a bundle with a view; null after a refusal. */
  view?: View | null;
  /** Only of a bundle with offers; null after a refusal. */
  offers?: Offers | null;
  /** `sha256:…` of the module, the bundle and the salted input: what is needed to replay it. */
  digests: { module: string; bundle: string; input: string };
  /** Only where it is asked for: what would change the outcome. */
  what_if?: WhatIf;
}

/** The smallest change of each permitted field, alone, that gives another outcome. */
export interface WhatIf {
  /** Fewest steps first. */
  changes: {
    field: string;
    from: number | string | boolean;
    to: number | string | boolean;
    steps: number;
    outcome: Outcome;
  }[];
  /** Fields of which nothing that was tried changes the outcome, or that the record does not have. */
  without: string[];
  /** Records that were scored. */
  tried: number;
}
