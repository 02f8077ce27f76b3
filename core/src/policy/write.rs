//! What the policy did, in a decision: the sections `tables`, `lists`, `actions` and `alerts`; and where in a
//! decision and in a batch's columns their parts stand.

use super::steps::{Step, Version};
use super::{Alerting, Collateral, FIRED, Measures, Policy, Ruling, StepRuling};
use crate::decision::{Shown, Source, push_list, push_option, push_trace};
use crate::json::{push_number, push_text};
use crate::rules::{Column, List, Type, Value, push_cell};

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
        if self.kinds.has_actions() {
            out.extend_from_slice(b",\"actions\":");
            push_option(out, ruling, |out, ruling| self.write_actions(&ruling.measures, out));
        }
        if self.kinds.alerts {
            out.extend_from_slice(b",\"alerts\":");
            push_option(out, ruling, |out, ruling| {
                push_list(out, &ruling.measures.alerts, |out, alert| write_alert(alert, columns, row, out));
            });
        }
    }

    fn write_actions(&self, measures: &Measures, out: &mut Vec<u8>) {
        out.push(b'{');
        let start = out.len();
        let key = |out: &mut Vec<u8>, key: &str| {
            if out.len() > start {
                out.push(b',');
            }
            push_text(out, key);
            out.push(b':');
        };
        if self.kinds.limit {
            key(out, "limit");
            push_option(out, measures.limit.as_ref(), |out, limit| {
                out.extend_from_slice(b"{\"amount\":");
                push_number(out, limit.number);
                out.extend_from_slice(b",\"unit\":");
                push_option(out, self.limit_unit.as_deref(), push_text);
                out.extend_from_slice(b",\"rule\":");
                push_text(out, &limit.rule);
                out.push(b'}');
            });
        }
        if self.kinds.price {
            key(out, "price");
            let priced = measures.rate.is_some() || measures.margin.is_some();
            push_option(out, priced.then_some(measures), write_price);
        }
        if self.kinds.collateral {
            key(out, "collateral");
            push_list(out, &measures.collateral, write_collateral);
        }
        if self.kinds.documents {
            key(out, "documents");
            push_list(out, &measures.documents, |out, document| push_text(out, document));
        }
        out.push(b'}');
    }

    /// What steps and actions give, as columns of a batch's answer.
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
            for (at, (part, ty)) in step.results.iter().enumerate() {
                let inner = if step.is_table && part != FIRED { "/outputs" } else { "" };
                let pointer = format!("{section}{inner}/{part}");
                shown.push(Shown::column(
                    format!("{}.{part}", step.id),
                    ty.clone(),
                    step.first + at,
                    pointer,
                ));
            }
        }
        for (there, parts) in [
            (self.kinds.limit, &[ActionPart::Limit][..]),
            (self.kinds.price, &[ActionPart::Rate, ActionPart::Margin, ActionPart::Price]),
            (self.kinds.collateral, &[ActionPart::Collateral]),
            (self.kinds.documents, &[ActionPart::Documents]),
            (self.kinds.alerts, &[ActionPart::Alerts, ActionPart::Severities, ActionPart::Queues]),
        ] {
            if there {
                shown.extend(parts.iter().map(|part| part.shown()));
            }
        }
        shown
    }
}

/// A part of what rules ask for that is a column of a batch's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionPart {
    /// The lowest limit.
    Limit,
    /// The highest rate.
    Rate,
    /// All margins.
    Margin,
    /// Both together.
    Price,
    /// Types of collateral.
    Collateral,
    /// Documents.
    Documents,
    /// Rules that raise alerts.
    Alerts,
    /// How bad these are.
    Severities,
    /// Whose work lists they go to.
    Queues,
}

impl ActionPart {
    fn shown(self) -> Shown {
        let texts = || Type::list(Type::String);
        let (name, ty, pointer) = match self {
            Self::Limit => ("actions.limit", Type::Double, "/actions/limit/amount"),
            Self::Rate => ("actions.rate", Type::Double, "/actions/price/rate"),
            Self::Margin => ("actions.margin", Type::Double, "/actions/price/margin"),
            Self::Price => ("actions.price", Type::Double, "/actions/price/total"),
            Self::Collateral => ("actions.collateral", texts(), "/actions/collateral/*/type"),
            Self::Documents => ("actions.documents", texts(), "/actions/documents"),
            Self::Alerts => ("alerts.rule", texts(), "/alerts/*/rule"),
            Self::Severities => ("alerts.severity", texts(), "/alerts/*/severity"),
            Self::Queues => ("alerts.queue", texts(), "/alerts/*/queue"),
        };
        Shown { name: name.to_owned(), ty, pointer: pointer.to_owned(), source: Source::Ruling(self) }
    }

    /// Its value for a record.
    #[must_use]
    pub fn of(self, measures: &Measures) -> Value {
        let number = |number: Option<f64>| match number {
            Some(number) if number.is_finite() => Value::Double(number),
            _ => Value::Null,
        };
        let texts = |texts: &mut dyn Iterator<Item = &str>| {
            let texts: Vec<Value> = texts.map(Value::text).collect();
            List::new(texts).map_or(Value::Null, Value::List)
        };
        let alerts = || measures.alerts.iter();
        match self {
            Self::Limit => number(measures.limit.as_ref().map(|limit| limit.number)),
            Self::Rate => number(measures.rate.as_ref().map(|rate| rate.number)),
            Self::Margin => number(measures.margin),
            Self::Price => number(measures.total()),
            Self::Collateral => texts(&mut measures.collateral.iter().map(|own| &*own.kind)),
            Self::Documents => texts(&mut measures.documents.iter().map(|own| &**own)),
            Self::Alerts => texts(&mut alerts().map(|alert| &*alert.rule)),
            Self::Severities => texts(&mut alerts().map(|alert| alert.severity.name())),
            Self::Queues => texts(&mut alerts().map(|alert| &*alert.queue)),
        }
    }
}

fn write_price(out: &mut Vec<u8>, measures: &Measures) {
    let rate = measures.rate.as_ref();
    out.extend_from_slice(b"{\"rate\":");
    push_option(out, rate, |out, rate| push_number(out, rate.number));
    out.extend_from_slice(b",\"margin\":");
    push_option(out, measures.margin, push_number);
    out.extend_from_slice(b",\"total\":");
    push_option(out, measures.total(), push_number);
    out.extend_from_slice(b",\"rate_rule\":");
    push_option(out, rate, |out, rate| push_text(out, &rate.rule));
    out.extend_from_slice(b",\"margin_rules\":");
    push_list(out, &measures.margin_rules, |out, rule| push_text(out, rule));
    out.push(b'}');
}

fn write_collateral(out: &mut Vec<u8>, collateral: &Collateral) {
    out.extend_from_slice(b"{\"type\":");
    push_text(out, &collateral.kind);
    out.extend_from_slice(b",\"amount\":");
    push_option(out, collateral.amount, push_number);
    out.extend_from_slice(b",\"unit\":");
    push_option(out, collateral.unit.as_deref(), push_text);
    out.extend_from_slice(b",\"ltv\":");
    push_option(out, collateral.ltv, push_number);
    out.extend_from_slice(b",\"rules\":");
    push_list(out, &collateral.rules, |out, rule| push_text(out, rule));
    out.push(b'}');
}

fn write_alert(alert: &Alerting, columns: &[Column], row: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"rule\":");
    push_text(out, &alert.rule);
    out.extend_from_slice(b",\"severity\":");
    push_text(out, alert.severity.name());
    out.extend_from_slice(b",\"queue\":");
    push_text(out, &alert.queue);
    out.extend_from_slice(b",\"evidence\":{");
    for (at, (name, place)) in alert.evidence.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_text(out, name);
        out.push(b':');
        push_option(out, columns.get(*place), |out, column| push_cell(out, column, row));
    }
    out.extend_from_slice(b"}}");
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
