//! ONNX models: what feeds them and how their answer is read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::maps;
use crate::bundle::Sha256Digest;
use crate::scope::ITEM;

/// A model of the bundle.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Model {
    /// Name, as scores and reasons refer to it.
    pub id: String,
    /// The ONNX file inside the bundle, or the file that LightGBM (`.txt`) or XGBoost (`.json`) wrote,
    /// which packing turns into the ONNX file of the same name with `.onnx` after it.
    pub file: String,
    /// The ONNX file's sha256, if it is to be pinned here too; bundle.lock pins it in any case.
    #[serde(default)]
    #[cfg_attr(feature = "authoring", schemars(with = "Option<String>"))]
    pub sha256: Option<Sha256Digest>,
    /// What feeds each input of the model: a list of inputs and features, which become the columns of
    /// a table, or the name of one.
    #[serde(deserialize_with = "maps::unique")]
    pub inputs: BTreeMap<String, Feed>,
    /// The output that is the model's answer.
    pub output: ModelOutput,
    /// An output that holds the margin, where the model gives it apart from the answer.
    #[serde(default)]
    pub margin: Option<MarginOutput>,
    /// How the answer becomes a calibrated probability.
    #[serde(default)]
    pub calibration: Calibration,
}

impl Model {
    /// Whether it is fed with attributes of items, so that only offers can run it.
    #[must_use]
    pub fn sees_items(&self) -> bool {
        self.inputs.values().flat_map(Feed::names).any(|name| name.starts_with(ITEM))
    }

    /// Whether its calibrated answer is a probability.
    #[must_use]
    pub const fn gives_probability(&self) -> bool {
        matches!(self.output.kind, OutputKind::Probability | OutputKind::Margin)
            || matches!(self.calibration.method, CalibrationMethod::Isotonic | CalibrationMethod::Table)
    }

    /// The ONNX file that scoring reads: the file itself, or what packing makes of it.
    #[must_use]
    pub fn onnx_file(&self) -> Cow<'_, str> {
        match self.file.rsplit_once('.') {
            Some((_, "txt" | "json")) => Cow::Owned(format!("{}.onnx", self.file)),
            _ => Cow::Borrowed(&self.file),
        }
    }
}

/// What feeds an input of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feed {
    /// One input or feature: a table of one column, or a list where the model wants that.
    One(String),
    /// Inputs and features that become the columns of one table, in this order.
    Columns(Vec<String>),
}

impl Feed {
    /// The inputs and features in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Columns(names) => names,
        }
    }
}

impl Serialize for Feed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(name) => serializer.serialize_str(name),
            Self::Columns(names) => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Feed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Feed;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an input or feature, or a list of names")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Feed, E> {
                Ok(Feed::One(name.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Feed, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Feed::Columns(names))
            }
        }
        deserializer.deserialize_any(Names)
    }
}

#[cfg(feature = "authoring")]
impl schemars::JsonSchema for Feed {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Feed".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "An input or feature, or a list of them that become the columns of one table.",
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 1}
            ]
        })
    }
}

/// What an output of a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum OutputKind {
    /// Probabilities of classes, or of one class.
    Probability,
    /// Log odds of one class, of which the logistic function gives the probability.
    Margin,
    /// A number that is no probability: an amount, a ranking score.
    Value,
    /// A class label, which must be a number.
    Label,
    /// A number per column, such as probabilities of classes or scores of items; for `view` and
    /// `offers`, not for `scores`.
    Vector,
}

/// The output that is read.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct ModelOutput {
    /// Name of the model's output.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
    /// Which class is meant: the column of a table, or the key of a ZipMap. Needed where there are more
    /// columns than one.
    #[serde(default)]
    pub class: Option<Class>,
    /// Names of the columns of a vector in their order, or the text keys of a ZipMap.
    #[serde(default)]
    pub labels: Option<Vec<String>>,
}

/// Output that holds the margin (log odds) of the class.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct MarginOutput {
    /// Name of the model's output.
    pub name: String,
    /// Which class is meant, where there are more columns than one.
    #[serde(default)]
    pub class: Option<Class>,
}

/// A class of a classifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Class {
    /// The column of a table, or the integer key of a ZipMap.
    Number(i64),
    /// The text key of a ZipMap.
    Label(String),
}

impl<'de> Deserialize<'de> for Class {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Class;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the number or the label of a class")
            }
            fn visit_str<E: de::Error>(self, label: &str) -> Result<Class, E> {
                Ok(Class::Label(label.to_owned()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Class, E> {
                Ok(Class::Number(number))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Class, E> {
                i64::try_from(number)
                    .map(Class::Number)
                    .map_err(|_| E::custom("a class number is a signed integer"))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// How a model's answer becomes a calibrated probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum CalibrationMethod {
    /// The answer is taken as it is.
    #[default]
    None,
    /// `1 / (1 + exp(a * margin + b))` (Platt 1999); `a` is negative where a higher margin means a
    /// higher probability.
    Platt,
    /// Linear between the points (x, y), constant outside of them.
    Isotonic,
    /// The observed probability of the band that the answer lies in.
    Table,
}

/// Calibration of a model.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Calibration {
    /// The method.
    pub method: CalibrationMethod,
    /// Platt's slope.
    #[serde(default)]
    pub a: Option<f64>,
    /// Platt's intercept.
    #[serde(default)]
    pub b: Option<f64>,
    /// Isotonic: answers of the model, ascending.
    #[serde(default)]
    pub x: Option<Vec<f64>>,
    /// Table: answers at which a band ends and the next begins, ascending.
    #[serde(default)]
    pub edges: Option<Vec<f64>>,
    /// Isotonic: calibrated probabilities, none below the one before. Table: the probability of each band, one
    /// more than there are edges, ascending or descending.
    #[serde(default)]
    pub y: Option<Vec<f64>>,
}
