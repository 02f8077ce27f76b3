//! Bundles made in memory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use scorebox_core::bundle::{Archive, write_archive};
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

    /// The guide's example without the model's reasons, which need a training sample.
    pub(crate) fn unexplained() -> Self {
        Self::loan().edit(|manifest| {
            let reasons = manifest["reasons"].as_object_mut().unwrap();
            reasons.remove("model");
            reasons.remove("method");
            reasons["codes"]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .for_each(|code| code["features"] = Value::Array(vec![]));
        })
    }

    /// A bundle of this manifest alone; name and version are added.
    pub(crate) fn of(mut manifest: Value) -> Self {
        for (key, value) in [("format", 1.into()), ("name", "test".into()), ("version", "1.0.0".into())] {
            manifest[key] = value;
        }
        Self::default().with("bundle.json", serde_json::to_vec_pretty(&manifest).unwrap())
    }

    /// Packs without a sample and loads.
    pub(crate) fn load(&self) -> Scorer {
        let packed = self.pack().unwrap_or_else(|error| panic!("{error}"));
        Scorer::load(&packed, &Limits::DEFAULT, [7; 32]).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The files of a zip archive.
    pub(crate) fn unzip(zip: &[u8]) -> Self {
        let archive = Archive::open(zip, &Limits::DEFAULT).unwrap();
        let read = |name: &str| (name.to_owned(), Cow::Owned(archive.read(name).unwrap().into_owned()));
        Self(archive.names().map(read).collect())
    }

    /// A zip archive whose names are written as they are, however strange.
    pub(crate) fn raw_zip(&self) -> Vec<u8> {
        let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
        for (name, bytes) in &self.0 {
            let path = rawzip::path::EntryPath::verbatim(name.as_bytes().to_vec());
            let (mut entry, config) = archive.new_file(path).start().unwrap();
            let mut writer = config.wrap(&mut entry);
            writer.write_all(bytes).unwrap();
            let (_, descriptor) = writer.finish().unwrap();
            entry.finish(descriptor).unwrap();
        }
        archive.finish().unwrap()
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

    /// Packs with a training sample of some applicants.
    pub(crate) fn pack_with_sample(&self) -> Result<Vec<u8>, Error> {
        authoring::pack(&self.zip(), &sample(), b"")
    }

    pub(crate) fn pack(&self) -> Result<Vec<u8>, Error> {
        authoring::pack(&self.zip(), &[], b"")
    }

    pub(crate) fn scorer(&self) -> Scorer {
        let packed = self.pack_with_sample().unwrap_or_else(|error| panic!("{error}"));
        Scorer::load(&packed, &Limits::DEFAULT, [7; 32]).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// The decision on a request.
pub(crate) fn decide(scorer: &mut Scorer, request: &str) -> Value {
    let mut out = Vec::new();
    scorer.score(request.as_bytes(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// The issues of a decision, each as `field:issue`.
pub(crate) fn issues(decision: &Value) -> Vec<String> {
    let text =
        |issue: &Value| format!("{}:{}", issue["field"].as_str().unwrap(), issue["issue"].as_str().unwrap());
    decision["quality"]["issues"].as_array().unwrap().iter().map(text).collect()
}

/// The decisions on the rows of a table.
pub(crate) fn decide_table(scorer: &mut Scorer, table: &[u8], options: &str) -> Vec<Value> {
    let mut out = Vec::new();
    scorer.score_table(table, options.as_bytes(), &mut out).unwrap_or_else(|error| panic!("{error}"));
    let answers = scorebox_core::table::read(&out).unwrap();
    let column = answers.entries().iter().find(|entry| entry.name() == "decision").unwrap();
    (0..answers.rows()).map(|row| serde_json::from_str(column.text(row)).unwrap()).collect()
}

/// Packing a bundle fails with this code at this path, and says this and the place in the text.
pub(crate) fn refuse(folder: &Folder, code: scorebox_core::ErrorCode, path: &str, says: &str) {
    let error = folder.pack().err().unwrap_or_else(|| panic!("it packs; expected {says:?} at {path}"));
    assert_eq!((error.code(), error.path()), (code, path), "{error}");
    assert!(error.message().contains(says), "{error}");
    assert!(error.message().contains("(bundle.json line "), "no place in the text: {error}");
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

/// Training rows of the guide's example, made up by a fixed pattern.
pub(crate) fn sample() -> Vec<u8> {
    let rows = 0..200_u32;
    let column = |cell: &dyn Fn(u32) -> String| rows.clone().map(cell).collect::<Vec<_>>();
    let columns = [
        ("income", column(&|row| (1_000 + row * 37 % 4_000).to_string())),
        ("debt", column(&|row| (row * 53 % 1_500).to_string())),
        ("age", column(&|row| (18 + row % 60).to_string())),
        ("employed", column(&|row| (row % 5 > 0).to_string())),
        ("purpose", column(&|row| ["home", "car", "other"][row as usize % 3].to_owned())),
    ];
    let texts: Vec<Vec<&str>> =
        columns.iter().map(|(_, cells)| cells.iter().map(String::as_str).collect()).collect();
    let columns: Vec<(&str, &[&str])> =
        columns.iter().zip(&texts).map(|((name, _), cells)| (*name, cells.as_slice())).collect();
    text_table(&columns)
}
