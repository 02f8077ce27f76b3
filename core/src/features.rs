//! Features: from checked columns to further columns: expressions, aggregates over lists of records, guarded
//! ratios, bins, weights of evidence.
//!
//! A feature that has no value for a row is missing there: models see NaN, rules see null. So is one whose
//! value is infinite or NaN, because no model was trained to tell infinity from a large number.

mod aggregate;
mod elements;
mod fold;
mod settle;
mod table;

pub use aggregate::{condition_path, value_path};
pub use elements::Elements;
pub use fold::check_value;
pub(crate) use settle::settle;

use self::aggregate::Aggregation;
use self::table::{Quotient, Table};
use crate::bundle::Lock;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::manifest::{Feature, InputType, Manifest};
use crate::rules::{Column, Type};
use crate::scope::{Bound, Scope, rule_type};

/// The features of a bundle.
#[derive(Clone, Debug)]
pub struct Features {
    list: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Step {
    way: Way,
    kind: InputType,
    default: Option<crate::json::Value>,
}

/// How a feature is computed.
#[derive(Clone, Debug)]
enum Way {
    Expression(Bound),
    Aggregate(Box<Aggregation>),
    Ratio(Quotient),
    Table(Box<Table>),
}

/// The path of the program of a feature's expression in the lock.
#[must_use]
pub fn program_path(feature: &Feature) -> String {
    format!("features.{}.expr", feature.name)
}

/// Whether an expression of this type can be a feature of this kind.
///
/// # Errors
/// `rule_invalid` that says which type is right.
pub fn check_type(feature: &Feature, result: &Type) -> Result<()> {
    check_kind(feature.kind, result)
}

/// Whether an expression of this type gives values of this kind.
///
/// # Errors
/// As [`check_type`].
pub fn check_kind(kind: InputType, result: &Type) -> Result<()> {
    let fits = match kind {
        InputType::Number => result.is_number(),
        InputType::Integer => matches!(result, Type::Int | Type::Uint),
        kind => *result == rule_type(kind),
    };
    if fits || matches!(result, Type::Dyn | Type::Null) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::RuleInvalid,
        format!("the expression gives {result}, the type is to be {}", kind.name()),
    ))
}

impl Features {
    /// Binds the packed programs of the features.
    ///
    /// # Errors
    /// `bundle_not_packed` where the lock does not fit, `rule_invalid` and `rule_budget` where its code
    /// does not.
    pub fn load(manifest: &Manifest, scope: &Scope, lock: &Lock, limits: &Limits) -> Result<Self> {
        let list = manifest.features.iter().enumerate().map(|(at, feature)| {
            let way = way(feature, at, manifest, scope, lock, limits)
                .map_err(|error: Error| error.at(format_args!("features[{at}]")))?;
            Ok(Step { way, kind: feature.kind, default: feature.default.clone() })
        });
        Ok(Self { list: list.collect::<Result<_>>()? })
    }

    /// Whether a feature reads the column at this place.
    #[must_use]
    pub fn read(&self, place: usize) -> bool {
        (0..self.list.len()).any(|at| self.reads(at, place))
    }

    /// Whether the feature of this index reads the column at this place.
    #[must_use]
    pub fn reads(&self, at: usize, place: usize) -> bool {
        self.list.get(at).is_some_and(|step| match &step.way {
            Way::Expression(bound) => bound.reads(place),
            Way::Aggregate(aggregation) => aggregation.reads(place),
            Way::Ratio(quotient) => quotient.reads(place),
            Way::Table(table) => table.reads(place),
        })
    }

    /// Whether the feature of this index reads a field of the records of the list at this place. An
    /// expression over the list may read any.
    #[must_use]
    pub fn reads_field(&self, at: usize, place: usize, field: usize) -> bool {
        self.list.get(at).is_some_and(|step| match &step.way {
            Way::Aggregate(aggregation) => aggregation.reads_field(place, field),
            _ => self.reads(at, place),
        })
    }

    /// Appends a column per feature to `columns`, which holds the inputs and the time.
    ///
    /// # Errors
    /// `internal` only; what a row lacks is missing in its feature.
    pub fn evaluate(&self, columns: &mut Vec<Column>, rows: usize) -> Result<()> {
        for step in &self.list {
            let column = match &step.way {
                Way::Expression(bound) => bound.evaluate(columns, rows)?,
                Way::Aggregate(aggregation) => aggregation.evaluate(columns, rows)?,
                Way::Ratio(quotient) => quotient.evaluate(columns, rows)?,
                Way::Table(table) => table.evaluate(columns, rows)?,
            };
            columns.push(settle(column, step.kind, step.default.as_ref(), rows));
        }
        Ok(())
    }
}

fn way(
    feature: &Feature,
    at: usize,
    manifest: &Manifest,
    scope: &Scope,
    lock: &Lock,
    limits: &Limits,
) -> Result<Way> {
    let place = |name: &str| {
        let missing = || Error::new(ErrorCode::Internal, format!("`{name}` has no column"));
        scope.position(name).ok_or_else(missing)
    };
    if let Some(expr) = &feature.expr {
        let bind = || {
            let code = lock.program(&program_path(feature), expr)?;
            let bound = scope.bind(code, scope.before_feature(at).len(), limits)?;
            check_type(feature, bound.result())?;
            Ok(Way::Expression(bound))
        };
        return bind().map_err(|error: Error| error.at("expr"));
    }
    if let Some(own) = &feature.aggregate {
        let aggregation = Aggregation::load(own, feature, at, manifest, scope, lock, limits);
        return Ok(Way::Aggregate(Box::new(aggregation.map_err(|error| error.at("aggregate"))?)));
    }
    if let Some(own) = &feature.ratio {
        return Ok(Way::Ratio(Quotient::new(own, place(&own.of)?, place(&own.by)?)));
    }
    if let Some(own) = &feature.bins {
        return Ok(Way::Table(Box::new(Table::between(own, place(&own.of)?))));
    }
    if let Some(own) = &feature.woe {
        return Ok(Way::Table(Box::new(Table::woe(own, place(&own.of)?))));
    }
    // The manifest's check has counted the ways.
    Err(Error::new(ErrorCode::Internal, "the feature is computed in no way"))
}
