//! The one error of this crate: a code from a closed list, where it happened, and what would be right.
//!
//! Codes of the module pass through unchanged, so that a caller matches on the same text in every host.
//! Codes that only a host can meet (a deadline, a file that is not there) are added here.

use std::fmt;

use serde::Deserialize;

/// This crate's results.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong. Opaque: match on [`Error::code`].
#[derive(Clone, Debug, thiserror::Error)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone, Debug, Deserialize)]
struct Inner {
    #[serde(deserialize_with = "known_code")]
    code: ErrorCode,
    #[serde(default)]
    path: String,
    message: String,
}

fn known_code<'de, D: serde::Deserializer<'de>>(source: D) -> std::result::Result<ErrorCode, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(source)?;
    Ok(ErrorCode::from_text(&text).unwrap_or(ErrorCode::Internal))
}

impl Error {
    /// An error with this code and message.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { inner: Box::new(Inner { code, path: String::new(), message: message.into() }) }
    }

    /// Says where: a file, a field, a line.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        let inner = &self.inner.path;
        self.inner.path = if inner.is_empty() { place.to_string() } else { format!("{place}: {inner}") };
        self
    }

    /// The error that the module left as its result.
    pub(crate) fn from_guest(json: &[u8]) -> Self {
        match serde_json::from_slice::<Inner>(json) {
            Ok(inner) => Self { inner: Box::new(inner) },
            Err(_) => Self::new(ErrorCode::ModuleAbi, "the module failed without saying why"),
        }
    }

    /// An error of the operating system about a file.
    pub(crate) fn io(place: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::new(ErrorCode::Io, error.to_string()).at(place)
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.inner.code
    }

    /// What went wrong and what would be right. Never holds a value of a record.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// Where: a file, a JSON path, a node of a model; or an empty text.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.inner.path
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path().is_empty() {
            write!(f, "{}: {}", self.code(), self.message())
        } else {
            write!(f, "{}: {}: {}", self.code(), self.path(), self.message())
        }
    }
}

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal,)*) => {
        /// The closed list of what can go wrong. The texts are never renamed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl ErrorCode {
            /// Every code: those of the module first, then those of the host.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The text, the same in every host.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The code with this text.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == text)
            }

            /// One line on what it means.
            #[must_use]
            pub const fn explain(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+),)* }
            }
        }
    };
}

error_codes! {
    /// The bytes are not an ONNX model, or are cut short.
    ModelMalformed = "model_malformed",
    /// The model breaks a rule of the ONNX standard.
    ModelInvalid = "model_invalid",
    /// The model uses an operator, type or version that the module does not run.
    ModelUnsupported = "model_unsupported",
    /// A type in the model does not fit the operator that it goes into.
    ModelType = "model_type",
    /// A shape in the model does not fit the operator that it goes into.
    ModelShape = "model_shape",
    /// An attribute is missing, unknown, or has a value or length that the operator does not take.
    ModelAttribute = "model_attribute",
    /// The model needs more nodes, bytes or nesting than the limits allow.
    ModelBudget = "model_budget",
    /// The model points to a file outside itself.
    ModelExternalData = "model_external_data",
    /// A model input is missing, unknown, or has the wrong type.
    InputType = "input_type",
    /// A model input has a shape that the model does not take.
    InputShape = "input_shape",
    /// Values met during the run make an operator undefined.
    RunValue = "run_value",
    /// The run needs more steps or memory than the limits allow.
    RunBudget = "run_budget",
    /// The bytes are neither a bundle's zip archive nor an ONNX model.
    BundleMalformed = "bundle_malformed",
    /// The bundle has no fitting lock file; pack it again.
    BundleNotPacked = "bundle_not_packed",
    /// A file of the bundle does not have the sha256 that is pinned for it.
    BundleDigest = "bundle_digest",
    /// The bundle needs the full module, which this host was built without.
    BundleNeedsFull = "bundle_needs_full",
    /// bundle.json does not fit its schema.
    ManifestInvalid = "manifest_invalid",
    /// A rule or feature expression does not parse or does not fit the types of the inputs.
    RuleInvalid = "rule_invalid",
    /// A rule or feature expression costs more than the limit.
    RuleBudget = "rule_budget",
    /// A golden record does not give its expected decision.
    GoldenMismatch = "golden_mismatch",
    /// The record or batch is not what the format asks for.
    RecordMalformed = "record_malformed",
    /// The record or batch is larger than the limit.
    RecordBudget = "record_budget",
    /// Contributions did not add up to the model's margin; the answer is withheld.
    ReasonsSum = "reasons_sum",
    /// The call names an option, handle or column that does not exist.
    RequestInvalid = "request_invalid",
    /// A defect of Scorebox itself; please report it.
    Internal = "internal",
    /// The call took longer than its deadline; its instance was dropped.
    Deadline = "deadline",
    /// The call needed more memory than an instance may have; its instance was dropped.
    Memory = "memory",
    /// The module trapped; its instance was dropped.
    Trap = "trap",
    /// The module speaks another version of the interface, has imports, or lacks an export.
    ModuleAbi = "module_abi",
    /// The module could not be compiled, or wasmtime could not be set up on this machine.
    HostSetup = "host_setup",
    /// A file or stream could not be read or written.
    Io = "io",
    /// The input file is not the CSV, NDJSON or Parquet that its name promises.
    HostFormat = "host_format",
    /// The server has nothing at this address, or no bundle of this name.
    NotFound = "not_found",
    /// The server has this address, but takes another method there.
    MethodNotAllowed = "method_not_allowed",
    /// The request's body has a media type that the server does not read.
    MediaType = "media_type",
    /// Too many requests wait already; try again in a moment.
    Overloaded = "overloaded",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

    use super::{Error, ErrorCode};

    #[test]
    fn every_code_of_the_module_passes_through() {
        let known: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        let guest = scorebox_abi::GUEST_ERROR_CODES;
        assert_eq!(&known[..guest.len()], guest, "the module's codes come first, in the module's order");
        for code in ErrorCode::ALL {
            let json = format!(r#"{{"code":"{code}","path":"a.b","message":"m"}}"#);
            let error = Error::from_guest(json.as_bytes());
            assert_eq!((error.code(), error.path(), error.message()), (*code, "a.b", "m"));
            assert!(!code.explain().trim().is_empty());
        }
        let mut unique = known.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), known.len());
        println!("{} codes, {} of the module", known.len(), guest.len());
    }

    #[test]
    fn nonsense_from_the_module_is_named_so() {
        assert_eq!(Error::from_guest(b"no json").code(), ErrorCode::ModuleAbi);
        assert_eq!(Error::from_guest(br#"{"code":"new","message":"m"}"#).code(), ErrorCode::Internal);
    }
}
