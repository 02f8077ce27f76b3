//! A decision as flat columns: the same names and order in CSV and Parquet.

use serde_json::Value;

use super::{Answer, Layout};

/// What separates several values in one cell.
const SEPARATOR: &str = ";";

/// The columns' names and whether each holds numbers, in order.
pub(super) fn names(layout: &Layout) -> Vec<String> {
    let before = std::iter::once("row".to_owned()).chain(layout.keep.iter().cloned());
    let decision = ["outcome", "quality"].map(ToOwned::to_owned).into_iter();
    let after = ["reasons", "rules", "issues", "error"].map(ToOwned::to_owned);
    before.chain(decision).chain(layout.scores.iter().cloned()).chain(after).collect()
}

/// One row's values, as [`names`] orders them.
pub(super) fn values(layout: &Layout, answer: &Answer) -> Vec<Value> {
    let mut values = vec![Value::from(answer.number)];
    values.extend(answer.kept.iter().cloned());
    let decision = match &answer.result {
        Ok(decision) => decision.json(),
        Err(error) => {
            values.extend(std::iter::repeat_n(Value::Null, layout.scores.len() + 5));
            values.push(error.to_string().into());
            return values;
        }
    };
    values.push(decision["outcome"].clone());
    values.push(decision["quality"]["verdict"].clone());
    values.extend(layout.scores.iter().map(|name| decision["scores"][name].clone()));
    values.push(joined(&decision["reasons"], |reason| reason["code"].as_str().map(ToOwned::to_owned)));
    values.push(joined(&decision["policy"]["fired"], |rule| rule.as_str().map(ToOwned::to_owned)));
    values.push(joined(&decision["quality"]["issues"], |issue| {
        Some(format!("{}:{}", issue["field"].as_str()?, issue["issue"].as_str()?))
    }));
    values.push(Value::Null);
    values
}

fn joined(list: &Value, text: impl Fn(&Value) -> Option<String>) -> Value {
    let texts: Vec<String> = list.as_array().into_iter().flatten().filter_map(text).collect();
    if texts.is_empty() { Value::Null } else { texts.join(SEPARATOR).into() }
}
