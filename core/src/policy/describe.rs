//! The steps of a policy for people: tables with the CEL that their cells became.

use crate::json::{Value, json};

use super::Policy;
use super::steps::Body;
use crate::manifest::{self, FieldScope, Rule, Table};

impl Policy {
    /// What each step is, in the order of the manifest.
    #[must_use]
    pub fn describe(&self, policy: &manifest::Policy) -> Vec<Value> {
        policy.steps.iter().enumerate().map(|(at, step)| self.describe_step(at, step)).collect()
    }

    fn describe_step(&self, at: usize, step: &manifest::Step) -> Value {
        let version = self.steps.iter().flat_map(|step| &step.versions).find(|version| version.at == at);
        let mut about = json!({"id": step.id, "kind": if step.table.is_some() { "table" } else { "list" }});
        if let (Some(table), Some(Body::Table(own))) = (&step.table, version.map(|version| &version.body)) {
            about["hit_policy"] = table.hit_policy.name().into();
            about["aggregate"] = table.aggregate.map_or(Value::Null, |aggregate| aggregate.name().into());
            about["file"] = table.file.clone().into();
            about["inputs"] = table
                .inputs
                .iter()
                .map(|input| json!({"name": input.name, "expr": input.expr.as_ref().unwrap_or(&input.name)}))
                .collect();
            about["outputs"] = table
                .outputs
                .iter()
                .map(|output| json!({"name": output.name, "type": output.kind, "unit": output.unit}))
                .collect();
            about["rows"] = describe_rows(table, own.tests());
        }
        if let Some(list) = &step.list {
            about["hit_policy"] = list.hit_policy.name().into();
            about["rules"] = list.rules.iter().map(describe_rule).collect();
        }
        add_validity(&mut about, step.effective_from.as_ref(), step.effective_until.as_ref(), &step.scope);
        about["description"] = json!(step.description);
        about
    }
}

/// A rule as `describe` shows it.
#[must_use]
pub fn describe_rule(rule: &Rule) -> Value {
    let mut about = json!({
        "id": rule.id, "when": rule.when, "outcome": rule.outcome, "reason": rule.reason,
        "description": rule.description,
    });
    add_validity(&mut about, rule.effective_from.as_ref(), rule.effective_until.as_ref(), &rule.scope);
    about
}

fn describe_rows<'t>(table: &Table, tests: impl Iterator<Item = &'t str>) -> Value {
    let rows = table.rows.iter().zip(tests).enumerate().map(|(at, (row, when))| {
        let then =
            table.outputs.iter().zip(&row.then).map(|(output, value)| (output.name.clone(), value.clone()));
        let then: Value = then.collect();
        let mut about = json!({"id": table.row_id(at), "when": when, "then": then, "reason": row.reason});
        add_validity(&mut about, row.effective_from.as_ref(), row.effective_until.as_ref(), &row.scope);
        about
    });
    rows.collect()
}

/// Dates and scope, where there are some.
fn add_validity(about: &mut Value, from: Option<&String>, until: Option<&String>, scope: &FieldScope) {
    if let Some(from) = from {
        about["effective_from"] = from.as_str().into();
    }
    if let Some(until) = until {
        about["effective_until"] = until.as_str().into();
    }
    if !scope.is_empty() {
        about["scope"] = json!(scope);
    }
}
