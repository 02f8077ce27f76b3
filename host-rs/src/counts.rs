//! Counts of what a bundle decided on: whole numbers without values of records, which add up in any order.

use serde_json::Value;

use crate::error::{Error, ErrorCode, Result};

/// Counts of some records, as the module gives them. [`crate::Bundle::monitor`] makes a report of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts(Value);

impl Counts {
    /// Reads counts, such as those of a file of `scorebox score --monitor`, with or without a report beside.
    ///
    /// # Errors
    /// `request_invalid` where the text is no JSON object.
    pub fn parse(json: &str) -> Result<Self> {
        let wrong =
            || Error::new(ErrorCode::RequestInvalid, "counts are a JSON object, as scoring gives them");
        let value: Value = serde_json::from_str(json).map_err(|_| wrong())?;
        match value.get("counts").cloned().unwrap_or(value) {
            counts @ Value::Object(_) => Ok(Self(counts)),
            _ => Err(wrong()),
        }
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        crate::bundle::json(bytes).map(Self)
    }

    /// The counts as JSON.
    #[must_use]
    pub const fn json(&self) -> &Value {
        &self.0
    }

    /// How many records were counted.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.0["rows"].as_u64().unwrap_or(0)
    }

    /// Adds other counts of the same bundle. The order does not matter, nor how records were divided.
    ///
    /// # Errors
    /// `request_invalid` where the counts are of another bundle, or a sum passes 64 bits; the counts are
    /// then as they were.
    pub fn add(&mut self, other: &Self) -> Result<()> {
        if self.0["bundle"] != other.0["bundle"] || self.0["format"] != other.0["format"] {
            return Err(Error::new(ErrorCode::RequestInvalid, "these are counts of another bundle"));
        }
        let mut sum = self.0.clone();
        add(&mut sum, &other.0, true)?;
        self.0 = sum;
        Ok(())
    }
}

/// Adds numbers where both have them and takes what only one has. The format's number and the bundle stand at
/// the top and are the same.
fn add(own: &mut Value, other: &Value, top: bool) -> Result<()> {
    match (own, other) {
        (Value::Object(own), Value::Object(other)) => {
            for (key, more) in other.iter().filter(|(key, _)| !top || *key != "format") {
                match own.get_mut(key) {
                    Some(own) => add(own, more, false)?,
                    None => {
                        own.insert(key.clone(), more.clone());
                    }
                }
            }
            Ok(())
        }
        (Value::Array(own), Value::Array(other)) if own.len() == other.len() => {
            own.iter_mut().zip(other).try_for_each(|(own, more)| add(own, more, false))
        }
        (Value::String(own), Value::String(other)) if own == other => Ok(()),
        (Value::Number(own), Value::Number(more)) => {
            let sum = own.as_u64().zip(more.as_u64()).and_then(|(own, more)| own.checked_add(more));
            let sum = sum.ok_or_else(|| Error::new(ErrorCode::RequestInvalid, "the counts pass 64 bits"))?;
            *own = sum.into();
            Ok(())
        }
        _ => Err(Error::new(ErrorCode::RequestInvalid, "the counts are of different shapes")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use serde_json::json;

    use super::*;

    fn counts(rows: u64, bins: &[u64], outcomes: &Value) -> Counts {
        Counts(json!({
            "format": 1, "bundle": "sha256:aa", "rows": rows, "fields": {"x": {"missing": 0, "bins": bins}},
            "mix": {"outcomes": outcomes},
        }))
    }

    #[test]
    fn sums_do_not_depend_on_the_order() {
        let parts = [
            counts(2, &[1, 1], &json!({"approve": 2})),
            counts(3, &[0, 3], &json!({"decline": 3})),
            counts(1, &[1, 0], &json!({"approve": 1})),
        ];
        let wanted = counts(6, &[2, 4], &json!({"approve": 3, "decline": 3}));
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let mut sum = parts[order[0]].clone();
            sum.add(&parts[order[1]]).unwrap();
            sum.add(&parts[order[2]]).unwrap();
            assert_eq!(sum, wanted);
        }
        let parsed = Counts::parse(&json!({"counts": wanted.0, "report": {}}).to_string()).unwrap();
        assert_eq!(parsed, wanted);
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut own = counts(u64::MAX, &[1, 1], &json!({}));
        let before = own.clone();
        for other in [
            counts(1, &[0, 0], &json!({})),
            counts(0, &[0], &json!({})),
            Counts(json!({"format": 1, "bundle": "sha256:bb", "rows": 0})),
            Counts(json!({"format": 1, "bundle": "sha256:aa", "rows": -1})),
        ] {
            assert_eq!(own.add(&other).unwrap_err().code(), ErrorCode::RequestInvalid);
            assert_eq!(own, before);
        }
        assert!(Counts::parse("[1]").is_err());
    }
}
