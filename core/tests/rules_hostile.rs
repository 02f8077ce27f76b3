//! Rules from strangers: sources, codes and rows that nobody honest would write.
#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use scorebox_core::Limits;
use scorebox_core::rules::{
    Cell, Code, Column, Data, Fault, List, Map, Program, Texts, Type, Value, Variable, lower,
};
use serde_json::Value as Json;

fn variables() -> Vec<Variable> {
    vec![
        Variable::new("d", Type::Double),
        Variable::new("e", Type::Double),
        Variable::new("i", Type::Int),
        Variable::new("j", Type::Int),
        Variable::new("s", Type::String),
        Variable::new("b", Type::Bool),
        Variable::new("c", Type::Bool),
        Variable::new("xs", Type::list(Type::Int)),
    ]
}

fn program(source: &str) -> Program {
    let code = lower::compile(source, &variables(), &Limits::DEFAULT)
        .unwrap_or_else(|error| panic!("{source}: {error}"));
    Program::new(code, &Limits::DEFAULT).unwrap()
}

const SOURCES: &[&str] = &[
    "d > 1 && i <= 3",
    "d + e * 2.0 - d / e",
    "i / j + i % j * (i - j)",
    "b && c || !b",
    "b ? d : e",
    "b ? i : 7",
    "d == e",
    "i != 3",
    "i == 2.0",
    "d == null",
    "null != s",
    "b == c",
    "s == 'a'",
    "s < 'b'",
    "s in ['a', 'b', 'zz']",
    "i in [1, 2, 3]",
    "d in [1, 2.0]",
    "s.startsWith('a') || s.contains('b')",
    "s.endsWith('a')",
    "double(i) * d",
    "i < d",
    "1 / i > 0 && b",
    "b || 1 / i > 0",
    "d >= 2.0 ? i + 1 : j",
    "s + s == 'aa'",
    "xs.all(x, x > i)",
    "xs.map(x, x * i)",
    "xs.exists(x, 10 / x == i) || c",
    "xs.filter(x, x > 0).size()",
    "xs.map(x, xs.filter(y, y > x)).size()",
    "xs.transformMap(k, v, v > 0, v * k)",
    "{s: i}",
    "math.greatest(i, j)",
    "'%s %d'.format([s, i])",
    "type(d)",
];

#[derive(Clone, Debug)]
struct Row {
    d: Option<f64>,
    e: Option<f64>,
    i: Option<i64>,
    j: Option<i64>,
    s: Option<String>,
    b: Option<bool>,
    c: Option<bool>,
    xs: Option<Vec<Option<i64>>>,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let double = || {
        prop::option::weighted(
            0.8,
            prop_oneof![Just(0.0), Just(1.0), Just(2.0), Just(f64::NAN), Just(-1e300)],
        )
    };
    let int = || prop::option::weighted(0.8, prop_oneof![-2_i64..4, Just(i64::MIN), Just(i64::MAX)]);
    let text = prop::option::weighted(0.8, "[abz]{0,2}");
    let truth = || prop::option::weighted(0.7, any::<bool>());
    let list =
        prop::option::weighted(0.8, prop::collection::vec(prop::option::weighted(0.9, -1_i64..3), 0..5));
    let row = (double(), double(), int(), int(), text, truth(), truth(), list)
        .prop_map(|(d, e, i, j, s, b, c, xs)| Row { d, e, i, j, s, b, c, xs });
    prop::collection::vec(row, 1..40)
}

impl Row {
    fn value(&self, name: &str) -> Value {
        match name {
            "d" => self.d.map(Value::Double),
            "e" => self.e.map(Value::Double),
            "i" => self.i.map(Value::Int),
            "j" => self.j.map(Value::Int),
            "s" => self.s.as_deref().map(Value::text),
            "b" => self.b.map(Value::Bool),
            "c" => self.c.map(Value::Bool),
            _ => self.xs.as_ref().map(|xs| {
                let items: Vec<_> = xs.iter().map(|x| x.map_or(Value::Null, Value::Int)).collect();
                Value::List(List::new(items).unwrap())
            }),
        }
        .unwrap_or(Value::Null)
    }
}

/// The column in its fast form.
fn typed(rows: &[Row], name: &str) -> Column {
    let values: Vec<Value> = rows.iter().map(|row| row.value(name)).collect();
    let present: Vec<bool> = values.iter().map(|value| !matches!(value, Value::Null)).collect();
    let data = match name {
        "d" => Data::Double(rows.iter().map(|row| row.d.unwrap_or_default()).collect()),
        "e" => Data::Double(rows.iter().map(|row| row.e.unwrap_or_default()).collect()),
        "i" => Data::Int(rows.iter().map(|row| row.i.unwrap_or_default()).collect()),
        "j" => Data::Int(rows.iter().map(|row| row.j.unwrap_or_default()).collect()),
        "s" => Data::Text(rows.iter().map(|row| row.s.as_deref().unwrap_or_default()).collect::<Texts>()),
        "b" => Data::Bool(rows.iter().map(|row| row.b.unwrap_or_default()).collect()),
        "c" => Data::Bool(rows.iter().map(|row| row.c.unwrap_or_default()).collect()),
        _ => Data::Any(values),
    };
    Column::with_presence(data, &present)
}

fn run(program: &Program, columns: &[Column], rows: usize) -> Vec<String> {
    let result = program.evaluate(&columns.iter().collect::<Vec<_>>(), rows).unwrap();
    (0..rows)
        .map(|row| match result.cell(row) {
            // Which of two faults comes first is not promised.
            Cell::Fault(_) => "fault".to_owned(),
            cell => format!("{cell:?}"),
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// The typed kernels and the general path give the same, and a row's answer does not depend on the
    /// rows beside it.
    #[test]
    fn columns_give_what_single_rows_give(rows in rows()) {
        for source in SOURCES {
            let program = program(source);
            let names: Vec<&str> = program.inputs().iter().map(|input| input.name.as_str()).collect();
            let batch: Vec<Column> = names.iter().map(|name| typed(&rows, name)).collect();
            let together = run(&program, &batch, rows.len());
            for (row, found) in rows.iter().zip(&together) {
                let alone: Vec<Column> =
                    names.iter().map(|name| Column::new(Data::Any(vec![row.value(name)]))).collect();
                prop_assert_eq!(&run(&program, &alone, 1)[0], found, "{}: {:?}", source, row);
            }
        }
    }

    /// Any change of a code is refused or evaluates.
    #[test]
    fn a_changed_code_is_refused_or_runs(source in 0..SOURCES.len(), place in any::<prop::sample::Index>(), change in 0..6_u8) {
        let mut code = serde_json::to_value(program(SOURCES[source]).code()).unwrap();
        let mut places = Vec::new();
        list_places(&code, String::new(), &mut places);
        let place = places[place.index(places.len())].clone();
        let target = code.pointer_mut(&place).unwrap();
        match (change, &mut *target) {
            (0, Json::Number(_)) => *target = 0.into(),
            (1, Json::Number(number)) => *target = (number.as_i64().unwrap_or(1) + 1).into(),
            (2, Json::Number(_)) => *target = 65_535.into(),
            (_, Json::Array(items)) if change % 2 == 0 => drop(items.pop()),
            (_, Json::Array(items)) => if let Some(first) = items.first().cloned() { items.push(first) },
            _ => *target = Json::Null,
        }
        let Ok(code) = serde_json::from_value::<Code>(code) else { return Ok(()) };
        let Ok(program) = Program::new(code, &Limits::DEFAULT) else { return Ok(()) };
        let column = Column::new(Data::Any(vec![Value::Int(1), Value::text("a"), Value::Null]));
        let columns: Vec<&Column> = program.inputs().iter().map(|_| &column).collect();
        program.evaluate(&columns, 3).unwrap();
    }

    /// No source makes packing panic.
    #[test]
    fn any_source_is_answered(source in "[ -~\n]{0,40}", tokens in prop::collection::vec(0..TOKENS.len(), 0..30)) {
        let _ = lower::compile(&source, &variables(), &Limits::DEFAULT);
        let words: String = tokens.iter().map(|at| TOKENS[*at]).collect();
        if let Ok(code) = lower::compile(&words, &variables(), &Limits::DEFAULT) {
            let program = Program::new(code, &Limits::DEFAULT).unwrap();
            let null = Column::new(Data::Any(vec![Value::Null]));
            program.evaluate(&program.inputs().iter().map(|_| &null).collect::<Vec<_>>(), 1).unwrap();
        }
    }
}

const TOKENS: &[&str] = &[
    "d",
    "i",
    "s",
    "xs",
    "1",
    "2.0",
    "'a'",
    "b'x'",
    "null",
    "true",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    "?",
    ":",
    "+",
    "-",
    "*",
    "/",
    "%",
    "==",
    "<",
    "&&",
    "||",
    "!",
    " in ",
    ".size()",
    ".all(x, ",
    ".map(x, ",
    "has(",
    "int(",
    "x",
    "é",
    "`",
    "\\",
    "0x",
    "9223372036854775808",
    "1e999",
    "r'",
    "'''",
    "cel.bind(y, 1, ",
    "math.least(",
    ".format(",
    "\n",
    "//",
];

fn list_places(json: &Json, path: String, places: &mut Vec<String>) {
    match json {
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| list_places(item, format!("{path}/{at}"), places));
        }
        Json::Object(fields) => {
            fields.iter().for_each(|(key, item)| list_places(item, format!("{path}/{key}"), places));
        }
        _ => {}
    }
    places.push(path);
}

#[test]
fn a_row_over_its_budget_faults_alone() {
    // Each step makes a text eight times as long: 2^24 characters without a budget.
    let growing = (0..8).fold("t8".to_owned(), |inner, at| {
        let before = 7 - at;
        let sum = vec![format!("t{before}"); 8].join(" + ");
        format!("cel.bind(t{}, {sum}, {inner})", before + 1)
    });
    let growing = growing.replace("t0", "s");
    let texts = Column::new(Data::Text(["", "ab", ""].into_iter().collect()));
    let result = program(&growing).evaluate(&[&texts], 3).unwrap();
    assert!(matches!(result.cell(0), Cell::Value(Value::Text(text)) if text.is_empty()));
    assert_eq!(result.fault(1), Some(Fault::Budget));
    assert!(result.fault(2).is_none());

    let nested = program("xs.all(a, xs.all(b, xs.all(c, xs.all(e, a + b + c + e > -9))))");
    let list = |count: i64| Value::List(List::new((0..count).map(Value::Int).collect::<Vec<_>>()).unwrap());
    let lists = Column::new(Data::Any(vec![list(3), list(500), list(4)]));
    let result = nested.evaluate(&[&lists], 3).unwrap();
    assert_eq!((result.truth(0), result.truth(2)), (Ok(Some(true)), Ok(Some(true))));
    assert_eq!(result.fault(1), Some(Fault::Budget));
}

#[test]
fn values_nest_only_so_deep() {
    let mut value = Value::Int(1);
    let mut depth = 0;
    while let Ok(list) = List::new(vec![value.clone()]) {
        value = Value::List(list);
        depth += 1;
    }
    assert_eq!(depth, 64);
    assert!(Map::new(vec![(Value::Int(1), value)]).is_err());
}

#[test]
fn columns_that_do_not_fit_are_an_error_not_a_panic() {
    let program = program("d > 1");
    let short = Column::new(Data::Double(vec![1.0]));
    let wrong = Column::new(Data::Bool(vec![true; 3]));
    assert!(program.evaluate(&[], 1).is_err());
    assert!(program.evaluate(&[&short], 2).is_err());
    assert!(program.evaluate(&[&wrong], 3).is_err());
    assert_eq!(program.evaluate(&[&short], 0).unwrap().len(), 0);
}
