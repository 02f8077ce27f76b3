//! What a caller may say about one call.

use serde::Serialize;

use crate::clock;

/// The time that a decision is made at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Now {
    /// The machine's clock, in milliseconds UTC. The decision names it, so it can be replayed.
    #[default]
    Clock,
    /// This time, RFC 3339: `2026-11-23T09:00:00Z`.
    At(String),
    /// None; a bundle that uses the time then refuses.
    Absent,
}

/// Options of a score. The defaults are the clock, no salt, and what the bundle says about reasons.
#[derive(Clone, Debug, Default)]
pub struct ScoreOptions {
    /// The time of the decision.
    pub now: Now,
    /// Bytes put before the record when its digest is made, so that the digest of a guessable record
    /// cannot be guessed. Keep them where you keep the record. Default none.
    pub salt: Option<Vec<u8>>,
    /// How many reasons to give. Default: what the bundle says.
    pub reasons: Option<u32>,
    /// The language of the reasons' texts, such as `en` or `zh`. Default: the bundle's first.
    pub lang: Option<String>,
}

/// What a batch gives back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchOutput {
    /// One column per field of the decision.
    #[default]
    Columns,
    /// One text column, `decision`: the bytes that `score` gives for each row.
    Decisions,
}

#[derive(Serialize)]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<BatchOutput>,
}

impl ScoreOptions {
    fn request(&self, output: Option<BatchOutput>) -> String {
        let now = match &self.now {
            Now::Clock => Some(clock::now()),
            Now::At(time) => Some(time.clone()),
            Now::Absent => None,
        };
        let salt = self.salt.as_ref().map(|salt| salt.iter().map(|byte| format!("{byte:02x}")).collect());
        let request = Request { now, salt, reasons: self.reasons, lang: self.lang.as_deref(), output };
        // Text, numbers and options only: there is nothing in it that cannot be written.
        serde_json::to_string(&request).unwrap_or_else(|_| "{}".into())
    }

    /// The options of a batch, as `sbx_score_table` takes them.
    pub(crate) fn batch_request(&self, output: BatchOutput) -> String {
        self.request(Some(output))
    }

    /// One record with these options, as `sbx_score` takes them. `record` must be one JSON value.
    pub(crate) fn record_request(&self, record: &str) -> String {
        let options = self.request(None);
        let rest = options.strip_prefix('{').unwrap_or("}");
        let comma = if rest == "}" { "" } else { "," };
        format!("{{\"record\":{record}{comma}{rest}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::{BatchOutput, Now, ScoreOptions};

    #[test]
    fn requests_are_what_the_interface_says() {
        let none = ScoreOptions { now: Now::Absent, ..ScoreOptions::default() };
        assert_eq!(none.record_request("{}"), r#"{"record":{}}"#);
        let all = ScoreOptions {
            now: Now::At("2026-11-23T09:00:00Z".into()),
            salt: Some(vec![1, 0xab]),
            reasons: Some(3),
            lang: Some("zh".into()),
        };
        assert_eq!(
            all.record_request(r#"{"a":1}"#),
            r#"{"record":{"a":1},"now":"2026-11-23T09:00:00Z","salt":"01ab","reasons":3,"lang":"zh"}"#
        );
        assert_eq!(none.batch_request(BatchOutput::Decisions), r#"{"output":"decisions"}"#);
    }
}
