//! The golden cases, walked by the Rust host. `tests/golden/FORMAT.md` says what a case is; the other
//! hosts walk the same folder.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use scorebox::{
    BanditState, Batch, BatchOutput, Bundle, Column, Data, Engine, Error, Held, Now, ScoreOptions,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A case as its file says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "why")]
    _why: String,
    bundle: String,
    request: Option<Value>,
    text: Option<Text>,
    hex: Option<String>,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text {
    Whole(String),
    Parts(Vec<(String, usize)>),
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Expect {
    Decision,
    Error(String),
    LoadError(String),
}

impl Case {
    fn request_bytes(&self) -> Vec<u8> {
        match (&self.request, &self.text, &self.hex) {
            (Some(request), None, None) => serde_json::to_vec(request).unwrap(),
            (None, Some(Text::Whole(text)), None) => text.clone().into_bytes(),
            (None, Some(Text::Parts(parts)), None) => {
                parts.iter().map(|(text, times)| text.repeat(*times)).collect::<String>().into_bytes()
            }
            (None, None, Some(hex)) => {
                let digits: Vec<u8> =
                    hex.bytes().map(|digit| (digit as char).to_digit(16).unwrap() as u8).collect();
                digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
            }
            _ => panic!("a case has exactly one of request, text and hex"),
        }
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn bundle_folder(name: &str) -> PathBuf {
    let model = workspace().join("models").join(name);
    if model.is_dir() { model } else { workspace().join("tests/bundles").join(name) }
}

/// Every case with its path, sorted; fails where a file has no counterpart.
fn cases() -> Vec<(PathBuf, Case)> {
    let mut files: Vec<PathBuf> = Vec::new();
    for group in fs::read_dir(workspace().join("tests/golden")).unwrap() {
        let group = group.unwrap().path();
        if group.is_dir() {
            files.extend(fs::read_dir(group).unwrap().map(|file| file.unwrap().path()));
        }
    }
    files.sort();
    let mut cases = Vec::new();
    for path in &files {
        if path.extension().is_some_and(|end| end == "decision") {
            assert!(path.with_extension("json").is_file(), "{} has no case", path.display());
            continue;
        }
        let case: Case = serde_json::from_slice(&fs::read(path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let blessed = path.with_extension("decision").is_file();
        assert_eq!(
            blessed,
            case.expect == Expect::Decision,
            "{}: a decision is missing or too many",
            path.display()
        );
        cases.push((path.clone(), case));
    }
    cases
}

fn expected(path: &Path, bundle: &Bundle) -> String {
    let text = fs::read_to_string(path.with_extension("decision")).unwrap();
    text.replace("{module}", bundle.module_digest())
}

struct Bundles {
    engine: Engine,
    loaded: BTreeMap<String, Result<Bundle, Error>>,
}

impl Bundles {
    fn get(&mut self, name: &str) -> &Result<Bundle, Error> {
        let engine = &self.engine;
        self.loaded.entry(name.to_owned()).or_insert_with(|| Bundle::load(engine, bundle_folder(name)))
    }
}

#[test]
fn every_golden_case_gives_its_bytes() {
    let mut bundles = Bundles { engine: Engine::new().unwrap(), loaded: BTreeMap::new() };
    let cases = cases();
    let mut wrong = Vec::new();
    for (path, case) in &cases {
        let loaded = bundles.get(&case.bundle);
        let outcome = match (&case.expect, loaded) {
            (Expect::LoadError(code), Err(error)) => same(code, error.code().as_str()),
            (Expect::LoadError(code), Ok(_)) => Err(format!("the bundle loads; expected {code}")),
            (_, Err(error)) => Err(format!("the bundle does not load: {error}")),
            (expect, Ok(bundle)) => match (expect, bundle.score_request(&case.request_bytes())) {
                (Expect::Decision, Ok(decision)) => same(&expected(path, bundle), decision.as_str()),
                (Expect::Error(code), Err(error)) => same(code, error.code().as_str()),
                (_, Ok(decision)) => Err(format!("a decision: {decision}")),
                (_, Err(error)) => Err(format!("an error: {error}")),
            },
        };
        if let Err(difference) = outcome {
            wrong.push(format!("{}: {difference}", path.display()));
        }
    }
    let wanted: usize =
        fs::read_to_string(workspace().join("tests/golden/count.txt")).unwrap().trim().parse().unwrap();
    println!("golden: {} cases", cases.len());
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(cases.len(), wanted, "cases are missing, or count.txt is out of date");
}

fn same(expected: &str, found: &str) -> Result<(), String> {
    if expected == found { Ok(()) } else { Err(format!("\n  expected {expected}\n  found    {found}")) }
}

/// The records of a bundle that share their options, with what each should give.
type Group = (Value, Vec<(PathBuf, Map<String, Value>)>);

#[test]
fn a_batch_agrees_with_its_records() {
    let mut bundles = Bundles { engine: Engine::new().unwrap(), loaded: BTreeMap::new() };
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (path, case) in cases() {
        let (Some(Value::Object(mut request)), Expect::Decision) = (case.request, case.expect) else {
            continue;
        };
        let Some(Value::Object(record)) = request.remove("record") else { continue };
        // What would change the outcome is asked for one record at a time.
        if request.contains_key("what_if") {
            continue;
        }
        let options = Value::Object(request);
        // A batch says which of its records are the same; such records are rows of different batches.
        let same: Vec<&Value> = duplicate_key(&case.bundle)
            .iter()
            .map(|field| record.get(field).unwrap_or(&Value::Null))
            .collect();
        let earlier = seen.entry(format!("{} {options} {same:?}", case.bundle)).or_insert(0);
        let batch = if same.is_empty() { 0 } else { *earlier };
        *earlier += 1;
        let key = format!("{} {batch} {options}", case.bundle);
        groups.entry(key).or_insert_with(|| (options, Vec::new())).1.push((path, record));
    }
    let mut rows = 0;
    for (key, (options, records)) in &groups {
        let name = key.split(' ').next().unwrap();
        let bundle = bundles.get(name).as_ref().unwrap();
        // Only records that a table can say: each known field of the type that a column would have.
        let known: Vec<(String, String)> = bundle.describe()["inputs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|input| (input["name"].as_str().unwrap().into(), input["type"].as_str().unwrap().into()))
            .collect();
        let records: Vec<_> = records.iter().filter(|(_, record)| fits(record, &known)).collect();
        let columns = known.iter().map(|(name, kind)| column(name, kind, &records)).collect();
        let batch = Batch { rows: records.len(), columns };
        let answers = bundle.score_batch(&batch, &score_options(options), BatchOutput::Decisions).unwrap();
        let decisions = answers.column("decision").unwrap();
        for (row, (path, _)) in records.iter().enumerate() {
            assert_eq!(
                decisions.text(row).unwrap(),
                expected(path, bundle),
                "{} as row {row}",
                path.display()
            );
        }
        rows += records.len();
    }
    println!("golden: {rows} cases also as rows of {} batches", groups.len());
    assert!(rows > 0);
}

/// The fields by which the bundle finds records that are the same.
fn duplicate_key(bundle: &str) -> Vec<String> {
    let manifest = fs::read(bundle_folder(bundle).join("bundle.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let fields = manifest["duplicates"]["key"].as_array().cloned().unwrap_or_default();
    fields.iter().map(|field| field.as_str().unwrap().to_owned()).collect()
}

fn fits(record: &Map<String, Value>, known: &[(String, String)]) -> bool {
    record.iter().all(|(name, value)| {
        known.iter().any(|(known, kind)| {
            known == name
                && match kind.as_str() {
                    "number" => value.is_number() || value.is_null(),
                    "integer" => value.is_i64() || value.is_null(),
                    "boolean" => value.is_boolean() || value.is_null(),
                    // In a table, an empty text is a missing value.
                    _ => value.as_str().is_some_and(|text| !text.is_empty()) || value.is_null(),
                }
        })
    })
}

fn column(name: &str, kind: &str, records: &[&(PathBuf, Map<String, Value>)]) -> Column<'static> {
    let values: Vec<Option<&Value>> =
        records.iter().map(|(_, record)| record.get(name).filter(|value| !value.is_null())).collect();
    let mut valid = vec![0_u8; values.len().div_ceil(8)];
    for (row, _) in values.iter().enumerate().filter(|(_, value)| value.is_some()) {
        valid[row / 8] |= 1 << (row % 8);
    }
    let each = values.iter().map(|value| value.unwrap_or(&Value::Null));
    let data = match kind {
        "number" => {
            Data::F64(each.map(|value| value.as_f64().unwrap_or_default()).collect::<Vec<_>>().into())
        }
        "integer" => {
            Data::I64(each.map(|value| value.as_i64().unwrap_or_default()).collect::<Vec<_>>().into())
        }
        "boolean" => Data::Bool(
            each.map(|value| u8::from(value.as_bool().unwrap_or_default())).collect::<Vec<_>>().into(),
        ),
        _ => Data::texts(each.map(|value| value.as_str().unwrap_or_default())),
    };
    Column { name: name.to_owned().into(), data, valid: Some(valid.into()) }
}

fn score_options(options: &Value) -> ScoreOptions {
    let text = |key: &str| options[key].as_str().map(str::to_owned);
    let pairs = |hex: String| {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    };
    ScoreOptions {
        now: text("now").map_or(Now::Absent, Now::At),
        salt: text("salt").map(pairs),
        reasons: options["reasons"].as_u64().map(|count| u32::try_from(count).unwrap()),
        lang: text("lang"),
        held: text("held").map(|held| match held.as_str() {
            "first" => Held::First,
            "all" => Held::All,
            _ => Held::Counts,
        }),
        state: options.get("state").map(|state| BanditState::parse(&state.to_string()).unwrap()),
        monitor: false,
        what_if: false,
    }
}
