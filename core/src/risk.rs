//! Risk matrices: likelihood and impact fall into bands, the cell in which they meet is the risk's level,
//! and a level has a strategy.
//!
//! Several risks become one by a stated rule: the highest level, or the mean of the levels' numbers by
//! weights, rounded half up. Rules, limits and the view see the levels.

use crate::bundle::Lock;
use crate::decision::{Shown, push_list, push_option};
use crate::error::Result;
use crate::json::{push_number, push_text};
use crate::limits::Limits;
use crate::manifest::{self, Band, Combination, Manifest, Risk, Strategy};
use crate::quantity::{Quantity, Slot};
use crate::rules::{Column, Data, Texts, Type};
use crate::scope::Scope;

/// The name of the level of all risks together.
const LEVEL: &str = "risk.level";
/// The name of its strategy.
const STRATEGY: &str = "risk.strategy";

/// The risks of a bundle, ready to be judged.
#[derive(Clone, Debug)]
pub struct Risks {
    spec: manifest::Risks,
    risks: Vec<Judge>,
}

#[derive(Clone, Debug)]
struct Judge {
    likelihood: Quantity,
    impact: Quantity,
    /// Per band of the likelihood and of the impact the level.
    cells: Vec<Vec<usize>>,
    missing: Option<usize>,
}

/// One risk of one record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    likelihood: f64,
    likelihood_band: Option<usize>,
    impact: f64,
    impact_band: Option<usize>,
    level: Option<usize>,
}

/// The risks of one record.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskRuling {
    risks: Vec<Judged>,
    /// The level of all together.
    level: Option<usize>,
    /// The weighted mean of the levels' numbers, from 1; NaN where there is none or none is asked for.
    mean: f64,
}

impl RiskRuling {
    /// Whether a level that must be known is not.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.level.is_none()
    }
}

/// Names and types of what risks add to what rules see, in order.
#[must_use]
pub fn names(risks: &manifest::Risks) -> Vec<(String, Type)> {
    let own = risks.risks.iter().map(|risk| format!("risk.{}", risk.id));
    own.chain([LEVEL.to_owned(), STRATEGY.to_owned()]).map(|name| (name, Type::String)).collect()
}

/// The amounts of the risks: likelihood and impact of each, in order.
#[must_use]
pub fn amounts<'m>(manifest: &'m Manifest, scope: &Scope) -> Vec<Slot<'m>> {
    let risks = manifest.risk.iter().flat_map(|risks| &risks.risks).enumerate();
    let slots = risks.flat_map(|(at, risk)| {
        [("likelihood", &risk.likelihood), ("impact", &risk.impact)].map(|(part, own)| Slot {
            amount: &own.of,
            unit: own.unit.as_deref(),
            program: format!("risk.{}.{part}.of", risk.id),
            place: format!("risk.risks[{at}].{part}.of"),
            visible: scope.before_risk(),
        })
    });
    slots.collect()
}

impl Risks {
    /// Binds the packed programs; `None` for a bundle without risks.
    ///
    /// # Errors
    /// `bundle_not_packed`, `rule_invalid` and `rule_budget` where lock and manifest do not fit.
    pub fn load(manifest: &Manifest, scope: &Scope, lock: &Lock, limits: &Limits) -> Result<Option<Self>> {
        let Some(spec) = &manifest.risk else { return Ok(None) };
        let slots = amounts(manifest, scope);
        let level = |name: &String| spec.levels.iter().position(|level| level == name).unwrap_or_default();
        let mut risks = Vec::with_capacity(spec.risks.len());
        for (risk, slots) in spec.risks.iter().zip(slots.chunks_exact(2)) {
            risks.push(Judge {
                likelihood: slots[0].load(scope, lock, limits)?,
                impact: slots[1].load(scope, lock, limits)?,
                cells: risk.cells.iter().map(|row| row.iter().map(level).collect()).collect(),
                missing: risk.missing.as_ref().map(level),
            });
        }
        Ok(Some(Self { spec: spec.clone(), risks }))
    }

    /// Whether an amount reads the column at this place.
    #[must_use]
    pub fn reads(&self, place: usize) -> bool {
        self.risks.iter().any(|risk| risk.likelihood.reads(place) || risk.impact.reads(place))
    }

    /// Judges all rows, and appends the columns that [`names`] lists.
    ///
    /// # Errors
    /// `internal` only.
    pub fn judge(&self, columns: &mut Vec<Column>, rows: usize) -> Result<Vec<RiskRuling>> {
        let mut judged: Vec<Vec<Judged>> = vec![Vec::with_capacity(self.risks.len()); rows];
        for (judge, risk) in self.risks.iter().zip(&self.spec.risks) {
            let likelihood = judge.likelihood.values(columns, rows)?;
            let impact = judge.impact.values(columns, rows)?;
            for ((row, likelihood), impact) in judged.iter_mut().zip(likelihood).zip(impact) {
                row.push(judge.level(risk, likelihood, impact));
            }
        }
        let rulings: Vec<RiskRuling> = judged.into_iter().map(|risks| self.combine(risks)).collect();
        for at in 0..self.risks.len() {
            columns.push(texts(&rulings, |ruling| self.level_name(ruling.risks[at].level)));
        }
        columns.push(texts(&rulings, |ruling| self.level_name(ruling.level)));
        columns.push(texts(&rulings, |ruling| self.strategy(ruling.level).map(Strategy::name)));
        Ok(rulings)
    }

    /// The levels and the strategy, as columns of a batch's answer.
    #[must_use]
    pub fn shown(&self, scope: &Scope) -> Vec<Shown> {
        let parts = names(&self.spec).into_iter().enumerate().map(|(at, (name, ty))| {
            let pointer = match self.spec.risks.len().checked_sub(at) {
                Some(1..) => format!("/risk/risks/{at}/level"),
                _ => format!("/{}", name.replace('.', "/")),
            };
            Shown::column(name, ty, scope.before_risk() + at, pointer)
        });
        parts.collect()
    }

    fn level_name(&self, level: Option<usize>) -> Option<&str> {
        self.spec.levels.get(level?).map(String::as_str)
    }

    fn strategy(&self, level: Option<usize>) -> Option<Strategy> {
        self.spec.strategies.get(self.level_name(level)?).copied()
    }

    fn combine(&self, risks: Vec<Judged>) -> RiskRuling {
        let levels: Option<Vec<usize>> = risks.iter().map(|risk| risk.level).collect();
        let Some(levels) = levels else { return RiskRuling { risks, level: None, mean: f64::NAN } };
        if self.spec.combine == Combination::Max {
            return RiskRuling { risks, level: levels.into_iter().max(), mean: f64::NAN };
        }
        let (mut sum, mut weights) = (0.0, 0.0);
        for (level, risk) in levels.iter().zip(&self.spec.risks) {
            let weight = risk.weight.unwrap_or_default();
            sum += weight * (*level as f64 + 1.0);
            weights += weight;
        }
        let mean = sum / weights;
        // Half up: a mean between two levels counts as the worse one.
        let number = libm::floor(mean + 0.5) as usize;
        let level = number.clamp(1, self.spec.levels.len()) - 1;
        RiskRuling { risks, level: Some(level), mean }
    }

    /// Appends the section `risk` of a decision; null for a record that was not scored.
    pub fn write(&self, ruling: Option<&RiskRuling>, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"risk\":");
        push_option(out, ruling, |out, ruling| {
            out.extend_from_slice(b"{\"level\":");
            push_option(out, self.level_name(ruling.level), push_text);
            out.extend_from_slice(b",\"strategy\":");
            push_option(out, self.strategy(ruling.level).map(Strategy::name), push_text);
            if self.spec.combine == Combination::Weighted {
                out.extend_from_slice(b",\"mean\":");
                push_number(out, ruling.mean);
            }
            out.extend_from_slice(b",\"risks\":");
            let risks: Vec<(&Risk, &Judged)> = self.spec.risks.iter().zip(&ruling.risks).collect();
            push_list(out, &risks, |out, (risk, judged)| self.write_risk(risk, judged, out));
            out.push(b'}');
        });
    }

    fn write_risk(&self, risk: &Risk, judged: &Judged, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"id\":");
        push_text(out, &risk.id);
        out.extend_from_slice(b",\"kind\":");
        push_text(out, risk.kind.name());
        for (key, number, band, bands) in [
            (&b",\"likelihood\":"[..], judged.likelihood, judged.likelihood_band, &risk.likelihood.bands),
            (b",\"impact\":", judged.impact, judged.impact_band, &risk.impact.bands),
        ] {
            out.extend_from_slice(key);
            out.extend_from_slice(b"{\"value\":");
            push_number(out, number);
            out.extend_from_slice(b",\"band\":");
            let label = band.and_then(|at| bands.get(at)).map(|band| band.label.as_str());
            push_option(out, label, push_text);
            out.push(b'}');
        }
        out.extend_from_slice(b",\"level\":");
        push_option(out, self.level_name(judged.level), push_text);
        out.extend_from_slice(b",\"strategy\":");
        push_option(out, self.strategy(judged.level).map(Strategy::name), push_text);
        out.push(b'}');
    }
}

impl Judge {
    fn level(&self, risk: &Risk, likelihood: f64, impact: f64) -> Judged {
        let likelihood_band = Band::find(&risk.likelihood.bands, likelihood);
        let impact_band = Band::find(&risk.impact.bands, impact);
        let cell = likelihood_band.zip(impact_band);
        let level = match cell {
            Some((row, column)) => self.cells.get(row).and_then(|row| row.get(column)).copied(),
            None => self.missing,
        };
        Judged { likelihood, likelihood_band, impact, impact_band, level }
    }
}

/// A column of texts, null where there is none.
fn texts<'t, R>(rows: &'t [R], text: impl Fn(&'t R) -> Option<&'t str>) -> Column {
    let present: Vec<bool> = rows.iter().map(|row| text(row).is_some()).collect();
    let texts: Texts = rows.iter().map(|row| text(row).unwrap_or_default()).collect();
    Column::with_presence(Data::Text(texts), &present)
}
