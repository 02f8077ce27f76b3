//! What authors are told, and what the code looks like.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::error::ErrorCode;
use crate::rules::program::Instruction;

fn variables() -> Vec<Variable> {
    vec![
        Variable::new("limit_bal", Type::Double),
        Variable::new("age", Type::Int),
        Variable::new("purpose", Type::String),
        Variable::new("ok", Type::Bool),
        Variable::new("applied_at", Type::Timestamp),
        Variable::new("items", Type::list(Type::map(Type::String, Type::Dyn))),
    ]
}

fn compiled(source: &str) -> Code {
    compile(source, &variables(), &Limits::DEFAULT).unwrap_or_else(|error| panic!("{source}: {error}"))
}

#[test]
fn messages_say_where_and_what_would_be_right() {
    for (source, code, message) in [
        (
            "limt_bal > 1",
            ErrorCode::RuleInvalid,
            "line 1, column 1: unknown name \"limt_bal\"; did you mean \"limit_bal\"?",
        ),
        (
            "age > 1 &&\n  foo",
            ErrorCode::RuleInvalid,
            "line 2, column 3: unknown name \"foo\"; known are limit_bal, age,",
        ),
        (
            "purpose == \"ärger\" && limt == 1",
            ErrorCode::RuleInvalid,
            "line 1, column 23: unknown name \"limt\"",
        ),
        (
            "limit_bal * 2 > 1.0",
            ErrorCode::RuleInvalid,
            "line 1, column 11: *: not defined for (double, int); it takes (int, int) or (uint, uint) or (double, double); write 2.0",
        ),
        ("age * limit_bal", ErrorCode::RuleInvalid, "convert the whole number with double(…)"),
        (
            "ok ? 1 : 2.0",
            ErrorCode::RuleInvalid,
            "the sides of ?: are int and double; both need one type; write 1.0",
        ),
        (
            "purpose.startWith('c')",
            ErrorCode::RuleInvalid,
            "line 1, column 9: unknown function \"startWith\"; did you mean startsWith?",
        ),
        ("math.max(1, 2)", ErrorCode::RuleInvalid, "line 1, column 6: unknown function \"math.max\""),
        ("len(purpose)", ErrorCode::RuleInvalid, "unknown function \"len\""),
        ("purpose.matches('c')", ErrorCode::RuleInvalid, "outside the supported subset"),
        ("age and ok", ErrorCode::RuleInvalid, "line 1, column 5: unexpected \"and\"; write && for and"),
        (
            "age = 1",
            ErrorCode::RuleInvalid,
            "line 1, column 5: \"=\" has no meaning here; write == for equal",
        ),
        ("age >", ErrorCode::RuleInvalid, "line 1, column 6: the expression ends too early"),
        ("", ErrorCode::RuleInvalid, "line 1, column 1: the expression ends too early"),
        ("purpose == 'car", ErrorCode::RuleInvalid, "line 1, column 12: the text 'car has no end"),
        ("purpose > 1", ErrorCode::RuleInvalid, "string and int have no order"),
        ("purpose in [1, 2]", ErrorCode::RuleInvalid, "no string is in a list of int"),
        ("ok && age", ErrorCode::RuleInvalid, "&&: not defined for (bool, int); it takes (bool, bool)"),
        ("age.size()", ErrorCode::RuleInvalid, "size: not defined for (int)"),
        (
            "age.all(x, x > 1)",
            ErrorCode::RuleInvalid,
            "line 1, column 1: all loops over a list or map, not over int",
        ),
        ("items.all(x, x.amount)", ErrorCode::RuleInvalid, ""),
        (
            "items.all(x, 1)",
            ErrorCode::RuleInvalid,
            "line 1, column 14: the condition of all is bool, not int",
        ),
        ("items.map(1, 2)", ErrorCode::RuleInvalid, "a loop variable is a plain name"),
        ("has(age)", ErrorCode::RuleInvalid, "write age != null"),
        ("age.years", ErrorCode::RuleInvalid, "int has no fields"),
        ("{1.5: 2}", ErrorCode::RuleInvalid, "a map key is bool, int, uint or string, not double"),
        (
            "Account{id: 1}",
            ErrorCode::RuleInvalid,
            "messages such as Account are outside the supported subset",
        ),
        (
            "applied_at.getHours('Europe/Berlin')",
            ErrorCode::RuleInvalid,
            "write UTC or an offset such as \"+08:00\"",
        ),
        ("duration('5 days')", ErrorCode::RuleInvalid, "a duration such as \"36h\""),
        (
            "((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))))))))",
            ErrorCode::RuleBudget,
            "brackets nest deeper than 40",
        ),
    ] {
        if message.is_empty() {
            compiled(source);
            continue;
        }
        let error = compile(source, &variables(), &Limits::DEFAULT).expect_err(source);
        assert_eq!(error.code(), code, "{source}: {error}");
        assert!(error.message().contains(message), "{source}: {error}");
    }
}

#[test]
fn too_large_is_refused_with_a_budget_error() {
    let long = format!("age in [{}0]", "1, ".repeat(6_000));
    for source in [
        format!("age{}", " + 1".repeat(201)),
        "age == 1 ? 1 : ".repeat(150) + "1",
        long,
        (0..2_000).map(|at| format!("age == {at} || ")).collect::<String>() + "ok",
        "[1].map(a, [1].map(b, [1].map(c, [1].map(d, [1].map(e, [1].map(f, [1].map(g, [1].map(h, [1].map(i, 1)))))))))".to_owned(),
    ] {
        let error = compile(&source, &variables(), &Limits::DEFAULT).unwrap_err();
        assert_eq!(error.code(), ErrorCode::RuleBudget, "{error}");
    }
}

#[test]
fn results_are_checked_against_their_place() {
    let as_type = |source: &str, ty| compile_as(source, &variables(), &ty, &Limits::DEFAULT);
    assert!(as_type("age > 18", Type::Bool).is_ok());
    assert!(as_type("age", Type::Double).is_ok());
    let error = as_type("  age", Type::Bool).unwrap_err();
    assert_eq!(error.message(), "line 1, column 3: this gives int; bool is wanted here");
}

#[test]
fn constants_are_folded_and_subexpressions_shared() {
    assert_eq!(compiled("2.0 * 3.0 + 1.0 > 6.0").blocks[0].code, vec![Instruction::Constant(0)]);
    // income ratio twice: one division.
    let code = compiled("limit_bal / 12.0 > 1.0 && limit_bal / 12.0 < 9.0");
    let divisions = code.blocks[0]
        .code
        .iter()
        .filter(|own| matches!(own, Instruction::Call(crate::rules::Op::Divide, _)));
    assert_eq!(divisions.count(), 1);
    // 0.0 and -0.0 are equal, but two constants.
    assert_eq!(compiled("limit_bal + 0.0 == limit_bal + -0.0").constants.len(), 2);
}

#[test]
fn only_the_names_used_are_inputs() {
    let code = compiled("items.exists(x, x.amount > limit_bal)");
    let names: Vec<_> = code.inputs.iter().map(|input| input.name.as_str()).collect();
    assert_eq!(names, ["items", "limit_bal"]);
    assert_eq!(code.blocks[1].captures, [1]);
}

#[test]
fn code_is_compact_json_and_loads_again() {
    let code = compiled("age >= 18 && purpose in ['car']");
    let text = serde_json::to_string(&code).unwrap();
    assert_eq!(
        text,
        r#"{"inputs":[{"name":"age","type":"int"},{"name":"purpose","type":"string"}],"result":"bool","constants":[{"int":18},{"list":[{"string":"car"}]}],"blocks":[{"code":[{"const":0},{"op":["ge",[0,2]]},{"const":1},{"op":["in",[1,4]]},{"op":["and",[3,5]]}],"gives":[6]}]}"#
    );
    assert_eq!(serde_json::from_str::<Code>(&text).unwrap(), code);
}
