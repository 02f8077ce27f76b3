//! From CEL text to a program, at pack time.
//!
//! Parsing is the `cel` crate's: the maintained Rust implementation (cel-rust, MIT, releases through
//! 2026, grammar generated from the language's own ANTLR file), which keeps a position for every node.
//! Its macros stay off and its interpreter is not used: macros become loops here, and what an
//! expression means is decided by [`super::evaluate`] alone. Before it sees a source, `guard` bounds
//! the source's length and depth, since the parser recurses.

mod constant;
mod emit;
mod expression;
mod facts;
mod functions;
mod guard;
mod loops;
mod message;
mod names;
mod signature;
mod units;

#[cfg(test)]
mod tests;

use cel::Env;

pub use self::facts::{Fact, Facts, RecordFields};
pub use self::units::{Unit, Units};

use self::emit::Lowering;
use self::message::Source;
use super::program::{Code, Program, Variable};
use super::types::Type;
use crate::error::Result;
use crate::limits::Limits;

/// Lowers an expression over these variables.
///
/// # Errors
/// [`ErrorCode::RuleInvalid`](crate::ErrorCode::RuleInvalid) with line and column for what does not parse,
/// an unknown name, types that do not fit, and what is outside the supported subset;
/// [`ErrorCode::RuleBudget`](crate::ErrorCode::RuleBudget) for an expression that is too long or too deep.
pub fn compile(source: &str, variables: &[Variable], limits: &Limits) -> Result<Code> {
    compile_with(source, variables, &Facts::new(), limits).map(|(code, _)| code)
}

/// As [`compile`], with what is known of the variables beyond their types; gives the units of the result
/// too.
///
/// # Errors
/// As [`compile`], and [`ErrorCode::RuleInvalid`](crate::ErrorCode::RuleInvalid) for units that do not fit and
/// for a field that the records of a list do not have.
pub fn compile_with(
    source: &str,
    variables: &[Variable],
    facts: &Facts,
    limits: &Limits,
) -> Result<(Code, Units)> {
    compile_fact(source, variables, facts, limits).map(|(code, fact)| (code, fact.units))
}

/// As [`compile_with`]; gives all that is known of the result.
///
/// # Errors
/// As [`compile_with`].
pub fn compile_fact(
    source: &str,
    variables: &[Variable],
    facts: &Facts,
    limits: &Limits,
) -> Result<(Code, Fact)> {
    let source = Source::new(source);
    guard::check(&source)?;
    let parser = Env::default().with_optional_support(false).parser().enable_ident_escape_syntax(true);
    let (root, positions) = parser
        .parse_with_source_info(source.text())
        .map_err(|errors| message::of_parser(&source, &errors))?;
    let mut lowering = Lowering::new(source, positions, variables, facts);
    let result = lowering.expression(&root)?;
    let code = lowering.finish(&result, &root)?;
    // What packing writes must be what loading takes.
    Program::new(code.clone(), limits)?;
    Ok((code, result.fact))
}

/// Lowers an expression that must give this type, such as `bool` for a condition. `double` takes any
/// number, and `dyn` is taken as it is and checked per row.
///
/// # Errors
/// As [`compile`], and [`ErrorCode::RuleInvalid`](crate::ErrorCode::RuleInvalid) for another type.
pub fn compile_as(source: &str, variables: &[Variable], wanted: &Type, limits: &Limits) -> Result<Code> {
    compile_as_with(source, variables, &Facts::new(), wanted, limits)
}

/// As [`compile_as`], with what is known of the variables beyond their types.
///
/// # Errors
/// As [`compile_as`] and [`compile_with`].
pub fn compile_as_with(
    source: &str,
    variables: &[Variable],
    facts: &Facts,
    wanted: &Type,
    limits: &Limits,
) -> Result<Code> {
    let (code, _) = compile_with(source, variables, facts, limits)?;
    let fits = code.result == *wanted
        || matches!(code.result, Type::Dyn | Type::Null)
        || (*wanted == Type::Double && code.result.is_number());
    if fits { Ok(code) } else { Err(message::wrong_result(source, &code.result, wanted)) }
}
