//! From a bundle's folder to a bundle that loads.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::convert::{ModelFormat, to_onnx};
use super::lower::lower_all;
use super::options::Options;
use super::profile::FieldCounter;
use crate::bundle::{
    Archive, GOLDEN, LOCK, Lock, MANIFEST, PARITY, Programs, REFERENCE, sha256, write_archive,
};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::manifest::{InputType, Manifest, Model, Take, located};
use crate::parity::Certificate;
use crate::reasons::Measure;
use crate::reference::{FORMAT, ModelProfile, Reference};
use crate::scorer::Scorer;
use crate::scorer::golden::{Expected, GoldenRecord, difference};

/// Files that packing makes, which no part of a manifest can name.
const RESERVED_FILES: [&str; 2] = [LOCK, REFERENCE];

/// Files of a bundle by name.
type Files<'a> = BTreeMap<String, Cow<'a, [u8]>>;

/// Packs a bundle: checks the manifest and the models, lowers all expressions, makes the reference
/// profile from `sample` (a table of training rows, or nothing to keep the profile that is there), blesses
/// golden records where `options` say so, and writes the lock. Gives a zip archive of the files that
/// belong to the bundle; anything else in the folder is left out.
///
/// # Errors
/// Whatever is wrong with the bundle, with JSON path, line and column where it is in the manifest.
pub fn pack(zip: &[u8], sample: &[u8], options: &[u8]) -> Result<Vec<u8>> {
    let options = Options::read(options)?;
    let limits = Limits::DEFAULT;
    let archive = Archive::open(zip, &limits)?;
    let json = archive.read(MANIFEST)?;
    let mut manifest = Manifest::read(&json, &limits)?;
    manifest.read_tables(&limits, |file| archive.read(file)).map_err(|error| located(error, &json))?;
    let packing = Packing { archive: &archive, manifest: &manifest, limits: &limits };
    let packed = packing.pack(&json, sample, options).map_err(|error| located(error, &json))?;
    if options.check {
        check_unchanged(&Archive::open(zip, &limits)?, &packed)?;
    }
    write_archive(&packed)
}

struct Packing<'p, 'a> {
    archive: &'p Archive<'a>,
    manifest: &'p Manifest,
    limits: &'p Limits,
}

impl<'a> Packing<'_, 'a> {
    fn pack(&self, json: &Cow<'a, [u8]>, sample: &[u8], options: Options) -> Result<Files<'a>> {
        let programs = lower_all(self.manifest, self.limits)?;
        let mut files = Files::from([(MANIFEST.to_owned(), json.clone())]);
        for file in self.manifest.table_files() {
            files.insert(file.to_owned(), self.archive.read(file)?);
        }
        for (at, model) in self.manifest.models.iter().enumerate() {
            let bytes = self.onnx(model).map_err(|error| error.at(format_args!("models[{at}].file")))?;
            let file = model.onnx_file();
            if files.get(&*file).is_some_and(|other| *other != bytes) {
                let message =
                    format!("packing makes `{file}` of this, which is another file already; rename one");
                return Err(
                    Error::new(ErrorCode::ManifestInvalid, message).at(format_args!("models[{at}].file"))
                );
            }
            files.insert(file.into_owned(), bytes);
        }
        if let Some(state) =
            self.manifest.offers.iter().flat_map(|own| &own.bandit).find_map(|own| own.state.as_ref())
        {
            let bytes = self.archive.read(state).map_err(|error| {
                Error::new(ErrorCode::ManifestInvalid, error.message()).at("offers.bandit.state")
            })?;
            if files.insert(state.clone(), bytes).is_some() || RESERVED_FILES.contains(&&**state) {
                let message = "the file is another part of the bundle already";
                return Err(Error::new(ErrorCode::ManifestInvalid, message).at("offers.bandit.state"));
            }
        }
        self.add_certificates(&mut files)?;
        if !sample.is_empty() {
            let reference = self.reference(&files, &programs, sample)?;
            files.insert(REFERENCE.into(), reference.to_json()?.into_bytes().into());
        } else if self.archive.contains(REFERENCE) {
            let bytes = self.archive.read(REFERENCE)?;
            check_models(&Reference::read(&bytes)?, &files, self.manifest)?;
            files.insert(REFERENCE.into(), bytes);
        }
        let mut golden = Files::new();
        for name in self.archive.names().filter(|name| name.starts_with(GOLDEN) && name.ends_with(".json")) {
            golden.insert(name.to_owned(), self.archive.read(name)?);
        }
        let mut packed = self.seal(&files, &golden, &programs)?;
        let mut scorer = Scorer::load(&write_archive(&packed)?, self.limits, [0; 32])?;
        if options.bless {
            bless(&mut scorer, &mut golden)?;
            packed = self.seal(&files, &golden, &programs)?;
        }
        Ok(packed)
    }

    /// The profile of a sample. An anomaly is known once the numbers that it is about are, so with anomalies
    /// there is a pass more for each that is about another.
    fn reference(&self, files: &Files<'a>, programs: &Programs, sample: &[u8]) -> Result<Reference> {
        let known =
            |reference: &Reference| reference.percentiles.values().filter(|own| !own.is_empty()).count();
        let place = |error: Error| error.at("sample");
        let unprofiled = self.seal(files, &Files::new(), programs)?;
        let mut reference = self.profile(&unprofiled, sample).map_err(place)?;
        let mut before = 0;
        while known(&reference) > before {
            before = known(&reference);
            let mut profiled = files.clone();
            profiled.insert(REFERENCE.into(), reference.to_json()?.into_bytes().into());
            let profiled = self.seal(&profiled, &Files::new(), programs)?;
            reference = self.profile(&profiled, sample).map_err(place)?;
        }
        let nowhere = reference.percentiles.iter().find(|(_, own)| own.is_empty());
        match nowhere {
            Some((name, _)) => {
                let message =
                    format!("no row of the sample has the score `{name}`, which an anomaly is about");
                Err(place(Error::new(ErrorCode::RecordMalformed, message)))
            }
            None => Ok(reference),
        }
    }

    /// Adds the certificates of parity, each of which must be about a model of the bundle.
    fn add_certificates(&self, files: &mut Files<'a>) -> Result<()> {
        let onnx = |model: &Model| files.get(&*model.onnx_file()).map(|bytes| sha256(bytes));
        let models: Vec<_> = self.manifest.models.iter().filter_map(onnx).collect();
        let is_certificate = |name: &&str| name.starts_with(PARITY) && name.ends_with(".json");
        // A manifest may call a library's model, a table or a state so.
        let is_other =
            |name: &str| files.contains_key(name) || self.manifest.models.iter().any(|own| own.file == name);
        let names: Vec<&str> =
            self.archive.names().filter(is_certificate).filter(|name| !is_other(name)).collect();
        for name in names {
            let bytes = self.archive.read(name)?;
            Certificate::read(name, &bytes)?.model(name, &models)?;
            files.insert(name.to_owned(), bytes);
        }
        Ok(())
    }

    /// The ONNX file of a model, converted where `file` is a library's own. A packed bundle holds only what
    /// was made of that, so without the library's file it is taken as it is.
    fn onnx(&self, model: &Model) -> Result<Cow<'a, [u8]>> {
        let (format, derived) = (ModelFormat::of(&model.file), model.onnx_file());
        if format != ModelFormat::Onnx
            && !self.archive.contains(&model.file)
            && self.archive.contains(&derived)
        {
            return self.archive.read(&derived);
        }
        let bytes = self.archive.read(&model.file).map_err(|error| {
            let message = format!("{} (the folder needs the file that `file` names)", error.message());
            Error::new(ErrorCode::ManifestInvalid, message)
        })?;
        if format == ModelFormat::Onnx {
            Ok(bytes)
        } else {
            to_onnx(format, &bytes, self.limits).map(Cow::Owned)
        }
    }

    /// Adds the lock to the files.
    fn seal(&self, files: &Files<'a>, golden: &Files<'a>, programs: &Programs) -> Result<Files<'a>> {
        let pins =
            |files: &Files<'_>| files.iter().map(|(name, bytes)| (name.clone(), sha256(bytes))).collect();
        let lock = Lock::new(pins(files), pins(golden), programs.clone())?;
        let mut all = files.clone();
        all.extend(golden.clone());
        all.insert(LOCK.into(), lock.to_json()?.into_bytes().into());
        Ok(all)
    }

    /// Runs the sample through the bundle and counts.
    fn profile(&self, files: &Files<'_>, sample: &[u8]) -> Result<Reference> {
        let mut scorer = Scorer::load_for_sample(&write_archive(files)?, self.limits)?;
        let mut fields: Vec<(String, FieldCounter)> = Vec::new();
        let inputs = self.manifest.inputs.iter().map(|input| {
            let listed = input.allowed.as_ref().filter(|_| input.kind == InputType::String);
            let texts =
                listed.map(|values| values.iter().filter_map(|value| Some((value.as_str()?.to_owned(), 0))));
            (&input.name, texts.map(Iterator::collect))
        });
        let features = self.manifest.features.iter().map(|feature| (&feature.name, None));
        let scores = self.manifest.scores.iter().map(|(name, score)| {
            let model = score.model.as_deref().and_then(|id| self.manifest.model(id));
            let labels = model
                .filter(|_| score.take == Some(Take::Label))
                .and_then(|model| model.output.labels.as_ref());
            (name, labels.map(|labels| labels.iter().map(|label| (label.clone(), 0)).collect()))
        });
        for (name, texts) in inputs.chain(features).chain(scores) {
            fields.push((name.clone(), FieldCounter::new(texts)));
        }
        let mut counts = (0, 0);
        let measured = scorer.each_scored(sample, |chunk| {
            counts = (counts.0 + chunk.rows as u64, counts.1 + chunk.scored.len() as u64);
            for (name, counter) in &mut fields {
                if let Some(column) = chunk.scope.position(name).and_then(|place| chunk.columns.get(place)) {
                    chunk.scored.iter().for_each(|&row| counter.push(column, row));
                }
            }
        })?;
        let mix = scorer.take_mix();
        if counts.1 == 0 {
            let message =
                "none of the sample's rows can be scored: required columns are missing or out of range";
            return Err(Error::new(ErrorCode::RecordMalformed, message));
        }
        let explained = self.manifest.reasons.as_ref().and_then(|reasons| reasons.model.as_ref());
        let mut profile = measured.map(Measure::finish).transpose()?;
        let models = self.manifest.models.iter().map(|model| {
            let bytes = files.get(&*model.onnx_file()).map_or(&[][..], |bytes| bytes);
            let reasons = if explained == Some(&model.id) { profile.take() } else { None };
            (model.id.clone(), ModelProfile { sha256: sha256(bytes), reasons })
        });
        let raw = self.manifest.scores.values().filter_map(|score| Some(&score.anomaly.as_ref()?.of));
        let raw: BTreeSet<&String> = raw.collect();
        let asked = fields.iter().filter(|(name, _)| raw.contains(name));
        let percentiles = asked.map(|(name, counter)| (name.clone(), counter.percentiles()));
        let percentiles: BTreeMap<String, Vec<f64>> = percentiles.collect();
        Ok(Reference {
            percentiles,
            format: FORMAT,
            rows: counts.0,
            scored: counts.1,
            mix: self.manifest.monitoring.as_ref().map(|_| mix),
            models: models.collect(),
            fields: fields.into_iter().map(|(name, counter)| (name, counter.finish())).collect(),
        })
    }
}

/// Refuses a profile that was made from other models.
fn check_models(reference: &Reference, files: &Files<'_>, manifest: &Manifest) -> Result<()> {
    for model in &manifest.models {
        let now = files.get(&*model.onnx_file()).map(|bytes| sha256(bytes));
        if reference.models.get(&model.id).map(|profile| profile.sha256) != now {
            let message = format!("it was made from another `{}`; pack with a sample again", model.file);
            return Err(Error::new(ErrorCode::BundleNotPacked, message).at(REFERENCE));
        }
    }
    Ok(())
}

/// Writes what the golden records give now into those that expect something else.
fn bless(scorer: &mut Scorer, golden: &mut Files<'_>) -> Result<()> {
    for (name, bytes) in golden {
        let mut record = GoldenRecord::read(name, bytes)?;
        let found: Expected = scorer.replay(&record);
        if record.expect.as_ref().is_some_and(|expected| difference(expected, &found).is_none()) {
            continue;
        }
        record.expect = Some(found);
        let text = serde_json::to_string_pretty(&record)
            .map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))?;
        *bytes = Cow::Owned((text + "\n").into_bytes());
    }
    Ok(())
}

/// Fails where a file would be written that the folder has not, or has differently.
fn check_unchanged(archive: &Archive<'_>, packed: &Files<'_>) -> Result<()> {
    let mut changed = Vec::new();
    for (name, bytes) in packed {
        if !archive.contains(name) || archive.read(name)? != *bytes {
            changed.push(name.as_str());
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let message = format!("out of date: {}; pack the bundle again", changed.join(", "));
    Err(Error::new(ErrorCode::BundleNotPacked, message))
}
