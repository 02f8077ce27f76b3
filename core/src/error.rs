//! The one error of this crate: a code from a closed list, a message, and where it happened.
//!
//! Hosts match on the code and show the message. A message names the field, node, rule or line and
//! says what would be right. It never carries a value of a record: values may be personal.

use std::fmt;

/// What went wrong, and where. Opaque, so that fields can be added without breaking anyone.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    code: ErrorCode,
    message: String,
    path: String,
}

impl Error {
    /// An error with this code and message.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { inner: Box::new(Inner { code, message: message.into(), path: String::new() }) }
    }

    /// Says where: a JSON path in a manifest or record (`policy.rules[3].when`), or a node in a model
    /// (`default.onnx: node "tree" (ai.onnx.ml.TreeEnsembleClassifier)`). Outer places are put before
    /// inner ones as the error travels up.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        let inner = self.inner.path;
        self.inner.path = match (inner.is_empty(), inner.starts_with('[')) {
            (true, _) => place.to_string(),
            (false, true) => format!("{place}{inner}"),
            (false, false) => format!("{place}.{inner}"),
        };
        self
    }

    /// The same with another code.
    #[must_use]
    pub(crate) fn with_code(mut self, code: ErrorCode) -> Self {
        self.inner.code = code;
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.inner.code
    }

    /// What went wrong and what would be right.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// Where, or an empty text.
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
        /// The closed list of what can go wrong. The texts are part of the public interface: they
        /// reach every host, and are never renamed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl ErrorCode {
            /// Every code, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The text that hosts see.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// One line on what it means, for the generated documentation.
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
    /// The model breaks a rule of the ONNX standard: a cycle, a name used twice, an unknown tree mode.
    ModelInvalid = "model_invalid",
    /// The model uses an operator, type or version that this module does not run.
    ModelUnsupported = "model_unsupported",
    /// A type in the model does not fit the operator that it goes into.
    ModelType = "model_type",
    /// A shape in the model does not fit the operator that it goes into.
    ModelShape = "model_shape",
    /// An attribute is missing, unknown, or has a value or length that the operator does not take.
    ModelAttribute = "model_attribute",
    /// The model needs more nodes, bytes or nesting than the documented limits allow.
    ModelBudget = "model_budget",
    /// The model points to a file outside itself; a module without files cannot read it.
    ModelExternalData = "model_external_data",
    /// A model input is missing, unknown, or has the wrong type.
    InputType = "input_type",
    /// A model input has a shape that the model does not take.
    InputShape = "input_shape",
    /// Values met during the run make the operator undefined: an index out of range, a text that is
    /// no number, an integer division by zero.
    RunValue = "run_value",
    /// The run needs more steps or memory than the documented limits allow.
    RunBudget = "run_budget",
    /// The bytes are neither a bundle's zip archive nor an ONNX model.
    BundleMalformed = "bundle_malformed",
    /// The bundle has no lock file or one that does not fit its files; pack it again.
    BundleNotPacked = "bundle_not_packed",
    /// A file of the bundle does not have the sha256 that is pinned for it.
    BundleDigest = "bundle_digest",
    /// The bundle needs the full module: a neural graph, or packing.
    BundleNeedsFull = "bundle_needs_full",
    /// bundle.json does not fit its schema: an unknown key, a wrong type, a reference to nothing.
    ManifestInvalid = "manifest_invalid",
    /// A rule or feature expression does not parse or does not fit the types of the inputs.
    RuleInvalid = "rule_invalid",
    /// A rule or feature expression costs more than the documented limit.
    RuleBudget = "rule_budget",
    /// A golden record does not give its expected decision.
    GoldenMismatch = "golden_mismatch",
    /// The record or batch is not what the format asks for: broken JSON, columns of unequal length.
    RecordMalformed = "record_malformed",
    /// The record or batch is larger than the documented limit.
    RecordBudget = "record_budget",
    /// Contributions did not add up to the model's margin; the answer is withheld.
    ReasonsSum = "reasons_sum",
    /// The call names a handle, flag or option that does not exist.
    RequestInvalid = "request_invalid",
    /// A defect of Scorebox itself; please report it.
    Internal = "internal",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Shorthand for this crate's results.
pub type Result<T> = std::result::Result<T, Error>;
