//! What a caller may say about one call.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::clock;
use crate::error::{Error, ErrorCode, Result};

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
    /// What a decision says of items that are not offered. Default: what the bundle says.
    pub held: Option<Held>,
    /// What a bandit has learned. Default: what the bundle brings.
    pub state: Option<BanditState>,
    /// Whether what is decided is counted, for [`crate::Bundle::take_counts`]. Default no.
    pub monitor: bool,
    /// Whether the decision says what would change its outcome; for one record, of a bundle whose manifest has
    /// `what_if`. Default no.
    pub what_if: bool,
}

/// What a decision says of items that are not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Held {
    /// Each with its first cause.
    First,
    /// Each with every cause that was found.
    All,
    /// How many each cause holds back.
    Counts,
}

/// What a bandit has learned, as [`crate::Bundle::update`] gives it. Clones share it.
#[derive(Clone, Debug)]
pub struct BanditState(Arc<RawValue>);

impl BanditState {
    /// Takes a state as JSON. Whether it is one of some bundle's bandit is seen when it is used.
    ///
    /// # Errors
    /// `request_invalid` where the text is no JSON.
    pub fn parse(json: &str) -> Result<Self> {
        let state = RawValue::from_string(json.trim().to_owned());
        let wrong = |_| Error::new(ErrorCode::RequestInvalid, "the state is no JSON").at("state");
        state.map(|state| Self(Arc::from(state))).map_err(wrong)
    }

    /// The state as JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
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
    held: Option<Held>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    monitor: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    what_if: bool,
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
        let request = Request {
            now,
            salt,
            reasons: self.reasons,
            lang: self.lang.as_deref(),
            held: self.held,
            state: self.state.as_ref().map(|state| &*state.0),
            monitor: self.monitor,
            what_if: self.what_if,
            output,
        };
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

    use super::{BanditState, BatchOutput, Held, Now, ScoreOptions};

    #[test]
    fn requests_are_what_the_interface_says() {
        let none = ScoreOptions { now: Now::Absent, ..ScoreOptions::default() };
        assert_eq!(none.record_request("{}"), r#"{"record":{}}"#);
        let all = ScoreOptions {
            now: Now::At("2026-11-23T09:00:00Z".into()),
            salt: Some(vec![1, 0xab]),
            reasons: Some(3),
            lang: Some("zh".into()),
            held: Some(Held::All),
            state: Some(BanditState::parse(" {\"format\": 1} ").unwrap()),
            monitor: true,
            what_if: true,
        };
        assert_eq!(
            all.record_request(r#"{"a":1}"#),
            r#"{"record":{"a":1},"now":"2026-11-23T09:00:00Z","salt":"01ab","reasons":3,"lang":"zh","held":"all","state":{"format": 1},"monitor":true,"what_if":true}"#
        );
        assert_eq!(none.batch_request(BatchOutput::Decisions), r#"{"output":"decisions"}"#);
        assert!(BanditState::parse("{").is_err());
    }
}
