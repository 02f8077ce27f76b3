//! `scorebox pack`: compiles a bundle's rules, pins its files, writes its lock.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::rows::{self, Chunk, Opening, Records, Wanted};
use crate::archive::{self, read_source};
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::packing::{PackOptions, Packed, pack};
use crate::table::Batch;

/// Compile a bundle's rules, check everything, pin its files and write its lock.
///
/// Files that packing makes (`bundle.lock`, `reference.json`, blessed golden records) are written into
/// the folder; with `--output` the whole bundle goes into one zip archive and the folder stays as it is.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The bundle's folder, or a zip archive
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// Write the packed bundle as a zip archive
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Training rows for the reference profile: counts per tree node and quantiles, no rows
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// Write nothing; the exit code is 1 where the folder's files differ from what packing makes
    #[arg(long)]
    check: bool,
    /// Write the decisions of now into the golden records
    #[arg(long, conflicts_with = "check")]
    bless: bool,
}

pub(super) fn run(engine: &Engine, arguments: &Arguments) -> Result<ExitCode> {
    let sample = arguments.sample.as_deref().map(|path| read_sample(engine, path)).transpose()?;
    let options = PackOptions { bless: arguments.bless };
    let packed = pack(engine, &arguments.bundle, sample.as_ref(), &options)?;
    if let Some(path) = &arguments.output {
        std::fs::write(path, &packed.zip).map_err(|error| Error::io(path.display(), &error))?;
        super::print(&format!("{}: {} bytes", path.display(), packed.zip.len()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.bundle.is_dir() {
        let message = "an archive is not changed in place; say --output";
        return Err(Error::new(ErrorCode::RequestInvalid, message).at(arguments.bundle.display()));
    }
    let changed = changed_files(&arguments.bundle, &packed)?;
    for (name, bytes) in &changed {
        let path = arguments.bundle.join(name);
        if arguments.check {
            super::print(&format!("out of date: {}", path.display()))?;
            continue;
        }
        std::fs::write(&path, bytes).map_err(|error| Error::io(path.display(), &error))?;
        super::print(&format!("wrote {}", path.display()))?;
    }
    if changed.is_empty() {
        super::print(&format!("{}: up to date", arguments.bundle.display()))?;
    }
    Ok(if arguments.check && !changed.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The files that packing made or changed.
fn changed_files(folder: &Path, packed: &Packed) -> Result<Vec<(String, Vec<u8>)>> {
    let before = archive::unzip(&read_source(folder)?)?;
    let mut after = archive::unzip(&packed.zip)?;
    after.retain(|file| !before.contains(file));
    Ok(after)
}

/// All rows of a file as one table: columns stay as they are, as in scoring.
fn read_sample(engine: &Engine, path: &Path) -> Result<Batch<'static>> {
    let opening = Opening {
        path: Some(path.to_path_buf()),
        format: None,
        delimiter: b',',
        record_bytes: engine.config().record_bytes,
        progress: true,
    };
    let (mut source, bar) = rows::open(&opening, Wanted::everything())?;
    let mut batch = Batch::default();
    while let Some(chunk) = source.next(usize::MAX)? {
        append(&mut batch, chunk).map_err(|error| error.at(path.display()))?;
    }
    bar.finish_and_clear();
    Ok(batch)
}

fn append(batch: &mut Batch<'static>, chunk: Chunk) -> Result<()> {
    if let Some(row) = chunk.rows.iter().find(|row| row.fault.is_some()) {
        let message = row.fault.as_ref().map_or("", Error::message);
        let place = format!("line {}", row.number);
        return Err(Error::new(ErrorCode::RecordMalformed, message).at(place));
    }
    let Records::Columns(columns) = chunk.records else {
        let message = "a sample is CSV or Parquet: one column per input";
        return Err(Error::new(ErrorCode::HostFormat, message));
    };
    batch.append(Batch { rows: chunk.rows.len(), columns })
}
