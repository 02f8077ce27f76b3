//! What tree models cost through the whole path, from a host's slice to a host's vector:
//! `cargo run --release -p scorebox --example forest -- [--module scorebox.wasm] rows.f32 model.onnx ...`
//!
//! `rows.f32` holds little-endian floats, as many per row as the model's one input has columns. Per model
//! it prints one line of JSON: milliseconds to load, bytes of the file, nanoseconds per row in batches of
//! 10,000 and 100 rows and one row at a time, each the best of many short runs: on a machine that others
//! use too, the best run is the one that nobody interrupted. With `--save folder` the outputs of the
//! batch are kept as `model.output`, to be compared with another runtime's bit for bit.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use scorebox::{Axis, Config, Data, Engine, Model, Tensor, Value};

const BATCH: usize = 10_000;
const SMALL: usize = 100;
const ROUNDS: usize = 15;

fn main() -> Result<(), Box<dyn Error>> {
    let mut config = Config::new();
    let (mut save, mut paths) = (None, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--module" => {
                config = config.module(std::fs::read(arguments.next().ok_or("which module?")?)?);
            }
            "--save" => save = Some(PathBuf::from(arguments.next().ok_or("which folder?")?)),
            _ => paths.push(PathBuf::from(argument)),
        }
    }
    let (rows, models) = paths.split_first().ok_or("which rows?")?;
    let rows: Vec<f32> =
        std::fs::read(rows)?.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let engine = Engine::with_config(config)?;
    for path in models {
        measure(&engine, path, &rows, save.as_deref())?;
    }
    Ok(())
}

fn measure(engine: &Engine, path: &Path, rows: &[f32], save: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let bytes: std::sync::Arc<[u8]> = std::fs::read(path)?.into();
    let mut model = Model::from_bytes(engine, bytes.clone())?;
    let load = best(5, 1, || {
        model = Model::from_bytes(engine, bytes.clone())?;
        Ok(())
    })?;
    let port = model.inputs().first().ok_or("the model has no input")?;
    let Some([_, Axis::Size(columns)]) = port.dims.as_deref() else {
        return Err("the model's input has no known number of columns".into());
    };
    let (name, columns) = (port.name.clone(), *columns as usize);
    let run = |rows: &[f32]| {
        let dims = vec![rows.len() / columns, columns];
        let input = Value::Tensor(Tensor { dims, data: Data::F32(rows.into()) });
        model.run(&[(&name, input)])
    };
    let batch = rows.get(..BATCH * columns).ok_or("there are fewer rows than a batch has")?;
    let first = best(1, 1, || run(&batch[..columns]).map(drop).map_err(Into::into))?;
    let outputs = run(batch)?;
    if let Some(folder) = save {
        let name = path.file_stem().ok_or("the model has no name")?;
        std::fs::write(folder.join(name).with_extension("output"), raw(&outputs))?;
    }
    let large = best(ROUNDS, BATCH, || run(batch).map(drop).map_err(Into::into))?;
    let small = best(ROUNDS, 50 * SMALL, || {
        batch.chunks(SMALL * columns).take(50).try_for_each(|rows| run(rows).map(drop).map_err(Into::into))
    })?;
    let single = best(ROUNDS, 200, || {
        batch.chunks(columns).take(200).try_for_each(|row| run(row).map(drop).map_err(Into::into))
    })?;
    println!(
        "{{\"model\":\"{}\",\"bytes\":{},\"load_ms\":{:.2},\"first_row_ms\":{:.2},\"batch_10000_ns\":{large:.0},\
         \"batch_100_ns\":{small:.0},\"one_row_ns\":{single:.0}}}",
        path.file_stem().unwrap_or_default().to_string_lossy(),
        bytes.len(),
        load / 1e6,
        first / 1e6,
    );
    Ok(())
}

/// Nanoseconds for one of `units` in the best of `rounds` runs.
fn best(
    rounds: usize,
    units: usize,
    mut run: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<f64, Box<dyn Error>> {
    let mut best = f64::INFINITY;
    for _ in 0..rounds {
        let begin = Instant::now();
        run()?;
        best = best.min(begin.elapsed().as_nanos() as f64 / units as f64);
    }
    Ok(best)
}

/// The bytes of all number outputs, one after another.
fn raw(outputs: &[(String, Value<'_>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (_, output) in outputs {
        match output {
            Value::Tensor(tensor) | Value::ZipMap { table: tensor, .. } => match &tensor.data {
                Data::F32(data) => bytes.extend(data.iter().flat_map(|number| number.to_le_bytes())),
                Data::F64(data) => bytes.extend(data.iter().flat_map(|number| number.to_le_bytes())),
                Data::I64(data) => bytes.extend(data.iter().flat_map(|number| number.to_le_bytes())),
                _ => {}
            },
            _ => {}
        }
    }
    bytes
}
