//! What a call asks for: a record or a batch, the time, the salt, how many reasons and in which language.

use std::borrow::Cow;

use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Json};
use crate::limits::Limits;
use crate::manifest::Held;
use crate::offers::State;
use crate::time::Timestamp;

/// Longest salt in bytes.
const MAX_SALT_BYTES: usize = 1_024;
/// Most reasons that a request can ask for.
const MAX_REASONS: i64 = 64;

/// What applies to one record as to a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The time of the decision.
    pub now: Option<Timestamp>,
    /// Bytes that go before the record into the digest of the input.
    pub salt: Vec<u8>,
    /// Most reasons of the model; `None` for the bundle's own number. With 0 nothing is explained.
    pub reasons: Option<usize>,
    /// Language of the reasons' texts.
    pub lang: Option<String>,
    /// Which fields of the record are shown beside the decision.
    pub echo: Echo,
    /// What is said of items that are not offered; `None` for what the bundle says.
    pub held: Option<Held>,
    /// Whether what is decided is counted.
    pub monitor: bool,
    /// Whether it is said what would change the outcome; for one record.
    pub what_if: bool,
    /// What a bandit has learned; `None` for what the bundle brings.
    pub state: Option<State>,
}

/// Which fields of a record are shown beside its decision, as their masks say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Echo {
    /// None.
    #[default]
    Nothing,
    /// All of them, but nothing of a personal one without a mask.
    All,
    /// Those of these names, personal ones among them.
    Named(Vec<String>),
}

/// What a batch is answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// A column per field of the decision.
    #[default]
    Columns,
    /// One column with the canonical bytes of each decision.
    Decisions,
    /// One column with what tells each record apart, where the bundle looks for duplicates.
    Keys,
}

/// The fields of a record.
pub type Fields<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

/// Reads the request for one record.
///
/// # Errors
/// `record_budget` where it is too long, `record_malformed` where it is no JSON object with an object as
/// `record`, `request_invalid` where an option is unknown or has no sound value.
pub fn read_request<'a>(text: &'a [u8], limits: &Limits) -> Result<(Fields<'a>, Options)> {
    if text.len() > limits.record_bytes {
        let message = format!("the request has {} bytes, the limit is {}", text.len(), limits.record_bytes);
        return Err(Error::new(ErrorCode::RecordBudget, message));
    }
    let Json::Object(entries) = json::read(text)? else {
        return Err(malformed("a request is an object with the key `record`"));
    };
    let mut options = Options::default();
    let mut record = None;
    for (key, value) in entries {
        match (&*key, value) {
            ("record", Json::Object(fields)) => record = Some(fields),
            ("record", _) => return Err(malformed("a record is an object of fields").at("record")),
            (key, value) => {
                if !options.set(key, &value)? {
                    return Err(unknown(
                        "`record`, `now`, `salt`, `reasons`, `lang`, `echo`, `held`, `state`, `monitor` and `what_if`",
                    ));
                }
            }
        }
    }
    record.map(|fields| (fields, options)).ok_or_else(|| malformed("the key `record` is missing"))
}

/// Reads the options of a batch; no text means no options.
///
/// # Errors
/// As [`read_request`].
pub fn read_options(text: &[u8], limits: &Limits) -> Result<(Options, Output)> {
    let mut options = Options::default();
    let mut output = Output::default();
    if text.is_empty() {
        return Ok((options, output));
    }
    if text.len() > limits.record_bytes {
        return Err(Error::new(ErrorCode::RecordBudget, "the options are too long"));
    }
    let Json::Object(entries) = json::read(text)? else {
        return Err(Error::new(ErrorCode::RequestInvalid, "the options are an object"));
    };
    for (key, value) in entries {
        match (&*key, value) {
            ("output", Json::Text(text)) if text == "columns" => output = Output::Columns,
            ("output", Json::Text(text)) if text == "decisions" => output = Output::Decisions,
            ("output", Json::Text(text)) if text == "keys" => output = Output::Keys,
            ("output", _) => {
                return Err(invalid("output", "must be \"columns\", \"decisions\" or \"keys\""));
            }
            (key, value) => {
                if !options.set(key, &value)? {
                    return Err(unknown(
                        "`now`, `salt`, `reasons`, `lang`, `echo`, `held`, `state`, `monitor` and `output`",
                    ));
                }
            }
        }
    }
    Ok((options, output))
}

impl Options {
    /// Takes an option; `false` where there is none of this name. null leaves the default.
    fn set(&mut self, key: &str, value: &Json<'_>) -> Result<bool> {
        match (key, value) {
            (
                "now" | "salt" | "reasons" | "lang" | "echo" | "held" | "state" | "monitor" | "what_if",
                Json::Null,
            ) => {}
            ("echo", Json::Boolean(all)) => self.echo = if *all { Echo::All } else { Echo::Nothing },
            ("echo", Json::List(names)) => {
                let name =
                    |name: &Json<'_>| if let Json::Text(name) = name { Some(name.to_string()) } else { None };
                let names: Option<Vec<String>> = names.iter().map(name).collect();
                self.echo = Echo::Named(names.ok_or_else(|| invalid(key, ECHO_FORMAT))?);
            }
            ("echo", _) => return Err(invalid(key, ECHO_FORMAT)),
            ("now", Json::Text(text)) => {
                let now = Timestamp::parse_rfc3339(text);
                self.now = Some(now.ok_or_else(|| invalid(key, NOW_FORMAT))?);
            }
            ("now", _) => return Err(invalid(key, NOW_FORMAT)),
            ("salt", Json::Text(digits)) => {
                self.salt = bytes(digits).ok_or_else(|| invalid(key, SALT_FORMAT))?;
            }
            ("salt", _) => return Err(invalid(key, SALT_FORMAT)),
            ("reasons", Json::Integer(number)) if (0..=MAX_REASONS).contains(number) => {
                self.reasons = usize::try_from(*number).ok();
            }
            ("reasons", _) => return Err(invalid(key, "must be a whole number from 0 to 64")),
            ("lang", Json::Text(code)) if code.len() <= 35 => self.lang = Some(code.to_string()),
            ("lang", _) => return Err(invalid(key, "must be a language code such as \"en\"")),
            ("held", Json::Text(text)) => {
                self.held = Some(match &**text {
                    "first" => Held::First,
                    "all" => Held::All,
                    "counts" => Held::Counts,
                    _ => return Err(invalid(key, HELD_FORMAT)),
                });
            }
            ("monitor", Json::Boolean(monitor)) => self.monitor = *monitor,
            ("what_if", Json::Boolean(what_if)) => self.what_if = *what_if,
            ("monitor" | "what_if", _) => return Err(invalid(key, "must be true or false")),
            ("held", _) => return Err(invalid(key, HELD_FORMAT)),
            ("state", state) => self.state = Some(State::read(state).map_err(|error| error.at("state"))?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

const ECHO_FORMAT: &str = "must be true, false or a list of names of inputs";
const HELD_FORMAT: &str = "must be \"first\", \"all\" or \"counts\"";
const NOW_FORMAT: &str = "must be a date and time like \"2026-11-23T09:00:00Z\"";
const SALT_FORMAT: &str = "must be an even number of hex digits, at most 2,048";

fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || digits.len() > 2 * MAX_SALT_BYTES {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    digits
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8))
        .collect()
}

fn malformed(message: &str) -> Error {
    Error::new(ErrorCode::RecordMalformed, message)
}

fn invalid(key: &str, message: &str) -> Error {
    Error::new(ErrorCode::RequestInvalid, message).at(key)
}

/// Says which keys there are; the wrong one is not repeated, it may be a value in the wrong place.
fn unknown(known: &str) -> Error {
    Error::new(ErrorCode::RequestInvalid, format!("there is an unknown key; known are {known}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn code(text: &str) -> ErrorCode {
        read_request(text.as_bytes(), &Limits::DEFAULT).unwrap_err().code()
    }

    #[test]
    fn reads_every_option() {
        let text =
            br#"{"record":{"a":1},"now":"2026-11-23T09:00:00+08:00","salt":"00fF","reasons":0,"lang":"zh"}"#;
        let (fields, options) = read_request(text, &Limits::DEFAULT).unwrap();
        assert_eq!(fields, [("a".into(), Json::Integer(1))]);
        assert_eq!(options.now.unwrap().to_string(), "2026-11-23T01:00:00Z");
        assert_eq!((options.salt, options.reasons, options.lang), (vec![0, 255], Some(0), Some("zh".into())));
        let (options, output) =
            read_options(br#"{"output":"decisions","reasons":null}"#, &Limits::DEFAULT).unwrap();
        assert_eq!((options, output), (Options::default(), Output::Decisions));
        assert_eq!(read_options(b"", &Limits::DEFAULT).unwrap(), Default::default());
    }

    #[test]
    fn says_what_is_wrong_with_the_right_code() {
        for text in [
            "",
            "[]",
            "{}",
            "{\"record\":[]}",
            "{\"record\":{},\"record\":{}}",
            "{\"record\":{\"a\":1,\"a\":1}}",
        ] {
            assert_eq!(code(text), ErrorCode::RecordMalformed, "{text}");
        }
        for option in [
            "\"now\":1",
            "\"now\":\"2026-11-23\"",
            "\"salt\":\"abc\"",
            "\"salt\":\"é\"",
            "\"reasons\":65",
            "\"lang\":1",
            "\"age\":1",
        ] {
            assert_eq!(code(&format!("{{\"record\":{{}},{option}}}")), ErrorCode::RequestInvalid, "{option}");
        }
        let long = format!("{{\"record\":{{\"a\":\"{}\"}}}}", "x".repeat(Limits::DEFAULT.record_bytes));
        assert_eq!(code(&long), ErrorCode::RecordBudget);
        let error = read_options(b"{\"output\":\"csv\"}", &Limits::DEFAULT).unwrap_err();
        assert_eq!((error.code(), error.path()), (ErrorCode::RequestInvalid, "output"));
    }
}
