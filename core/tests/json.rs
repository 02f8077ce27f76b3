//! The JSON reader against serde_json, which is slower to compile into a module and knows the grammar as
//! well: both take and refuse the same texts, and read the same values.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use scorebox_core::json::{Json, from_slice};
use serde_json::Value;

/// Marsaglia's xorshift: the same texts in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn pick<'a>(&mut self, parts: &[&'a str]) -> &'a str {
        parts[self.roll(parts.len())]
    }
}

const BLANKS: &[&str] = &["", "", "", " ", "\n", "\t\r "];
const TEXTS: &[&str] =
    &["a", "", "é", "信用", "\\n", "\\\"", "\\u00e9", "\\ud834\\udd1e", "\\/", "𝄞", "x y", "\\\\"];
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "7",
    "-12",
    "1.5",
    "0.1",
    "1e3",
    "-2.5E-7",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e308",
    "5e-324",
    "2.2250738585072011e-308",
    "0.30000000000000004",
    "123456789012345678901234567890",
    "1.7976931348623157e308",
    "9007199254740993.0",
];

fn write(dice: &mut Dice, depth: usize, out: &mut String) {
    out.push_str(dice.pick(BLANKS));
    match if depth > 4 { dice.roll(5) } else { dice.roll(8) } {
        0 => out.push_str(dice.pick(&["null", "true", "false"])),
        1 | 2 => out.push_str(dice.pick(NUMBERS)),
        3 | 4 => write_text(dice, out),
        5 | 6 => {
            out.push('[');
            for at in 0..dice.roll(4) {
                if at > 0 {
                    out.push(',');
                }
                write(dice, depth + 1, out);
            }
            out.push(']');
        }
        _ => {
            out.push('{');
            for at in 0..dice.roll(12) {
                if at > 0 {
                    out.push(',');
                }
                // A number in the key keeps keys apart; both readers differ in what they do with twins.
                out.push_str(dice.pick(BLANKS));
                out.push_str(&format!("\"{at}{}\"", dice.pick(TEXTS)));
                out.push_str(dice.pick(BLANKS));
                out.push(':');
                write(dice, depth + 1, out);
            }
            out.push('}');
        }
    }
    out.push_str(dice.pick(BLANKS));
}

fn write_text(dice: &mut Dice, out: &mut String) {
    out.push('"');
    for _ in 0..dice.roll(4) {
        out.push_str(dice.pick(TEXTS));
    }
    out.push('"');
}

fn same(json: &Json<'_>, value: &Value) -> bool {
    match (json, value) {
        (Json::Null, Value::Null) => true,
        (Json::Boolean(a), Value::Bool(b)) => a == b,
        (Json::Integer(a), Value::Number(b)) => b.as_i64() == Some(*a),
        (Json::Number(a), Value::Number(b)) => {
            b.as_i64().is_none() && b.as_f64().map(f64::to_bits) == Some(a.to_bits())
        }
        (Json::Text(a), Value::String(b)) => a == b,
        (Json::List(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(&**key).is_some_and(|b| same(a, b)))
        }
        _ => false,
    }
}

fn compare(text: &[u8]) -> bool {
    let shown = || String::from_utf8_lossy(text).into_owned();
    match (from_slice::<Json<'_>>(text), serde_json::from_slice::<Value>(text)) {
        (Ok(json), Ok(value)) => {
            assert!(same(&json, &value), "{}", shown());
            true
        }
        (Err(_), Err(_)) => false,
        (Err(fault), Ok(_)) if fault.message().starts_with("duplicate key") => false,
        (ours, theirs) => panic!("{:?} / {:?} for {}", ours.is_ok(), theirs.is_ok(), shown()),
    }
}

#[test]
fn reads_what_serde_json_reads() {
    let mut dice = Dice(0x5eed);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..4_000 {
        let mut text = String::new();
        write(&mut dice, 0, &mut text);
        assert!(compare(text.as_bytes()), "{text}");
        read += 1;
        // And the same with a few bytes changed, dropped or doubled.
        let mut bytes = text.into_bytes();
        for _ in 0..=dice.roll(3) {
            let at = dice.roll(bytes.len());
            match dice.roll(4) {
                0 => {
                    bytes[at] = b"\"\\{],:0-e\x01"[dice.roll(10)];
                }
                1 => bytes[at] ^= 1 << dice.roll(8),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, bytes[at]),
            }
            if bytes.is_empty() {
                break;
            }
        }
        if !compare(&bytes) {
            refused += 1;
        }
    }
    println!("{read} texts read, {refused} changed ones refused");
    assert!(refused > 500, "{refused}");
}

#[test]
fn both_stop_at_the_same_depth() {
    for depth in [1, 126, 127, 128, 129, 10_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            compare(format!("{}1{}", open.repeat(depth), close.repeat(depth)).as_bytes());
            compare(open.repeat(depth).as_bytes());
        }
    }
}
