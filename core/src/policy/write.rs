//! What the steps of the policy did, in a decision: the sections `tables` and `lists`; and where in a
//! decision and in a batch's columns their results stand.

use super::steps::{Step, Version};
use super::{FIRED, Policy, Ruling, StepRuling};
use crate::decision::{push_list, push_option, push_trace};
use crate::json::push_text;
use crate::rules::{Column, push_cell};

/// A column of a batch's answer that only some bundles have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its name, that of a column that expressions can name.
    pub name: String,
    /// Where in a decision its value is, as a JSON pointer (RFC 6901).
    pub pointer: String,
}

impl Policy {
    /// Appends the sections, each where the bundle has it; null for a record that was not scored.
    pub fn write(&self, ruling: Option<&Ruling>, columns: &[Column], row: usize, out: &mut Vec<u8>) {
        for (key, tables) in [(&b",\"tables\":"[..], true), (b",\"lists\":", false)] {
            if !self.steps.iter().any(|step| step.is_table == tables) {
                continue;
            }
            out.extend_from_slice(key);
            push_option(out, ruling, |out, ruling| {
                let steps = self.steps.iter().zip(&ruling.steps).filter(|(step, _)| step.is_table == tables);
                let steps: Vec<(&Step, &StepRuling)> = steps.collect();
                push_list(out, &steps, |out, (step, ruling)| write_step(step, ruling, columns, row, out));
            });
        }
    }

    /// What the steps give, as columns of a batch's answer.
    #[must_use]
    pub fn shown(&self) -> Vec<Shown> {
        let mut shown = Vec::new();
        let (mut tables, mut lists) = (0, 0);
        for step in &self.steps {
            let section = if step.is_table {
                tables += 1;
                format!("/tables/{}", tables - 1)
            } else {
                lists += 1;
                format!("/lists/{}", lists - 1)
            };
            for (part, _) in &step.results {
                let inner = if step.is_table && part != FIRED { "/outputs" } else { "" };
                let pointer = format!("{section}{inner}/{part}");
                shown.push(Shown { name: format!("{}.{part}", step.id), pointer });
            }
        }
        shown
    }
}

fn write_step(step: &Step, ruling: &StepRuling, columns: &[Column], row: usize, out: &mut Vec<u8>) {
    let version = match ruling {
        StepRuling::Table(_, version) => *version,
        StepRuling::List(_, version) => version.ok(),
    };
    let version: Option<&Version> = version.and_then(|at| step.versions.get(at));
    let ids = version.map_or(&[][..], |version| &version.ids);
    let hit_policy = version.or(step.versions.first()).map_or("", |version| version.hit_policy);
    let result = match ruling {
        StepRuling::Table(ruling, _) => ruling.result.name(),
        StepRuling::List(_, Ok(_)) => "applied",
        StepRuling::List(_, Err(why)) => why.name(),
    };
    for (key, text) in
        [(&b"{\"id\":"[..], &*step.id), (b",\"hit_policy\":", hit_policy), (b",\"result\":", result)]
    {
        out.extend_from_slice(key);
        push_text(out, text);
    }
    let push_ids = |out: &mut Vec<u8>, key: &[u8], places: &[usize]| {
        out.extend_from_slice(key);
        push_list(out, places, |out, &at| push_text(out, ids.get(at).map_or("", String::as_str)));
    };
    match ruling {
        StepRuling::Table(ruling, _) => {
            push_ids(out, b",\"matched\":", &ruling.matched);
            push_ids(out, b",\"fired\":", &ruling.fired);
            out.extend_from_slice(b",\"outputs\":{");
            for (at, (name, _)) in step.results.iter().filter(|(name, _)| name != FIRED).enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                push_text(out, name);
                out.push(b':');
                push_option(out, columns.get(step.first + at), |out, column| push_cell(out, column, row));
            }
            out.push(b'}');
        }
        StepRuling::List(ruling, _) => {
            out.extend_from_slice(b",\"outcome\":");
            push_option(out, ruling.outcome, |out, outcome| push_text(out, outcome.name()));
            push_ids(out, b",\"fired\":", &ruling.fired);
            out.extend_from_slice(b",\"trace\":");
            push_trace(out, ids, &ruling.trace);
        }
    }
    out.push(b'}');
}
