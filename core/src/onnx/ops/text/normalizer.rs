//! StringNormalizer: drops stop words and changes case.
//!
//! The attribute `locale` is read and makes no difference: an answer must not depend on what a
//! machine has installed.

use std::collections::HashSet;

use super::case;
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;

pub(super) const OPERATOR: Operator = Operator {
    domain: "",
    name: "StringNormalizer",
    versions: &[10],
    inputs: (1, 1),
    outputs: (1, 1),
    types: "string",
    build,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Keep,
    Lower,
    Upper,
}

impl Case {
    fn apply(self, text: &str, out: &mut String) {
        match self {
            Self::Keep => out.push_str(text),
            Self::Lower => out.extend(text.chars().map(case::lower)),
            Self::Upper => out.extend(text.chars().map(case::upper)),
        }
    }
}

struct Normalizer {
    /// In the case that words are compared in.
    stop_words: HashSet<Box<str>>,
    compared_in: Case,
    case: Case,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    if spec.dtype(0)? != DType::Str {
        return Err(spec.wrong_type(0, "tensor(string)"));
    }
    spec.attributes.text("locale")?;
    let case = match spec.attributes.text("case_change_action")? {
        None | Some("NONE") => Case::Keep,
        Some("LOWER") => Case::Lower,
        Some("UPPER") => Case::Upper,
        Some(other) => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"case_change_action\" is \"{other}\", must be NONE, LOWER or UPPER"),
            ));
        }
    };
    let sensitive = spec.attributes.int("is_case_sensitive")?.unwrap_or(0) != 0;
    let compared_in = if sensitive { Case::Keep } else { Case::Lower };
    let in_case = |word: &str| {
        let mut text = String::with_capacity(word.len());
        compared_in.apply(word, &mut text);
        text.into_boxed_str()
    };
    let words = spec.attributes.texts("stopwords")?.unwrap_or_default();
    let stop_words: HashSet<Box<str>> = words.into_iter().map(in_case).collect();
    let dims = match spec.input(0)?.dims.as_deref() {
        Some([columns]) if stop_words.is_empty() => Some(vec![columns.clone()]),
        Some([_]) => Some(vec![Dim::Unknown]),
        Some([one @ (Dim::Known(1) | Dim::Symbol(_) | Dim::Unknown), columns]) => {
            let columns = if stop_words.is_empty() { columns.clone() } else { Dim::Unknown };
            Some(vec![one.clone(), columns])
        }
        Some(_) => {
            return Err(Error::new(ErrorCode::ModelShape, "the input must have shape [C] or [1, C]"));
        }
        None => None,
    };
    Built::one(Normalizer { stop_words, compared_in, case }, Fact::shaped(DType::Str, dims))
}

impl Kernel for Normalizer {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensor = io.tensor(0)?;
        let texts = io.strings(0)?;
        let two_axes = match *tensor.shape().sizes() {
            [_] => false,
            [1, _] => true,
            _ => {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!("the input has shape {}, must be [C] or [1, C]", tensor.shape()),
                ));
            }
        };
        let mut text = std::mem::take(&mut io.scratch.text);
        let mut kept = std::mem::take(&mut io.scratch.usize);
        kept.clear();
        for (at, word) in texts.iter().enumerate() {
            if !self.stop_words.is_empty() {
                text.clear();
                self.compared_in.apply(word, &mut text);
                if self.stop_words.contains(text.as_str()) {
                    continue;
                }
            }
            kept.push(at);
        }
        // Where every word is dropped, the standard asks for one empty text; no words stay none.
        let empty = kept.is_empty() && !texts.is_empty();
        let count = if empty { 1 } else { kept.len() };
        let shape = if two_axes { Shape::matrix(1, count) } else { Shape::vector(count) };
        let out = io.output_strings(0, shape)?;
        if empty {
            out.push("");
        }
        for &at in &kept {
            text.clear();
            self.case.apply(texts.get(at), &mut text);
            out.push(&text);
        }
        io.scratch.text = text;
        io.scratch.usize = kept;
        Ok(())
    }
}
