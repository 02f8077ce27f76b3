//! What things cost on this machine: `cargo run --release -p scorebox --example timings -- <bundle> <record.json>`.
//!
//! Compiling and loading are timed once, a record many times; a batch repeats the record.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use scorebox::{
    Artefact, Batch, BatchOutput, Bundle, Column, Config, Data, Engine, Isolation, Now, ScoreOptions,
};
use serde_json::Value;

const RECORDS: usize = 2_000;
const ROWS: usize = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let bundle = PathBuf::from(arguments.next().ok_or("which bundle?")?);
    let record = std::fs::read_to_string(arguments.next().ok_or("which record?")?)?;

    let mut lines = Vec::new();
    let mut timed = |what: &str, took: Duration| lines.push(format!("{what:<52}{took:>12.1?}"));
    let cold = Engine::with_config(Config::new().cache(false))?;
    let begin = Instant::now();
    cold.prepare(Artefact::Tabular)?;
    timed("compile", begin.elapsed());
    let engine = Engine::new()?;
    engine.prepare(Artefact::Tabular)?;
    let begin = Instant::now();
    Engine::new()?.prepare(Artefact::Tabular)?;
    timed("compiled form from cache", begin.elapsed());
    let begin = Instant::now();
    let path = bundle;
    let bundle = Bundle::load(&engine, &path)?;
    timed("load the bundle", begin.elapsed());
    let fresh = Engine::with_config(Config::new().isolation(Isolation::PerRequest))?;
    let begin = Instant::now();
    let fresh = Bundle::load(&fresh, &path)?;
    timed("load it as a snapshot", begin.elapsed());

    let options = ScoreOptions { now: Now::At("2026-11-23T09:00:00Z".into()), ..ScoreOptions::default() };
    let batch = repeat(&serde_json::from_str(&record)?);
    for (with, reasons) in [("with reasons", None), ("without reasons", Some(0))] {
        let options = ScoreOptions { reasons, ..options.clone() };
        for (how, bundle) in [("", &bundle), (", fresh instance", &fresh)] {
            let mut each: Vec<Duration> = Vec::with_capacity(RECORDS);
            for _ in 0..RECORDS {
                let begin = Instant::now();
                bundle.score(&record, &options)?;
                each.push(begin.elapsed());
            }
            each.sort_unstable();
            timed(&format!("one record {with}{how}, median"), each[RECORDS / 2]);
            timed(&format!("one record {with}{how}, p99"), each[RECORDS * 99 / 100]);
        }
        // What is no request is refused at once: what is left is the instance and the call.
        let mut each: Vec<Duration> = Vec::with_capacity(RECORDS);
        for _ in 0..RECORDS {
            let begin = Instant::now();
            drop(fresh.score_request(b"x"));
            each.push(begin.elapsed());
        }
        each.sort_unstable();
        timed("no request, fresh instance, median", each[RECORDS / 2]);
        for (what, output) in [("columns", BatchOutput::Columns), ("decisions", BatchOutput::Decisions)] {
            let begin = Instant::now();
            bundle.score_batch(&batch, &options, output)?;
            timed(&format!("a row {with}, {what}"), begin.elapsed() / ROWS as u32);
        }
    }
    eprintln!("{}", lines.join("\n"));
    Ok(())
}

/// The record as a batch of text columns, as a CSV would give it.
fn repeat(record: &Value) -> Batch<'static> {
    let fields = record.as_object().into_iter().flatten();
    let column = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        Column::new(name.clone(), Data::texts(std::iter::repeat_n(text, ROWS)))
    };
    Batch { rows: ROWS, columns: fields.map(column).collect() }
}
