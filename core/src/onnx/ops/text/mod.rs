//! Operators of text: those of `ai.onnx`, and the tokenizer and distances that exporters of
//! scikit-learn pipelines take from `com.microsoft`.

mod case;
mod distance;
mod join_and_split;
mod ngrams;
mod normalizer;
mod pattern;
mod regex_full_match;
mod tf_idf;
mod tokenizer;

use crate::onnx::kernel::Operator;

pub(super) const OPERATORS: &[Operator] = &[
    distance::OPERATOR,
    join_and_split::CONCAT,
    join_and_split::SPLIT,
    normalizer::OPERATOR,
    regex_full_match::OPERATOR,
    tf_idf::OPERATOR,
    tokenizer::OPERATOR,
];
