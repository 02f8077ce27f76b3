//! Every route and every status of the server, over real loopback connections.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod assets;
mod client;
mod load;
mod module;
mod routes;
mod score;
