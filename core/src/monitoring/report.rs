//! From counts to a report: what has moved since the training sample, and whether it is worth a look.

use super::counts::{Counts, Tally};
use super::plan::{Bins, FieldPlan, Plan};
use super::stability::{share_noise, stability};
use crate::json::{Map, Value, json};
use crate::manifest::{Manifest, Thresholds};

/// How much a change is worth, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// There is nothing to compare with.
    Unknown,
    /// There are too few records to tell.
    Few,
    /// Nothing that matters, or nothing that chance does not explain.
    Ok,
    /// Worth a look.
    Watch,
    /// An alert.
    Alert,
}

impl Level {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Few => "few",
            Self::Ok => "ok",
            Self::Watch => "watch",
            Self::Alert => "alert",
        }
    }

    /// The level of a change that is greater than what chance explains.
    fn of(change: f64, noise: f64, thresholds: Thresholds, rows: u64, plan: &Plan) -> Self {
        if rows < plan.min_rows().max(1) {
            Self::Few
        } else if change > noise && change >= thresholds.alert {
            Self::Alert
        } else if change > noise && change >= thresholds.watch {
            Self::Watch
        } else {
            Self::Ok
        }
    }
}

/// The report on counts of a bundle, as JSON. `docs/manifest/monitoring.md` says what its parts are.
#[must_use]
pub fn report(manifest: &Manifest, plan: &Plan, counts: &Counts) -> Value {
    let mut worst = Level::Unknown;
    let fields: Vec<Value> =
        plan.fields().iter().map(|field| field_report(field, plan, counts, &mut worst)).collect();
    let quality = quality_report(plan, counts, &mut worst);
    let mut mixes = Map::new();
    let sample = plan.mix();
    let rows = plan.sample().map_or((0, 0), |sample| sample);
    for (name, now, then, total, base) in [
        ("verdicts", &counts.mix.verdicts, sample.map(|mix| &mix.verdicts), counts.rows, rows.0),
        ("outcomes", &counts.mix.outcomes, sample.map(|mix| &mix.outcomes), counts.rows, rows.0),
        ("grades", &counts.mix.grades, sample.map(|mix| &mix.grades), counts.scored, rows.1),
        ("stages", &counts.mix.stages, sample.map(|mix| &mix.stages), counts.scored, rows.1),
        ("offers", &counts.mix.offers, sample.map(|mix| &mix.offers), counts.scored, rows.1),
    ] {
        if now.is_empty() && then.is_none_or(Tally::is_empty) {
            continue;
        }
        mixes.insert(name.into(), mix_report(name, now, then, (total, base), plan, &mut worst));
    }
    let thresholds = |own: Thresholds| json!({"watch": own.watch, "alert": own.alert});
    json!({
        "bundle": {"name": manifest.name, "version": manifest.version, "digest": plan.bundle().to_string()},
        "rows": counts.rows,
        "scored": counts.scored,
        "sample": plan.sample().map(|(rows, scored)| json!({"rows": rows, "scored": scored})),
        "level": worst.name(),
        "thresholds": {
            "stability": thresholds(plan.stability("")), "quality": thresholds(plan.quality("")),
            "min_rows": plan.min_rows(),
        },
        "fields": fields,
        "quality": quality,
        "mix": mixes,
    })
}

/// A finite number, or null.
fn number(number: f64) -> Value {
    if number.is_finite() { json!(number) } else { Value::Null }
}

fn share(count: u64, rows: u64) -> Value {
    if rows == 0 { Value::Null } else { json!(count as f64 / rows as f64) }
}

fn field_report(field: &FieldPlan, plan: &Plan, counts: &Counts, worst: &mut Level) -> Value {
    let empty = super::counts::FieldCounts::default();
    let own = counts.fields.get(&field.name).unwrap_or(&empty);
    let (sample, sample_missing) = (&field.sample.0, field.sample.1);
    // What is missing is a bin of its own.
    let with = |bins: &[u64], missing: u64| [bins, &[missing]].concat();
    let moved = match field.bins.is_empty() {
        true => None,
        false => stability(&with(&own.bins, own.missing), &with(sample, sample_missing)),
    };
    let level = match moved {
        None => Level::Unknown,
        Some(moved) => Level::of(moved.index, moved.noise, plan.stability(&field.name), counts.scored, plan),
    };
    *worst = (*worst).max(level);
    let scored = plan.sample().map_or(0, |(_, scored)| scored);
    let bins = own.bins.iter().enumerate().map(|(at, &count)| {
        let mut bin = Map::new();
        match &field.bins {
            Bins::Edges(edges) if !field.personal => {
                bin.insert("up_to".into(), edges.get(at).map_or(Value::Null, |edge| json!(edge)));
            }
            Bins::Texts(texts) => {
                bin.insert("value".into(), texts.get(at).map_or(Value::Null, |text| json!(text)));
            }
            _ => {}
        }
        bin.insert("share".into(), share(count, counts.scored));
        bin.insert("sample".into(), share(sample.get(at).copied().unwrap_or(0), scored));
        Value::Object(bin)
    });
    json!({
        "field": field.name,
        "role": field.role.name(),
        "index": moved.map_or(Value::Null, |moved| number(moved.index)),
        "noise": moved.map_or(Value::Null, |moved| number(moved.noise)),
        "level": level.name(),
        "missing": {"share": share(own.missing, counts.scored), "sample": share(sample_missing, scored)},
        "bins": bins.collect::<Vec<_>>(),
    })
}

/// Every issue that records have or the sample had, by field.
fn quality_report(plan: &Plan, counts: &Counts, worst: &mut Level) -> Vec<Value> {
    let nothing = super::counts::Mix::default();
    let sample = plan.mix().unwrap_or(&nothing);
    let mut fields: Vec<&String> = plan.inputs().iter().collect();
    for name in counts.mix.issues.keys().chain(sample.issues.keys()) {
        if !fields.contains(&name) {
            fields.push(name);
        }
    }
    let rows = plan.sample().map_or(0, |(rows, _)| rows);
    let mut lines = Vec::new();
    for field in fields {
        let (now, then) = (counts.mix.issues.get(field), sample.issues.get(field));
        let mut issues: Vec<&String> = now.into_iter().chain(then).flat_map(Tally::keys).collect();
        issues.sort_unstable();
        issues.dedup();
        for issue in issues {
            let count = |tally: Option<&Tally>| tally.and_then(|own| own.get(issue)).copied().unwrap_or(0);
            let (now, then) = (count(now), count(then));
            let known = plan.mix().is_some() && rows > 0 && counts.rows > 0;
            let difference = now as f64 / counts.rows as f64 - then as f64 / rows as f64;
            let noise = share_noise((now, counts.rows), (then, rows));
            let level = match known {
                true => Level::of(difference.abs(), noise, plan.quality(field), counts.rows, plan),
                false => Level::Unknown,
            };
            *worst = (*worst).max(level);
            lines.push(json!({
                "field": field, "issue": issue, "share": share(now, counts.rows),
                "sample": if known { share(then, rows) } else { Value::Null },
                "difference": if known { number(difference) } else { Value::Null },
                "level": level.name(),
            }));
        }
    }
    lines
}

/// A tally as shares, compared with the sample's where it has one.
fn mix_report(
    name: &str,
    now: &Tally,
    then: Option<&Tally>,
    (total, base): (u64, u64),
    plan: &Plan,
    worst: &mut Level,
) -> Value {
    let then = then.filter(|then| !then.is_empty());
    let mut names: Vec<&String> = now.keys().chain(then.into_iter().flat_map(Tally::keys)).collect();
    names.sort_unstable();
    names.dedup();
    let counts = |tally: &Tally| -> Vec<u64> {
        names.iter().map(|name| tally.get(*name).copied().unwrap_or(0)).collect()
    };
    let moved = then.and_then(|then| stability(&counts(now), &counts(then)));
    let level = match (moved, then) {
        (Some(moved), _) => Level::of(moved.index, moved.noise, plan.stability(name), total, plan),
        // One name in both: nothing can have moved.
        (None, Some(_)) => Level::of(0.0, 0.0, plan.stability(name), total, plan),
        (None, None) => Level::Unknown,
    };
    *worst = (*worst).max(level);
    let shares = names.iter().map(|name| {
        let sample = then.map_or(Value::Null, |then| share(then.get(*name).copied().unwrap_or(0), base));
        json!({"name": name, "share": share(now.get(*name).copied().unwrap_or(0), total), "sample": sample})
    });
    json!({
        "index": moved.map_or(Value::Null, |moved| number(moved.index)),
        "noise": moved.map_or(Value::Null, |moved| number(moved.noise)),
        "level": level.name(),
        "shares": shares.collect::<Vec<_>>(),
    })
}
