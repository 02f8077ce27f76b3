//! The operators of `ai.onnx.ml`, a file each.

mod array_feature_extractor;
mod binarizer;
mod cast_map;
mod category_mapper;
mod dict_vectorizer;
mod feature_vectorizer;
mod features;
mod imputer;
mod label_encoder;
mod labels;
mod linear;
pub(super) mod lookup;
mod normalizer;
mod numbers;
mod one_hot_encoder;
mod scaler;
mod svm;
mod svm_classifier;
mod svm_coupling;
mod svm_regressor;
mod transform;
pub(crate) mod tree;
mod tree_classifier;
mod tree_regressor;
mod tree_scores;
mod zip_map;

use crate::onnx::kernel::Operator;

const DOMAIN: &str = "ai.onnx.ml";

pub(super) const OPERATORS: &[Operator] = &[
    array_feature_extractor::OPERATOR,
    binarizer::OPERATOR,
    cast_map::OPERATOR,
    category_mapper::OPERATOR,
    dict_vectorizer::OPERATOR,
    feature_vectorizer::OPERATOR,
    imputer::OPERATOR,
    label_encoder::OPERATOR,
    linear::CLASSIFIER,
    linear::REGRESSOR,
    normalizer::OPERATOR,
    one_hot_encoder::OPERATOR,
    scaler::OPERATOR,
    svm_classifier::OPERATOR,
    svm_regressor::OPERATOR,
    tree_classifier::OPERATOR,
    tree_regressor::ENSEMBLE,
    tree_regressor::REGRESSOR,
    zip_map::OPERATOR,
];
