//! From an archive to a scorer: everything that can be wrong with a bundle is found here.

use std::collections::BTreeMap;

use super::Scorer;
use super::explain::Explaining;
use crate::bundle::{Archive, GOLDEN, LOCK, Lock, MANIFEST, PARITY, REFERENCE, Sha256Digest, sha256};
use crate::decision::{IssueNames, Letterhead};
use crate::error::{Error, ErrorCode, Result};
use crate::exposure::Exposures;
use crate::features::Features;
use crate::json::Value;
use crate::limits::Limits;
use crate::manifest::{Direction, Manifest, ReasonMethod, located};
use crate::models::{Answers, Scoring};
use crate::monitoring::Plan;
use crate::offers::{self, Offers, State};
use crate::parity::Certificate;
use crate::policy::Policy;
use crate::reasons::CodeMap;
use crate::reference::Reference;
use crate::risk::Risks;
use crate::schema::{Checks, Schema};
use crate::scope::{NOW, QUALITY_ISSUES, Scope};
use crate::scorecard::Card;
use crate::scores::Scores;
use crate::view::View;

/// What a bundle is loaded for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Decisions.
    Decide,
    /// The features and scores of a training sample: there is no profile yet to explain with, and rules
    /// that only hold at some time do not ask for one.
    #[cfg(feature = "authoring")]
    Sample,
}

pub(super) fn load(zip: &[u8], limits: &Limits, module_digest: [u8; 32], purpose: Purpose) -> Result<Scorer> {
    let archive = Archive::open(zip, limits)?;
    if !archive.contains(MANIFEST) {
        let message = format!("the archive has no `{MANIFEST}` at its top");
        return Err(Error::new(ErrorCode::BundleMalformed, message));
    }
    let json = archive.read(MANIFEST)?;
    let mut manifest = Manifest::read(&json, limits)?;
    if !archive.contains(LOCK) {
        let message = format!("the bundle has no `{LOCK}`; pack it with `scorebox pack`");
        return Err(Error::new(ErrorCode::BundleNotPacked, message));
    }
    let lock = Lock::read(&archive.read(LOCK)?)?;
    lock.check_file(MANIFEST, &json)?;
    let read = |file: &str| {
        let bytes = archive.read(file)?;
        lock.check_file(file, &bytes).map(|()| bytes)
    };
    manifest.read_tables(limits, read).map_err(|error| located(error, &json))?;
    assemble(&archive, manifest, &lock, limits, module_digest, purpose).map_err(|error| located(error, &json))
}

fn assemble(
    archive: &Archive<'_>,
    manifest: Manifest,
    lock: &Lock,
    limits: &Limits,
    module_digest: [u8; 32],
    purpose: Purpose,
) -> Result<Scorer> {
    let scope = Scope::new(&manifest);
    let features = Features::load(&manifest, &scope, lock, limits)?;
    let checks = Checks::load(&manifest, &scope, lock, limits)?;
    let reference = match archive.contains(REFERENCE) && lock.files.contains_key(REFERENCE) {
        true => {
            let bytes = archive.read(REFERENCE)?;
            lock.check_file(REFERENCE, &bytes)?;
            Some(Reference::read(&bytes)?)
        }
        false => None,
    };
    let profiling = purpose != Purpose::Decide;
    let scores = Scores::load(&manifest, &scope, lock, reference.as_ref(), profiling, limits)?;
    let card = Card::load(&manifest, &scope)?;
    let risks = Risks::load(&manifest, &scope, lock, limits)?;
    let exposures = Exposures::load(&manifest, &scope, lock, limits)?;
    let view = View::load(&manifest, &scope, lock, limits)?;
    let offers = load_offers(archive, &manifest, &scope, lock, limits)?;
    let policy = Policy::load(&manifest, &scope, lock, limits)?;
    let mut models = Vec::with_capacity(manifest.models.len());
    let mut explaining = None;
    for (at, spec) in manifest.models.iter().enumerate() {
        let place = |error: Error| error.at(format_args!("models[{at}]"));
        let file = spec.onnx_file();
        let onnx = archive.read(&file).map_err(place)?;
        lock.check_file(&file, &onnx).map_err(place)?;
        check_pin(spec.sha256, &onnx).map_err(place)?;
        let scoring = Scoring::load(spec, &onnx, &manifest, &scope, limits).map_err(place)?;
        let explained = manifest.reasons.as_ref().filter(|reasons| reasons.model.as_ref() == Some(&spec.id));
        if let Some(reasons) = explained.filter(|_| purpose == Purpose::Decide) {
            let loaded = Explaining::load(at, &scoring, spec, reasons, reference.as_ref());
            explaining = Some(loaded.map_err(|error| error.at("reasons"))?);
        }
        models.push(scoring);
    }
    let parity = load_parity(archive, &manifest, lock)?;
    let mut golden = BTreeMap::new();
    for name in archive.names().filter(|name| name.starts_with(GOLDEN) && lock.golden.contains_key(*name)) {
        let bytes = archive.read(name)?;
        lock.check_golden(name, &bytes)?;
        golden.insert(name.to_owned(), bytes.into_owned());
    }
    let time = scope.position(NOW).unwrap_or(usize::MAX);
    let policy_uses_time = policy.as_ref().is_some_and(|policy| policy.uses_time(time));
    let stages_read = |place| {
        view.as_ref().is_some_and(|view| view.reads(place))
            || risks.as_ref().is_some_and(|risks| risks.reads(place))
            || exposures.as_ref().is_some_and(|exposures| exposures.reads(place))
    };
    let uses_time = features.read(time)
        || checks.read(time)
        || scores.read(time)
        || stages_read(time)
        || offers.as_ref().is_some_and(|offers| offers.uses_time(time))
        || (policy_uses_time && purpose == Purpose::Decide);
    let issues = scope.position(QUALITY_ISSUES).unwrap_or(usize::MAX);
    let reads_issues = policy.as_ref().is_some_and(|policy| policy.reads(issues))
        || stages_read(issues)
        || offers.as_ref().is_some_and(|offers| offers.reads(issues));
    let plan = Plan::new(&manifest, &scope, reference.as_ref(), lock.digest);
    let head = letterhead(&manifest, &scores, policy.as_ref(), lock.digest, module_digest);
    Ok(Scorer {
        limits: *limits,
        scope,
        schema: Schema::new(&manifest, uses_time, limits),
        features,
        checks,
        reads_issues,
        answers: models.iter().map(|_| Answers::default()).collect(),
        models,
        scores,
        card_codes: card_codes(&manifest),
        card,
        head,
        risks,
        exposures,
        view,
        policy,
        offers,
        deferred: manifest.models.iter().map(|model| offers::is_deferred(model, &manifest)).collect(),
        explaining,
        manifest,
        plan,
        counts: None,
        parity,
        golden,
        scratch: Vec::new(),
    })
}

/// Reads the certificates that the lock pins.
fn load_parity(archive: &Archive<'_>, manifest: &Manifest, lock: &Lock) -> Result<Vec<Value>> {
    let tables = manifest.table_files();
    let state = manifest.offers.iter().flat_map(|own| &own.bandit).find_map(|own| own.state.as_deref());
    // A manifest may call its other files so.
    let is_other = |file: &str| {
        state == Some(file)
            || tables.contains(file)
            || manifest.models.iter().any(|model| model.onnx_file() == file)
    };
    let pinned = |file: &&str| file.starts_with(PARITY) && file.ends_with(".json") && !is_other(file);
    let mut all = Vec::new();
    let models: Vec<Sha256Digest> = manifest
        .models
        .iter()
        .map(|model| lock.files.get(&*model.onnx_file()).copied().unwrap_or_default())
        .collect();
    for file in lock.files.keys().map(String::as_str).filter(pinned) {
        let bytes = archive.read(file)?;
        lock.check_file(file, &bytes)?;
        let certificate = Certificate::read(file, &bytes)?;
        let model = &manifest.models[certificate.model(file, &models)?];
        all.push(certificate.describe(file, &model.id));
    }
    Ok(all)
}

/// Prepares the offers, with the file that a bandit starts from.
fn load_offers(
    archive: &Archive<'_>,
    manifest: &Manifest,
    scope: &Scope,
    lock: &Lock,
    limits: &Limits,
) -> Result<Option<Offers>> {
    let bandit = manifest.offers.as_ref().and_then(|offers| offers.bandit.as_ref());
    let state = match bandit.and_then(|bandit| bandit.state.as_ref()) {
        None => None,
        Some(name) => {
            let place = |error: Error| error.at("offers.bandit.state");
            let bytes = archive.read(name).map_err(place)?;
            lock.check_file(name, &bytes).map_err(place)?;
            let state = State::read(&crate::json::read(&bytes).map_err(place)?).map_err(place)?;
            Some(state)
        }
    };
    Offers::load(manifest, scope, lock, state, limits)
}

/// The codes of a scorecard that explains itself.
fn card_codes(manifest: &Manifest) -> Option<CodeMap> {
    let reasons = manifest.reasons.as_ref().filter(|own| own.method == Some(ReasonMethod::Scorecard))?;
    let names = manifest.scorecard.as_ref()?.characteristics.iter().map(|own| own.of.as_str());
    Some(CodeMap::new(&reasons.codes, &names.collect::<Vec<_>>(), Direction::Increase))
}

fn check_pin(pinned: Option<Sha256Digest>, bytes: &[u8]) -> Result<()> {
    match pinned {
        Some(pinned) if pinned != sha256(bytes) => Err(Error::new(
            ErrorCode::BundleDigest,
            format!("the file's sha256 is {}, not the one that is given", sha256(bytes)),
        )
        .at("sha256")),
        _ => Ok(()),
    }
}

fn letterhead(
    manifest: &Manifest,
    scores: &Scores,
    policy: Option<&Policy>,
    digest: Sha256Digest,
    module_digest: [u8; 32],
) -> Letterhead {
    let ids = manifest.policy.iter().flat_map(|policy| &policy.rules).map(|rule| rule.id.clone());
    Letterhead {
        bundle: manifest.name.clone(),
        version: manifest.version.clone(),
        scores: scores.entries().iter().map(|entry| entry.name.clone()).collect(),
        points: manifest.scorecard.is_some(),
        policy: policy.map(|policy| (policy.hit_policy().name(), ids.collect())),
        explained: manifest.reasons.as_ref().and_then(|reasons| reasons.model.clone()),
        issues: IssueNames {
            checks: manifest
                .checks
                .iter()
                .map(|check| (check.id.clone(), check.fields.clone(), check.text.clone()))
                .collect(),
            sources: manifest.sources.iter().map(|source| source.id.clone()).collect(),
            key: manifest.duplicates.as_ref().map_or_else(Vec::new, |duplicates| duplicates.key.clone()),
        },
        module: Sha256Digest(module_digest),
        digest,
    }
}
