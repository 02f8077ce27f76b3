//! Runs the Common Expression Language's own conformance cases through packing and evaluation, and
//! prints a table: right, refused at pack, wrong.
//!
//! ```text
//! cargo run --release -p scorebox-core --features authoring --example cel_conformance -- cel.json [-v]
//! ```
//!
//! The cases are not part of this repository: they are `tests/simple/testdata` of google/cel-spec, turned
//! from text protos into a JSON array of objects with `file`, `section`, `name`, `expr`, `bindings`,
//! `type_env`, and `value`, `eval_error` or `typed_result` (none of them: `true` is expected).
//! `-v` prints every case that is refused or wrong. Exits with 1 if any case is wrong.
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::collections::BTreeMap;
use std::process::ExitCode;

use scorebox_core::Limits;
use scorebox_core::rules::{Cell, Column, Data, List, Map, Program, Type, Value, Variable, lower};
use serde_json::Value as Json;

enum Verdict {
    Right,
    Refused(String),
    Wrong(String),
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(path) = args.next() else {
        println!("usage: cel_conformance <cases.json> [-v]");
        return ExitCode::FAILURE;
    };
    let verbose = args.any(|arg| arg == "-v");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            println!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let cases: Vec<Json> = serde_json::from_str(&text).unwrap_or_default();
    let mut table: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for case in &cases {
        let verdict = judge(case);
        let column = match &verdict {
            Verdict::Right => 0,
            Verdict::Refused(_) => 1,
            Verdict::Wrong(_) => 2,
        };
        table.entry(text_of(case, "file").to_owned()).or_default()[column] += 1;
        let shown = match &verdict {
            Verdict::Refused(why) if verbose => Some(("refused", why)),
            Verdict::Wrong(why) => Some(("WRONG", why)),
            _ => None,
        };
        if let Some((what, why)) = shown {
            println!(
                "{what}: {}/{}: {}: {why}",
                text_of(case, "file"),
                text_of(case, "name"),
                text_of(case, "expr")
            );
        }
    }
    println!("{:<16} {:>6} {:>8} {:>6}", "file", "right", "refused", "wrong");
    let mut sum = [0; 3];
    for (file, counts) in &table {
        println!("{file:<16} {:>6} {:>8} {:>6}", counts[0], counts[1], counts[2]);
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    println!("{:<16} {:>6} {:>8} {:>6}", "all", sum[0], sum[1], sum[2]);
    if sum[2] == 0 && !cases.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn text_of<'c>(case: &'c Json, key: &str) -> &'c str {
    case[key].as_str().unwrap_or_default()
}

fn judge(case: &Json) -> Verdict {
    let mut variables = Vec::new();
    for declared in case["type_env"].as_array().into_iter().flatten() {
        let Some(ty) = declared.pointer("/ident/type").and_then(type_of) else {
            return Verdict::Refused(
                "declares a function, message or other type outside the subset".to_owned(),
            );
        };
        variables.push(Variable::new(text_of(declared, "name"), ty));
    }
    let mut bound = BTreeMap::new();
    for (name, binding) in case["bindings"].as_object().into_iter().flatten() {
        let Some(value) = value_of(&binding["value"]) else {
            return Verdict::Refused("binds a value outside the subset".to_owned());
        };
        if !variables.iter().any(|variable| variable.name == *name) {
            variables.push(Variable::new(name, Type::Dyn));
        }
        bound.insert(name.as_str(), Column::new(Data::Any(vec![value])));
    }
    let code = match lower::compile(text_of(case, "expr"), &variables, &Limits::DEFAULT) {
        Ok(code) => code,
        Err(error) => return Verdict::Refused(error.message().to_owned()),
    };
    // What a bundle keeps is JSON, so the cases go through it.
    let code = serde_json::to_string(&code).and_then(|text| serde_json::from_str(&text));
    let program = match code.map(|code| Program::new(code, &Limits::DEFAULT)) {
        Ok(Ok(program)) => program,
        other => return Verdict::Wrong(format!("does not load again: {other:?}")),
    };
    if let Some(deduced) = case.pointer("/typed_result/deduced_type") {
        match type_of(deduced) {
            Some(ty) if ty == *program.result() => {}
            Some(ty) => return Verdict::Wrong(format!("type {}, not {ty}", program.result())),
            None => return Verdict::Wrong("a type outside the subset was deduced".to_owned()),
        }
        if case["check_only"] == true {
            return Verdict::Right;
        }
    }
    let null = Column::new(Data::Any(vec![Value::Null]));
    let columns: Vec<&Column> =
        program.inputs().iter().map(|input| bound.get(input.name.as_str()).unwrap_or(&null)).collect();
    let cell = match program.evaluate(&columns, 1) {
        Ok(column) => column.cell(0),
        Err(error) => return Verdict::Wrong(error.to_string()),
    };
    if !case["eval_error"].is_null() {
        return match cell {
            Cell::Fault(_) => Verdict::Right,
            cell => Verdict::Wrong(format!("{cell:?} instead of an error")),
        };
    }
    let wanted = match case.pointer("/typed_result/result").or_else(|| case.get("value")) {
        Some(wanted) => value_of(wanted),
        None => Some(Value::Bool(true)),
    };
    let found = match cell {
        Cell::Value(value) => value,
        Cell::Null => Value::Null,
        Cell::Fault(fault) => return Verdict::Wrong(format!("fault: {fault}")),
    };
    match wanted {
        Some(wanted) if same(&wanted, &found) => Verdict::Right,
        wanted => Verdict::Wrong(format!("{found:?} instead of {wanted:?}")),
    }
}

/// The same value of the same type; doubles bit for bit, NaN aside.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Double(a), Value::Double(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Value::List(a), Value::List(b)) => {
            a.items().len() == b.items().len() && a.items().iter().zip(b.items()).all(|(a, b)| same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.entries().len() == b.entries().len()
                && a.entries().iter().zip(b.entries()).all(|(a, b)| same(&a.0, &b.0) && same(&a.1, &b.1))
        }
        _ => std::mem::discriminant(a) == std::mem::discriminant(b) && a.equals(b),
    }
}

fn type_of(json: &Json) -> Option<Type> {
    let (kind, inner) = json.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "primitive" => match inner.as_str()? {
            "BOOL" => Type::Bool,
            "INT64" => Type::Int,
            "UINT64" => Type::Uint,
            "DOUBLE" => Type::Double,
            "STRING" => Type::String,
            "BYTES" => Type::Bytes,
            _ => return None,
        },
        "well_known" => match inner.as_str()? {
            "TIMESTAMP" => Type::Timestamp,
            "DURATION" => Type::Duration,
            _ => Type::Dyn,
        },
        "null" => Type::Null,
        "dyn" => Type::Dyn,
        "list_type" => Type::list(type_of(&inner["elem_type"])?),
        "map_type" => Type::map(type_of(&inner["key_type"])?, type_of(&inner["value_type"])?),
        _ => return None,
    })
}

fn value_of(json: &Json) -> Option<Value> {
    let (kind, inner) = json.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "null_value" => Value::Null,
        "bool_value" => Value::Bool(inner.as_bool()?),
        "int64_value" => Value::Int(inner.as_str()?.parse().ok()?),
        "uint64_value" => Value::Uint(inner.as_str()?.parse().ok()?),
        "double_value" => Value::Double(match inner.as_str() {
            Some("Infinity") => f64::INFINITY,
            Some("-Infinity") => f64::NEG_INFINITY,
            Some(_) => f64::NAN,
            None => inner.as_f64()?,
        }),
        "string_value" => Value::text(inner.as_str()?),
        "bytes_value" => Value::Bytes(from_base64(inner.as_str()?)?.into()),
        "type_value" => Value::Type(std::sync::Arc::new(match inner.as_str()? {
            "null_type" => Type::Null,
            "list" => Type::list(Type::Dyn),
            "map" => Type::map(Type::Dyn, Type::Dyn),
            "google.protobuf.Timestamp" => Type::Timestamp,
            "google.protobuf.Duration" => Type::Duration,
            name => Type::try_from(name.to_owned()).ok()?,
        })),
        "list_value" => {
            let items =
                inner["values"].as_array().into_iter().flatten().map(value_of).collect::<Option<Vec<_>>>()?;
            Value::List(List::new(items).ok()?)
        }
        "map_value" => {
            let entries = inner["entries"].as_array().into_iter().flatten();
            let entries = entries.map(|entry| Some((value_of(&entry["key"])?, value_of(&entry["value"])?)));
            Value::Map(Map::new(entries.collect::<Option<Vec<_>>>()?).ok()?)
        }
        _ => return None,
    })
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut buffer, mut bits) = (0_u32, 0);
    for digit in text.bytes().filter(|byte| *byte != b'=') {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        buffer = (buffer << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((buffer >> bits) & 0xff).ok()?);
        }
    }
    Some(bytes)
}
