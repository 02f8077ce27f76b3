#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;

fn cel(text: &str, kind: Kind) -> String {
    let cell = Cell::read(text, kind).unwrap_or_else(|(at, message)| panic!("{text}: {at} {message}"));
    cell.to_cel("x").unwrap_or_else(|| "-".into())
}

#[test]
fn cells_become_cel() {
    for (text, kind, expected) in [
        ("-", Kind::Number, "-"),
        ("  ", Kind::Text, "-"),
        (">= 600", Kind::Number, "x != null && x >= 600.0"),
        ("<1e3", Kind::Number, "x != null && x < 1000.0"),
        (">=18", Kind::Integer, "x != null && x >= 18"),
        (">=18.5", Kind::Integer, "x != null && x >= 18.5"),
        ("-5", Kind::Integer, "x == -5"),
        ("[600..700)", Kind::Number, "x != null && x >= 600.0 && x < 700.0"),
        ("(1..2]", Kind::Integer, "x != null && x > 1 && x <= 2"),
        ("]1..2[", Kind::Integer, "x != null && x > 1 && x < 2"),
        ("[-0.5..+0.5]", Kind::Number, "x != null && x >= -0.5 && x <= 0.5"),
        ("1, 2,3", Kind::Integer, "x in [1, 2, 3]"),
        ("< 18, > 65", Kind::Integer, "((x != null && x < 18) || (x != null && x > 65))"),
        ("7, > 65, null", Kind::Integer, "((x == 7) || (x != null && x > 65) || (x == null))"),
        ("null", Kind::Text, "x == null"),
        ("null, A", Kind::Text, "(x == \"A\" || x == null)"),
        ("\"null\"", Kind::Text, "x == \"null\""),
        ("Medium, Low", Kind::Text, "x in [\"Medium\", \"Low\"]"),
        ("\"a, \\\"b\\\"\"", Kind::Text, "x == \"a, \\\"b\\\"\""),
        ("credit card", Kind::Text, "x == \"credit card\""),
        ("not(\"A\",\"B\")", Kind::Text, "!(x in [\"A\", \"B\"])"),
        ("not( [1..2], 5 )", Kind::Integer, "x != null && !((x == 5) || (x != null && x >= 1 && x <= 2))"),
        ("not(null)", Kind::Number, "!(x == null)"),
        ("notary", Kind::Text, "x == \"notary\""),
        ("true", Kind::Truth, "x == true"),
        ("TRUE, false", Kind::Truth, "x in [true, false]"),
        ("> other.limit", Kind::Number, "x != null && x > other.limit"),
        ("[low..high]", Kind::Number, "x != null && x >= low && x <= high"),
        (">= 2026-01-31", Kind::Instant, "x != null && x >= timestamp(\"2026-01-31T00:00:00Z\")"),
        ("= 5", Kind::Number, "x == 5.0"),
        ("信用卡", Kind::Text, "x == \"信用卡\""),
    ] {
        assert_eq!(cel(text, kind), expected, "{text}");
    }
}

#[test]
fn wrong_cells_say_where_and_what() {
    for (text, kind, at, part) in [
        (">= abc!", Kind::Number, 4, "no number"),
        ("0,5", Kind::Truth, 1, "`true` or `false`"),
        ("5%", Kind::Number, 1, "no number"),
        ("inf", Kind::Number, 0, ""),
        ("1e999", Kind::Number, 1, "no number"),
        ("\"5\"", Kind::Number, 1, "not a text"),
        ("> \"A\"", Kind::Text, 1, "no order"),
        ("< true", Kind::Truth, 1, "no order"),
        ("[1..", Kind::Number, 5, "expected a number"),
        ("[1..2", Kind::Number, 6, "ends with `]` or `)`"),
        ("[1 2]", Kind::Number, 2, "no number"),
        ("[1,2]", Kind::Number, 3, "`..` between"),
        ("[2..1]", Kind::Number, 1, "nothing lies in"),
        ("(1..1]", Kind::Number, 1, "nothing lies in"),
        ("not(1", Kind::Number, 6, "`)` at its end"),
        ("1 )", Kind::Number, 3, "text follows"),
        ("\"open", Kind::Text, 1, "closing quote"),
        ("1,", Kind::Number, 3, "expected a number"),
        ("31.01.2026", Kind::Instant, 1, "no date"),
        ("maybe", Kind::Truth, 1, "not `maybe`"),
    ] {
        match (Cell::read(text, kind), at) {
            // A bare word is a name among numbers.
            (Ok(cell), 0) => assert_eq!(cell, Cell::Tests(vec![Test::Equal(End::Name("inf".into()))])),
            (Ok(cell), _) => panic!("{text}: {cell:?}"),
            (Err((place, message)), _) => {
                assert_eq!(place, at, "{text}: {message}");
                assert!(message.contains(part), "{text}: {message}");
            }
        }
    }
}
