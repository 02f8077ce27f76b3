//! Bundles made in memory.

use std::borrow::Cow;
use std::collections::BTreeMap;

use scorebox_core::bundle::write_archive;
use scorebox_core::scorer::Scorer;
use scorebox_core::table::Writer;
use scorebox_core::{Error, Limits, authoring};
use serde_json::Value;

/// A folder of files.
#[derive(Clone, Default)]
pub(crate) struct Folder(pub(crate) BTreeMap<String, Cow<'static, [u8]>>);

pub(crate) const LINEAR: &[u8] = include_bytes!("../fixtures/linear.onnx");
pub(crate) const TREES: &[u8] = include_bytes!("../fixtures/trees.onnx");
pub(crate) const TEXTS: &[u8] = include_bytes!("../fixtures/texts.onnx");

/// The JSON blocks of the guide: the example's manifest, a request, a golden record.
pub(crate) fn guide(block: usize) -> &'static str {
    let guide = include_str!("../../../docs/manifest.md");
    guide.split("```json\n").nth(block + 1).unwrap().split("```").next().unwrap()
}

impl Folder {
    /// The guide's example over the linear model.
    pub(crate) fn loan() -> Self {
        Self::default().with("bundle.json", guide(0).as_bytes().to_vec()).with("model.onnx", LINEAR)
    }

    pub(crate) fn with(mut self, name: &str, bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        self.0.insert(name.into(), bytes.into());
        self
    }

    /// Changes the manifest.
    pub(crate) fn edit(self, change: impl FnOnce(&mut Value)) -> Self {
        let mut manifest: Value = serde_json::from_slice(&self.0["bundle.json"]).unwrap();
        change(&mut manifest);
        let text = serde_json::to_vec_pretty(&manifest).unwrap();
        self.with("bundle.json", text)
    }

    pub(crate) fn zip(&self) -> Vec<u8> {
        write_archive(&self.0).unwrap()
    }

    pub(crate) fn pack(&self) -> Result<Vec<u8>, Error> {
        authoring::pack(&self.zip(), &[], b"")
    }

    pub(crate) fn scorer(&self) -> Scorer {
        Scorer::load(&self.pack().unwrap(), &Limits::DEFAULT, [7; 32]).unwrap()
    }
}

/// The decision on a request.
pub(crate) fn decide(scorer: &mut Scorer, request: &str) -> Value {
    let mut out = Vec::new();
    scorer.score(request.as_bytes(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// A table of text columns; empty text is a missing value.
pub(crate) fn text_table(columns: &[(&str, &[&str])]) -> Vec<u8> {
    let mut writer = Writer::default();
    for (name, cells) in columns {
        writer.texts(name, cells.iter().copied(), None);
    }
    let mut out = Vec::new();
    writer.finish(columns[0].1.len(), &mut out).unwrap();
    out
}
