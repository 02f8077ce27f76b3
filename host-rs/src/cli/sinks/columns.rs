//! A decision as flat columns: the same names and order in CSV and Parquet.

use serde_json::Value;

use super::{Answer, Layout};

/// What separates several values in one cell, as in the module's own columns.
const SEPARATOR: &str = ",";

/// The columns' names, in order: those of the module's batch answers between the row's number and what
/// was kept, and the error of a row that has no decision.
pub(super) fn names(layout: &Layout) -> Vec<String> {
    let before = std::iter::once("row").chain(layout.keep.iter().map(String::as_str));
    let scores = layout.scores.iter().map(String::as_str);
    let names = before.chain(["outcome", "quality", "issues"]).chain(scores);
    let names = names.chain(["rules", "reasons", "reason_texts"]);
    let shown = layout.shown.iter().map(|column| column.name.as_str());
    names.chain(shown).chain(["error"]).map(ToOwned::to_owned).collect()
}

/// One row's values, as [`names`] orders them.
pub(super) fn values(layout: &Layout, answer: &Answer) -> Vec<Value> {
    let mut values = vec![Value::from(answer.number)];
    values.extend(answer.kept.iter().cloned());
    let decision = match &answer.result {
        Ok(decision) => decision.json(),
        Err(error) => {
            values.extend(std::iter::repeat_n(Value::Null, layout.scores.len() + layout.shown.len() + 6));
            values.push(error.to_string().into());
            return values;
        }
    };
    let reasons = &decision["reasons"];
    values.push(decision["outcome"].clone());
    values.push(decision["quality"]["verdict"].clone());
    values.push(joined(&decision["quality"]["issues"], SEPARATOR, |issue| {
        Some(format!("{}:{}", issue["field"].as_str()?, issue["issue"].as_str()?))
    }));
    values.extend(layout.scores.iter().map(|name| decision["scores"][name].clone()));
    values.push(joined(&decision["policy"]["fired"], SEPARATOR, |rule| Some(rule.as_str()?.to_owned())));
    values.push(joined(reasons, SEPARATOR, |reason| Some(reason["code"].as_str()?.to_owned())));
    values.push(joined(reasons, "; ", |reason| Some(reason["text"].as_str()?.to_owned())));
    values.extend(layout.shown.iter().map(|column| column.value(decision)));
    values.push(Value::Null);
    values
}

fn joined(list: &Value, separator: &str, text: impl Fn(&Value) -> Option<String>) -> Value {
    let texts: Vec<String> = list.as_array().into_iter().flatten().filter_map(text).collect();
    if texts.is_empty() { Value::Null } else { texts.join(separator).into() }
}
