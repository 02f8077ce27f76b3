//! Runs every example of docs/rules.md.
#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use scorebox_core::Limits;
use scorebox_core::rules::{Cell, Column, Data, List, Map, Program, Texts, Type, Value, Variable, lower};
use scorebox_core::time::Timestamp;
use serde_json::Value as Json;

const GUIDE: &str = include_str!("../../docs/rules.md");

fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    GUIDE.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Double(number.as_f64().unwrap()), Value::Int)
        }
        Json::String(text) => Value::text(text.as_str()),
        Json::Array(items) => Value::List(List::new(items.iter().map(value).collect::<Vec<_>>()).unwrap()),
        Json::Object(fields) => {
            let entries = fields.iter().map(|(key, field)| (Value::text(key.as_str()), value(field)));
            Value::Map(Map::new(entries.collect()).unwrap())
        }
    }
}

fn applicant() -> (Vec<Variable>, Vec<Column>) {
    let record: Json = serde_json::from_str(blocks("json")[0]).unwrap();
    let record_type = Type::map(Type::String, Type::Dyn);
    let column = |name: &str| match &record[name] {
        Json::Null => (Type::Int, Column::with_presence(Data::Int(vec![0]), &[false])),
        Json::Bool(truth) => (Type::Bool, Column::new(Data::Bool(vec![*truth]))),
        Json::Number(number) if number.is_i64() => {
            (Type::Int, Column::new(Data::Int(vec![number.as_i64().unwrap()])))
        }
        Json::Number(number) => (Type::Double, Column::new(Data::Double(vec![number.as_f64().unwrap()]))),
        Json::String(text) => match Timestamp::parse_rfc3339(text) {
            Some(instant) => (Type::Timestamp, Column::new(Data::Timestamp(vec![instant]))),
            None => (Type::String, Column::new(Data::Text(Texts::from_iter([text.as_str()])))),
        },
        list @ Json::Array(_) => (Type::list(record_type.clone()), Column::new(Data::Any(vec![value(list)]))),
        map @ Json::Object(_) => (record_type.clone(), Column::new(Data::Any(vec![value(map)]))),
    };
    record
        .as_object()
        .unwrap()
        .keys()
        .map(|name| {
            let (ty, column) = column(name);
            (Variable::new(name, ty), column)
        })
        .unzip()
}

fn run(source: &str) -> Result<Cell, String> {
    let (variables, columns) = applicant();
    let code =
        lower::compile(source, &variables, &Limits::DEFAULT).map_err(|error| error.message().to_owned())?;
    let program = Program::new(code, &Limits::DEFAULT).unwrap();
    let given: Vec<&Column> = program
        .inputs()
        .iter()
        .map(|input| &columns[variables.iter().position(|own| own.name == input.name).unwrap()])
        .collect();
    Ok(program.evaluate(&given, 1).unwrap().cell(0))
}

#[test]
fn every_example_of_the_guide_gives_what_it_says() {
    let mut count = 0;
    for line in blocks("cel").into_iter().flat_map(str::lines).filter(|line| !line.trim().is_empty()) {
        let (source, expected) = line.rsplit_once("// ").unwrap_or_else(|| panic!("no expectation: {line}"));
        let (source, expected) = (source.trim(), expected.trim());
        let found = run(source);
        if let Some(part) = expected.strip_prefix("refused: ") {
            let message = found.expect_err(source);
            assert!(message.contains(part) && message.starts_with("line 1, column "), "{source}: {message}");
        } else if let Some(fault) = expected.strip_prefix("fault: ") {
            assert!(matches!(&found, Ok(Cell::Fault(own)) if own.as_str() == fault), "{source}: {found:?}");
        } else {
            let Ok(Cell::Value(found)) = found else { panic!("{source}: {found:?}") };
            let Ok(Cell::Value(wanted)) = run(expected) else { panic!("not a value: {expected}") };
            assert!(found.equals(&wanted) && found.type_of() == wanted.type_of(), "{source}: {found:?}");
        }
        count += 1;
    }
    assert!(count > 50, "only {count} examples found");
}
