//! What a client sends: one record or many, as JSON or as lines of JSON.

use axum::http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::salt;
use crate::error::{Error, ErrorCode, Result};
use crate::options::{BanditState, Held, Now, ScoreOptions};

/// A score request. Give `record` or `records`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoreBody<'a> {
    /// One record: inputs by name. The answer is `{"decision": …, "salt": …}`.
    #[serde(borrow)]
    #[schema(value_type = Option<Object>)]
    record: Option<&'a RawValue>,
    /// Many records. The answer is `{"results": […], "salt": …}`.
    #[serde(borrow)]
    #[schema(value_type = Option<Vec<Object>>)]
    records: Option<Vec<&'a RawValue>>,
    /// The time to decide for, RFC 3339; the server's clock by default.
    #[schema(example = "2026-11-23T09:00:00Z")]
    now: Option<String>,
    /// Hex digits, mixed into the input's digest; fresh and random by default.
    salt: Option<String>,
    /// The most reasons to give.
    reasons: Option<u32>,
    /// Language of the reasons' texts.
    #[schema(example = "en")]
    lang: Option<String>,
    /// What decisions say of items that are not offered: `first`, `all` or `counts`.
    held: Option<HeldName>,
    /// What a bandit has learned; by default what the bundle brings.
    #[serde(borrow)]
    #[schema(value_type = Option<Object>)]
    state: Option<&'a RawValue>,
    /// Whether the decision on `record` says what would change its outcome.
    what_if: Option<bool>,
}

/// What decisions say of items that are not offered.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HeldName {
    /// Each with its first cause.
    First,
    /// Each with every cause that was found.
    All,
    /// How many each cause holds back.
    Counts,
}

/// The options as query parameters: for lines of records, whose body has no place for them.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryOptions {
    /// As in a JSON body, which goes first.
    now: Option<String>,
    /// As in a JSON body, which goes first.
    salt: Option<String>,
    /// As in a JSON body, which goes first.
    reasons: Option<u32>,
    /// As in a JSON body, which goes first.
    lang: Option<String>,
    /// As in a JSON body, which goes first.
    held: Option<HeldName>,
    /// As in a JSON body, which goes first.
    what_if: Option<bool>,
    #[serde(skip)]
    #[param(ignore)]
    state: Option<BanditState>,
}

impl QueryOptions {
    /// The options as the host takes them; the salt is always set.
    pub(crate) fn resolve(self) -> Result<ScoreOptions> {
        let salt = match &self.salt {
            Some(digits) => salt::from_hex(digits)?,
            None => salt::fresh()?,
        };
        let now = self.now.map_or(Now::Clock, Now::At);
        let held = self.held.map(|held| match held {
            HeldName::First => Held::First,
            HeldName::All => Held::All,
            HeldName::Counts => Held::Counts,
        });
        let (reasons, lang, state) = (self.reasons, self.lang, self.state);
        let what_if = self.what_if.unwrap_or(false);
        Ok(ScoreOptions { now, salt: Some(salt), reasons, lang, held, state, monitor: false, what_if })
    }
}

/// The form of a body, told by its media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `application/json`.
    Json,
    /// `application/x-ndjson`: one record a line.
    Lines,
}

impl Form {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self> {
        let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(Self::Json) };
        let text = value.to_str().unwrap_or_default();
        let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/json" => Ok(Self::Json),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Self::Lines),
            _ => {
                let message = "the body's type must be application/json or application/x-ndjson";
                Err(Error::new(ErrorCode::MediaType, message).at("content-type"))
            }
        }
    }
}

/// Records as the client wrote them, and how the answer looks.
#[derive(Debug)]
pub(crate) enum Records<'a> {
    One(&'a str),
    Many(Vec<&'a str>),
    /// Lines come back as lines.
    Lines(Vec<&'a str>),
}

/// Reads a body. Options of a JSON body go before those of the query.
pub(crate) fn read(form: Form, body: &str, query: QueryOptions) -> Result<(Records<'_>, QueryOptions)> {
    if form == Form::Lines {
        let lines = body.lines().filter(|line| !line.trim().is_empty()).collect();
        return Ok((Records::Lines(lines), query));
    }
    let parsed: ScoreBody<'_> = serde_json::from_str(body).map_err(|error| {
        // The parser's own message may quote what the client sent, and that may be personal.
        let message = "the body must be {\"record\": {…}} or {\"records\": [{…}]}; \
            now, salt, reasons, lang, held, state and what_if may be added";
        let place = format!("line {} column {}", error.line(), error.column());
        Error::new(ErrorCode::RequestInvalid, message).at(place)
    })?;
    let options = QueryOptions {
        now: parsed.now.or(query.now),
        salt: parsed.salt.or(query.salt),
        reasons: parsed.reasons.or(query.reasons),
        lang: parsed.lang.or(query.lang),
        held: parsed.held.or(query.held),
        what_if: parsed.what_if.or(query.what_if),
        state: parsed.state.map(|state| BanditState::parse(state.get())).transpose()?,
    };
    match (parsed.record, parsed.records) {
        (Some(record), None) => Ok((Records::One(record.get()), options)),
        (None, Some(records)) => {
            Ok((Records::Many(records.into_iter().map(RawValue::get).collect()), options))
        }
        _ => Err(Error::new(ErrorCode::RequestInvalid, "give either `record` or `records`")),
    }
}
