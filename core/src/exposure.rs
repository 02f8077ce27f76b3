//! Limits on exposure: what a customer, a group of connected customers or a segment owes already, plus
//! what is requested, against what is allowed.
//!
//! Headroom is the limit less the current exposure: what is left before the request. The limit with the
//! least headroom binds, the first of equals.

use crate::bundle::Lock;
use crate::decision::{Shown, push_list, push_option};
use crate::error::Result;
use crate::json::{push_number, push_text};
use crate::limits;
use crate::manifest::{self, Limit, Manifest, Outcome};
use crate::quantity::{Quantity, Slot};
use crate::rules::{Column, Data, Texts, Type};
use crate::scope::Scope;
use crate::scores::numbers;

/// The name of the least headroom.
const HEADROOM: &str = "limits.headroom";
/// The name of the limit that binds.
const BINDING: &str = "limits.binding";
/// The name of whether any limit is passed.
const BREACHED: &str = "limits.breached";

/// The limits of a bundle, ready to be held against records.
#[derive(Clone, Debug)]
pub struct Exposures {
    spec: manifest::Limits,
    requested: Quantity,
    limits: Vec<Gauge>,
}

#[derive(Clone, Debug)]
struct Gauge {
    current: Quantity,
    limit: Level,
}

#[derive(Clone, Debug)]
enum Level {
    Amount(Quantity),
    /// By the text in the column at this place.
    Segment(usize),
}

/// One limit held against one record.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    current: f64,
    limit: f64,
    /// `None` where an amount is missing.
    breached: Option<bool>,
}

/// The limits held against one record.
#[derive(Clone, Debug, PartialEq)]
pub struct ExposureRuling {
    requested: f64,
    held: Vec<Held>,
    /// The limit that binds, by its place.
    binding: Option<usize>,
    /// The most severe outcome of the limits that are passed.
    pub outcome: Option<Outcome>,
}

impl Held {
    fn headroom(&self) -> f64 {
        self.limit - self.current
    }
}

impl ExposureRuling {
    /// Whether an amount is missing.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.held.iter().any(|held| held.breached.is_none())
    }

    fn breached(&self) -> Option<bool> {
        // A limit that is passed is passed, whatever is not known of others.
        if self.held.iter().any(|held| held.breached == Some(true)) {
            return Some(true);
        }
        (!self.is_unknown()).then_some(false)
    }
}

/// Names and types of what limits add to what rules see, in order.
#[must_use]
pub fn names(limits: &manifest::Limits) -> Vec<(String, Type)> {
    let own = limits.limits.iter().map(|limit| (format!("limits.{}.headroom", limit.id), Type::Double));
    let all = [(HEADROOM, Type::Double), (BINDING, Type::String), (BREACHED, Type::Bool)];
    own.chain(all.map(|(name, ty)| (name.to_owned(), ty))).collect()
}

/// The amounts of the limits: what is requested, and per limit the current exposure and, where it is no
/// segment's, the limit.
#[must_use]
pub fn amounts<'m>(manifest: &'m Manifest, scope: &Scope) -> Vec<Slot<'m>> {
    let Some(limits) = &manifest.limits else { return Vec::new() };
    let slot = |amount: &'m manifest::Amount, program: String, place: String| Slot {
        amount,
        unit: limits.unit.as_deref(),
        program,
        place,
        visible: scope.before_limits(),
    };
    let mut slots = vec![slot(&limits.requested, "limits.requested".into(), "limits.requested".into())];
    for (at, limit) in limits.limits.iter().enumerate() {
        let (program, place) = (format!("limits.{}", limit.id), format!("limits.limits[{at}]"));
        slots.push(slot(&limit.current, format!("{program}.current"), format!("{place}.current")));
        if let Some(amount) = &limit.limit {
            slots.push(slot(amount, format!("{program}.limit"), format!("{place}.limit")));
        }
    }
    slots
}

impl Exposures {
    /// Binds the packed programs; `None` for a bundle without limits.
    ///
    /// # Errors
    /// `bundle_not_packed`, `rule_invalid` and `rule_budget` where lock and manifest do not fit.
    pub fn load(
        manifest: &Manifest,
        scope: &Scope,
        lock: &Lock,
        limits: &limits::Limits,
    ) -> Result<Option<Self>> {
        let Some(spec) = &manifest.limits else { return Ok(None) };
        let slots = amounts(manifest, scope);
        let quantities: Vec<Quantity> =
            slots.iter().map(|slot| slot.load(scope, lock, limits)).collect::<Result<_>>()?;
        let mut quantities = quantities.into_iter();
        let mut next = || quantities.next().unwrap_or(Quantity::Number(f64::NAN));
        let requested = next();
        let gauge = |limit: &Limit| Gauge {
            current: next(),
            limit: match (&limit.limit, &limit.segment) {
                (None, Some(segment)) => Level::Segment(scope.position(segment).unwrap_or(usize::MAX)),
                _ => Level::Amount(next()),
            },
        };
        let limits = spec.limits.iter().map(gauge).collect();
        Ok(Some(Self { spec: spec.clone(), requested, limits }))
    }

    /// Whether an amount reads the column at this place.
    #[must_use]
    pub fn reads(&self, place: usize) -> bool {
        self.requested.reads(place)
            || self.limits.iter().any(|gauge| {
                gauge.current.reads(place)
                    || match &gauge.limit {
                        Level::Amount(amount) => amount.reads(place),
                        Level::Segment(own) => *own == place,
                    }
            })
    }

    /// Holds the limits against all rows, and appends the columns that [`names`] lists.
    ///
    /// # Errors
    /// `internal` only.
    pub fn hold(&self, columns: &mut Vec<Column>, rows: usize) -> Result<Vec<ExposureRuling>> {
        let requested = self.requested.values(columns, rows)?;
        let mut held: Vec<Vec<Held>> = vec![Vec::with_capacity(self.limits.len()); rows];
        for (gauge, limit) in self.limits.iter().zip(&self.spec.limits) {
            let current = gauge.current.values(columns, rows)?;
            let levels = gauge.limit.values(limit, columns, rows)?;
            for (row, held) in held.iter_mut().enumerate() {
                let (current, limit) = (current[row], levels[row]);
                let after = current + requested[row];
                let known = !after.is_nan() && !limit.is_nan();
                held.push(Held { current, limit, breached: known.then_some(after > limit) });
            }
        }
        let rulings: Vec<ExposureRuling> =
            held.into_iter().zip(requested).map(|(held, requested)| self.rule(held, requested)).collect();
        for at in 0..self.limits.len() {
            columns
                .push(numbers(&rulings.iter().map(|ruling| ruling.held[at].headroom()).collect::<Vec<_>>()));
        }
        columns.push(numbers(&rulings.iter().map(ExposureRuling::headroom).collect::<Vec<_>>()));
        let binding = |ruling: &ExposureRuling| self.spec.limits.get(ruling.binding?).map(|limit| &*limit.id);
        let present: Vec<bool> = rulings.iter().map(|ruling| binding(ruling).is_some()).collect();
        let names: Texts = rulings.iter().map(|ruling| binding(ruling).unwrap_or_default()).collect();
        columns.push(Column::with_presence(Data::Text(names), &present));
        let present: Vec<bool> = rulings.iter().map(|ruling| ruling.breached().is_some()).collect();
        let truths = rulings.iter().map(|ruling| ruling.breached().unwrap_or_default()).collect();
        columns.push(Column::with_presence(Data::Bool(truths), &present));
        Ok(rulings)
    }

    /// What they give, as columns of a batch's answer.
    #[must_use]
    pub fn shown(&self, scope: &Scope) -> Vec<Shown> {
        let parts = names(&self.spec).into_iter().enumerate().map(|(at, (name, ty))| {
            let pointer = match self.spec.limits.len().checked_sub(at) {
                Some(1..) => format!("/limits/limits/{at}/headroom"),
                _ => format!("/{}", name.replace('.', "/")),
            };
            Shown::column(name, ty, scope.before_limits() + at, pointer)
        });
        parts.collect()
    }

    fn rule(&self, held: Vec<Held>, requested: f64) -> ExposureRuling {
        let known = held.iter().all(|held| !held.headroom().is_nan());
        let places = 0..held.len();
        // Of equal headrooms the first binds: `min_by` keeps the first of equals.
        let least = places.min_by(|&a, &b| held[a].headroom().total_cmp(&held[b].headroom()));
        let passed = held.iter().zip(&self.spec.limits).filter(|(held, _)| held.breached == Some(true));
        let outcome = passed.filter_map(|(_, limit)| limit.on_breach).max();
        ExposureRuling { requested, binding: least.filter(|_| known), held, outcome }
    }

    /// Codes of the reasons of the limits that are passed.
    pub fn reason_codes<'e>(&'e self, ruling: &'e ExposureRuling) -> impl Iterator<Item = &'e str> {
        let passed =
            self.spec.limits.iter().zip(&ruling.held).filter(|(_, held)| held.breached == Some(true));
        passed.filter_map(|(limit, _)| limit.reason.as_deref())
    }

    /// Appends the section `limits` of a decision; null for a record that was not scored.
    pub fn write(&self, ruling: Option<&ExposureRuling>, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"limits\":");
        push_option(out, ruling, |out, ruling| {
            out.extend_from_slice(b"{\"requested\":");
            push_number(out, ruling.requested);
            out.extend_from_slice(b",\"unit\":");
            push_option(out, self.spec.unit.as_deref(), push_text);
            out.extend_from_slice(b",\"binding\":");
            let binding = ruling.binding.and_then(|at| self.spec.limits.get(at));
            push_option(out, binding, |out, limit| push_text(out, &limit.id));
            out.extend_from_slice(b",\"headroom\":");
            push_number(out, ruling.headroom());
            out.extend_from_slice(b",\"breached\":");
            push_truth(out, ruling.breached());
            out.extend_from_slice(b",\"limits\":");
            let limits: Vec<(&Limit, &Held)> = self.spec.limits.iter().zip(&ruling.held).collect();
            push_list(out, &limits, |out, (limit, held)| write_limit(limit, held, ruling.requested, out));
            out.push(b'}');
        });
    }
}

impl ExposureRuling {
    fn headroom(&self) -> f64 {
        self.binding.and_then(|at| self.held.get(at)).map_or(f64::NAN, Held::headroom)
    }
}

fn write_limit(limit: &Limit, held: &Held, requested: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"id\":");
    push_text(out, &limit.id);
    out.extend_from_slice(b",\"of\":");
    push_text(out, limit.of.name());
    let after = held.current + requested;
    for (key, number) in [
        (&b",\"current\":"[..], held.current),
        (b",\"limit\":", held.limit),
        (b",\"headroom\":", held.headroom()),
        // A limit of nothing cannot be used by a share of it.
        (b",\"used\":", if held.limit == 0.0 { f64::NAN } else { after / held.limit }),
    ] {
        out.extend_from_slice(key);
        push_number(out, number);
    }
    out.extend_from_slice(b",\"breached\":");
    push_truth(out, held.breached);
    out.push(b'}');
}

fn push_truth(out: &mut Vec<u8>, truth: Option<bool>) {
    push_option(out, truth, |out, truth| out.extend_from_slice(if truth { b"true" } else { b"false" }));
}

impl Level {
    /// The limit of each row; NaN where there is none.
    fn values(&self, limit: &Limit, columns: &[Column], rows: usize) -> Result<Vec<f64>> {
        let place = match self {
            Self::Amount(amount) => return amount.values(columns, rows),
            Self::Segment(place) => *place,
        };
        let column = columns.get(place);
        let of = |row: usize| {
            let column = column.filter(|column| !column.is_null(row) && column.fault(row).is_none())?;
            let Data::Text(cells) = column.data() else { return None };
            limit.by_segment.get(cells.get(row)).copied().or(limit.otherwise)
        };
        Ok((0..rows).map(|row| of(row).unwrap_or(f64::NAN)).collect())
    }
}
