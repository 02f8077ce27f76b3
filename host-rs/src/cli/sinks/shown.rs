//! Columns that only some bundles have, where the module says that they are.

use serde_json::Value;

/// A column: its name, whether it holds numbers, and where in a decision its value is.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Shown {
    pub(super) name: String,
    pub(super) is_number: bool,
    pointer: String,
    /// Of objects in a list, the members that are shown, with colons between.
    each: Vec<String>,
}

impl Shown {
    /// The columns of a bundle, from its description.
    pub(in crate::cli) fn of(about: &Value) -> Vec<Self> {
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let column = |column: &Value| {
            Some(Self {
                name: text(&column["name"])?,
                is_number: matches!(column["type"].as_str(), Some("number" | "integer")),
                pointer: text(&column["pointer"])?,
                each: column["each"].as_array().into_iter().flatten().filter_map(text).collect(),
            })
        };
        about["columns"].as_array().into_iter().flatten().filter_map(column).collect()
    }

    /// The value in a decision: what the pointer finds, with commas between where it has a `*` or finds a list.
    pub(super) fn value(&self, decision: &Value) -> Value {
        let Some((list, rest)) = self.pointer.split_once("/*") else {
            return match decision.pointer(&self.pointer) {
                None => Value::Null,
                Some(Value::Array(items)) => items.iter().map(plain).collect::<Vec<_>>().join(",").into(),
                Some(value) => value.clone(),
            };
        };
        let Some(Value::Array(items)) = decision.pointer(list) else { return Value::Null };
        let texts = items.iter().filter_map(|item| self.item(item.pointer(rest)?));
        texts.collect::<Vec<_>>().join(",").into()
    }

    fn item(&self, item: &Value) -> Option<String> {
        if !self.each.is_empty() {
            return Some(self.each.iter().map(|key| plain(&item[key])).collect::<Vec<_>>().join(":"));
        }
        (!item.is_null()).then(|| plain(item))
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_found_where_the_module_says() {
        let about = json!({"columns": [
            {"name": "stage", "type": "string", "pointer": "/view/lifecycle"},
            {"name": "tags", "type": "string", "pointer": "/view/tags"},
            {"name": "alerts", "type": "string", "pointer": "/view/alerts/*/id"},
            {"name": "offer_score", "type": "number", "pointer": "/offers/top/0/score"},
            {"name": "held", "type": "string", "pointer": "/offers/held/*", "each": ["id", "cause"]},
        ]});
        let shown = Shown::of(&about);
        let decision = json!({
            "view": {"lifecycle": "new", "tags": ["a", "b"], "alerts": [{"id": "c"}]},
            "offers": {"top": [{"id": "x", "score": 0.5}], "held": [{"id": "y", "cause": "rank"}, {"id": "z", "cause": "gated"}]},
        });
        let values: Vec<Value> = shown.iter().map(|column| column.value(&decision)).collect();
        assert_eq!(values, [json!("new"), json!("a,b"), json!("c"), json!(0.5), json!("y:rank,z:gated")]);
        assert!(shown[3].is_number && !shown[4].is_number);
        // A record that was refused has no view and no offers.
        let refused = json!({"view": null, "offers": null});
        assert!(shown.iter().all(|column| column.value(&refused).is_null()));
    }
}
