//! The `scorebox` command.
//!
//! Exit codes: 0 all went well; 1 the command failed, or golden records or a model's source do not match; 2 the command
//! line is wrong; 3 everything was written, but some rows could not be scored and say why.

mod inspect;
mod learn;
mod monitor;
mod pack;
mod parity;
mod progress;
mod rows;
mod score;
mod serve;
mod sinks;
mod verify;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Isolation};
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};

/// Scores bundles: models with their schema, scorecard, policy and reasons, in a sandbox.
#[derive(Debug, Parser)]
#[command(name = "scorebox", version, long_version = LONG_VERSION, propagate_version = true)]
struct Command {
    #[command(subcommand)]
    task: Task,
    #[command(flatten)]
    limits: Limits,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Score a file of records, or standard input
    Score(score::Arguments),
    /// Serve bundles over HTTP, on this machine only unless told otherwise
    Serve(serve::Arguments),
    /// Compile a bundle's rules, pin its files and write its lock
    Pack(pack::Arguments),
    /// Say what a bundle or an ONNX model takes and gives
    Inspect(inspect::Arguments),
    /// Replay a bundle's golden records, or compare an exported model with its source
    Verify(verify::Arguments),
    /// Add up what was counted, and say what has moved since the bundle was made
    Monitor(monitor::Arguments),
    /// Let a bundle's bandit learn from rewards
    Learn(learn::Arguments),
    /// Print the JSON Schema of bundle.json
    Schema,
}

/// Limits that hold for every task.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct Limits {
    /// Milliseconds that one call into the module may take
    #[arg(long, global = true, default_value_t = 10_000, value_name = "MS", env = "SCOREBOX_DEADLINE_MS")]
    deadline_ms: u64,
    /// Megabytes that one instance may use
    #[arg(long, global = true, default_value_t = 512, value_name = "MB", env = "SCOREBOX_MEMORY_MB")]
    memory_mb: usize,
    /// Instances per bundle, and so calls at a time [default: the machine's processors]
    #[arg(long, global = true, value_name = "N", env = "SCOREBOX_INSTANCES")]
    instances: Option<usize>,
    /// Whether calls use instances one after another, or each call gets a fresh one
    #[arg(long, global = true, value_enum, default_value_t = Sharing::Pooled, env = "SCOREBOX_ISOLATION")]
    isolation: Sharing,
    /// Keep no compiled module on disk; every start then compiles it anew
    #[arg(long, global = true)]
    no_cache: bool,
    /// Run this module in place of the built-in ones, to replay an old decision for example
    #[arg(long, global = true, value_name = "FILE")]
    module: Option<PathBuf>,
}

/// What calls to one bundle share.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Sharing {
    /// Instances, one call after another
    Pooled,
    /// Nothing: a fresh instance from a snapshot for each call; loading a bundle takes seconds longer
    PerRequest,
}

impl Limits {
    fn engine(&self) -> Result<Engine> {
        let mut config = Config::new()
            .deadline_ms(self.deadline_ms)
            .memory_bytes(self.memory_mb.saturating_mul(1 << 20))
            .isolation(match self.isolation {
                Sharing::Pooled => Isolation::Pooled,
                Sharing::PerRequest => Isolation::PerRequest,
            })
            .cache(!self.no_cache);
        if let Some(count) = self.instances {
            config = config.instances(count);
        }
        if let Some(path) = &self.module {
            config = config.module(std::fs::read(path).map_err(|error| Error::io(path.display(), &error))?);
        }
        Engine::with_config(config)
    }
}

/// Version and the digests that decisions name.
#[cfg(feature = "full")]
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nscorebox.wasm       sha256:",
    env!("SCOREBOX_TABULAR_SHA256"),
    "\nscorebox-full.wasm  sha256:",
    env!("SCOREBOX_FULL_SHA256"),
);
#[cfg(not(feature = "full"))]
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nscorebox.wasm       sha256:",
    env!("SCOREBOX_TABULAR_SHA256"),
    "\nscorebox-full.wasm  not built in",
);

/// Reads the command line, does what it says, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let command = Command::parse();
    let done = command.limits.engine().and_then(|engine| match &command.task {
        Task::Score(arguments) => score::run(&engine, arguments),
        Task::Serve(arguments) => serve::run(engine, arguments),
        Task::Pack(arguments) => pack::run(&engine, arguments),
        Task::Inspect(arguments) => inspect::run(&engine, arguments),
        Task::Verify(arguments) => verify::run(&engine, arguments),
        Task::Monitor(arguments) => monitor::run(&engine, arguments),
        Task::Learn(arguments) => learn::run(&engine, arguments),
        Task::Schema => inspect::schema(&engine),
    });
    match done {
        Ok(code) => code,
        // The reader of a pipe has seen enough; that is no failure of ours.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Exit code where rows were bad.
fn some_rows_failed() -> ExitCode {
    ExitCode::from(3)
}

/// The path that [`closed_pipe`] errors carry; no file has this name on any system.
const CLOSED_PIPE: &str = "\0pipe";

/// Turns an error of standard output or an output file into ours.
fn output_error(place: &str, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Error::new(ErrorCode::Io, "the reader has gone").at(CLOSED_PIPE);
    }
    Error::io(place, error)
}

fn is_closed_pipe(error: &Error) -> bool {
    error.code() == ErrorCode::Io && error.path() == CLOSED_PIPE
}

/// Prints text to standard output; a closed pipe ends the command quietly.
fn print(text: &str) -> Result<()> {
    use io::Write;
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| output_error("standard output", &error))
}
