//! The runtime from outside: models are written byte by byte here and run through `Model` and `Session`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bytes;
mod control;
mod functions;
mod graph;
mod ml;
mod ml_models;
mod reasons;
mod reasons_budget;
mod recurrent;
mod sequences;
mod sessions;
mod texts;
mod trees;
mod writer;
