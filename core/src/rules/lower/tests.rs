//! Compiles and evaluates small expressions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

#[test]
fn smoke() {
    let code = compile("1 + 2 == 3", &[], &Limits::DEFAULT).unwrap();
    assert_eq!(code.result, Type::Bool);
}
