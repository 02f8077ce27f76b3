//! What a comparison found: for people, and as a certificate.

use std::path::Path;

use serde::Serialize;

use crate::error::{Error, Result};

/// The format's number.
const FORMAT: u32 = 1;
/// Letters of a line of advice.
const LINE: usize = 80;
/// Row numbers that a table shows of a list.
const SHOWN: usize = 5;

/// How far an export's answers are from those of its source. Rows are counted from 0.
#[derive(Debug, Serialize)]
pub(crate) struct Parity {
    pub(super) format: u32,
    pub(crate) ok: bool,
    pub(super) rows: usize,
    pub(super) output: String,
    /// `None` where the difference is not finite, or labels were compared.
    pub(super) largest_absolute: Option<f64>,
    pub(super) largest_relative: Option<f64>,
    /// In units in the last place of the output's type.
    pub(super) largest_ulp: Option<u64>,
    pub(super) differing: Vec<usize>,
    pub(super) flips: Vec<usize>,
    /// Rows where moving one float32 input by one unit in the last place makes the answer jump.
    pub(super) near_threshold: Vec<usize>,
    pub(super) trap: Option<&'static str>,
    pub(super) advice: &'static str,
    pub(super) tolerance: f64,
    /// sha256 of the files.
    pub(super) model_digest: String,
    pub(super) data_file_digest: String,
    pub(super) version: &'static str,
}

impl Default for Parity {
    fn default() -> Self {
        Self {
            format: FORMAT,
            ok: false,
            rows: 0,
            output: String::new(),
            largest_absolute: None,
            largest_relative: None,
            largest_ulp: None,
            differing: Vec::new(),
            flips: Vec::new(),
            near_threshold: Vec::new(),
            trap: None,
            advice: "",
            tolerance: 0.0,
            model_digest: String::new(),
            data_file_digest: String::new(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

impl Parity {
    /// The report as JSON text.
    pub(crate) fn certificate(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Writes the certificate, and the folder that it is to lie in.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        folder
            .and_then(|()| std::fs::write(path, self.certificate() + "\n"))
            .map_err(|error| Error::io(path.display(), &error))
    }
}

impl std::fmt::Display for Parity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let largest = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value:.3e}"));
        let some = |list: &[usize]| {
            let shown: Vec<String> = list.iter().take(SHOWN).map(ToString::to_string).collect();
            let more = if list.len() > SHOWN { ", …" } else { "" };
            if list.is_empty() {
                "0".into()
            } else {
                format!("{}  rows {}{more}", list.len(), shown.join(", "))
            }
        };
        for (what, value) in [
            ("output", self.output.clone()),
            ("rows", self.rows.to_string()),
            ("largest difference", largest(self.largest_absolute)),
            ("  relative", largest(self.largest_relative)),
            ("  in last places", self.largest_ulp.map_or_else(|| "-".into(), |ulp| ulp.to_string())),
            (&format!("beyond {:e}", self.tolerance), some(&self.differing)),
            ("label flips", some(&self.flips)),
            ("on a threshold", some(&self.near_threshold)),
        ] {
            writeln!(f, "{what:<24}{value}")?;
        }
        write!(f, "{:<24}{}", "result", if self.ok { "equal" } else { "different" })?;
        if let Some(trap) = self.trap {
            write!(f, "\n{:<24}{trap}", "looks like")?;
            let mut width = LINE;
            for word in self.advice.split(' ') {
                if width + 1 + word.len() > LINE {
                    f.write_str("\n ")?;
                    width = 1;
                }
                write!(f, " {word}")?;
                width += 1 + word.len();
            }
        }
        Ok(())
    }
}
