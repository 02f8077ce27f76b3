//! `scorebox learn`: a bandit's state from what came of its offers.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;

use crate::bundle::Bundle;
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::options::BanditState;

/// Bytes of rewards that go to the module in one call: well below what it takes.
const UPDATE_BYTES: usize = 4 << 20;

/// Let a bundle's bandit learn from rewards, and write its new state.
///
/// Rewards are lines of JSON: `{"record": {...}, "item": "<id>", "reward": 1, "now": "..."}`, the record and the time
/// being those of the decision that made the offer.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The bundle: a folder or zip archive
    #[arg(long, short, value_name = "PATH")]
    bundle: PathBuf,
    /// The state so far [default: what the bundle brings]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Lines of rewards; `-` or nothing for standard input
    #[arg(long, short, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Where the new state goes; `-` or nothing for standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Reads a state from a file.
pub(super) fn read_state(path: &Path) -> Result<BanditState> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(path.display(), &error))?;
    BanditState::parse(&text).map_err(|error| error.at(path.display()))
}

pub(super) fn run(engine: &Engine, arguments: &Arguments) -> Result<ExitCode> {
    let bundle = Bundle::load(engine, &arguments.bundle)?;
    let mut state = arguments.state.as_deref().map(read_state).transpose()?;
    let input = arguments.input.as_deref().filter(|path| path.as_os_str() != "-");
    let place = input.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
    let reader: Box<dyn Read> = match input {
        Some(path) => Box::new(std::fs::File::open(path).map_err(|error| Error::io(&place, &error))?),
        None => Box::new(std::io::stdin()),
    };
    let (mut rewards, mut bytes, mut count) = (Vec::new(), 0, 0_usize);
    for (at, line) in BufReader::new(reader).lines().enumerate() {
        let line = line.map_err(|error| Error::io(&place, &error))?;
        if line.trim().is_empty() {
            continue;
        }
        let reward = RawValue::from_string(line.trim().to_owned()).map_err(|_| {
            let message = "a reward is one JSON object on a line of its own";
            Error::new(ErrorCode::RecordMalformed, message).at(format!("line {} of {place}", at + 1))
        })?;
        bytes += reward.get().len();
        count += 1;
        rewards.push(reward);
        if bytes > UPDATE_BYTES {
            state = Some(learn(&bundle, state.as_ref(), &rewards)?);
            rewards.clear();
            bytes = 0;
        }
    }
    let state = learn(&bundle, state.as_ref(), &rewards)?;
    match arguments.output.as_deref().filter(|path| path.as_os_str() != "-") {
        Some(path) => {
            let text = format!("{}\n", state.as_str());
            std::fs::write(path, text).map_err(|error| Error::io(path.display(), &error))?;
            eprintln!("learned from {count} rewards");
        }
        None => super::print(state.as_str())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn learn(bundle: &Bundle, state: Option<&BanditState>, rewards: &[Box<RawValue>]) -> Result<BanditState> {
    let list: Vec<&str> = rewards.iter().map(|reward| reward.get()).collect();
    let state = state.map_or("null", BanditState::as_str);
    bundle.update(&format!("{{\"state\":{state},\"rewards\":[{}]}}", list.join(",")))
}
