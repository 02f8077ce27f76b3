//! Where a score comes from.

use super::classes::Classes;
use super::portfolio::{Portfolio, Tail};
use crate::bundle::Lock;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::manifest::{Manifest, PointsCalibration, Score, ScoreType};
use crate::quantity::Quantity;
use crate::rules::Type;
use crate::scope::{Bound, Scope};

#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The answer of the model at this place.
    Model(usize),
    /// An expression.
    Expression(Bound),
    /// The probability that the scorecard's points mean.
    Points(PointsCalibration),
    /// What is taken of the classes of the model at this place.
    Classes(usize, Classes),
    /// Probability of default, loss given default, exposure at default.
    Loss(Box<[Quantity; 3]>),
    /// The percentile of the score at this place among these quantiles.
    Anomaly(usize, Vec<f64>),
    /// A tail of a portfolio's losses.
    Tail(Tail),
}

impl Source {
    /// Whether it reads the column at this place.
    pub(super) fn reads(&self, place: usize, portfolios: &[Portfolio]) -> bool {
        match self {
            Self::Model(_) | Self::Points(_) | Self::Classes(..) | Self::Anomaly(..) => false,
            Self::Expression(bound) => bound.reads(place),
            Self::Loss(parts) => parts.iter().any(|part| part.reads(place)),
            Self::Tail(tail) => portfolios.get(tail.portfolio).is_some_and(|own| own.reads(place)),
        }
    }

    /// Whether it uses the score of this number, whose column is at this place.
    pub(super) fn uses(&self, at: usize, place: usize, portfolios: &[Portfolio]) -> bool {
        matches!(self, Self::Anomaly(of, _) if *of == at) || self.reads(place, portfolios)
    }
}

/// The path of a score's program in the lock.
#[must_use]
pub fn program_path(name: &str) -> String {
    format!("scores.{name}.expr")
}

/// Whether an expression of this type can be a score of this type.
///
/// # Errors
/// `rule_invalid` that says which type is right.
pub fn check_type(score: &Score, result: &Type) -> Result<()> {
    let fits = match score.kind() {
        ScoreType::Number => result.is_number(),
        ScoreType::String => *result == Type::String,
    };
    if fits || matches!(result, Type::Dyn | Type::Null) {
        return Ok(());
    }
    let wanted = score.kind().name();
    Err(Error::new(
        ErrorCode::RuleInvalid,
        format!("the expression gives {result}, the score's type is {wanted}"),
    ))
}

pub(super) fn source(
    name: &str,
    score: &Score,
    manifest: &Manifest,
    scope: &Scope,
    lock: &Lock,
    limits: &Limits,
) -> Result<Source> {
    if let Some(expr) = &score.expr {
        let bound = lock
            .program(&program_path(name), expr)
            .and_then(|code| scope.bind(code, scope.after_scores(), limits))
            .and_then(|bound| check_type(score, bound.result()).map(|()| bound))
            .map_err(|error| error.at("expr"))?;
        return Ok(Source::Expression(bound));
    }
    if let Some(points) = &score.points {
        return Ok(Source::Points(points.clone()));
    }
    for (tail, shortfall) in [(&score.value_at_risk, false), (&score.expected_shortfall, true)] {
        if let Some(tail) = tail {
            return Ok(Source::Tail(Tail::new(manifest, tail, shortfall)));
        }
    }
    let id = score.model.as_deref().unwrap_or_default();
    let place = manifest.models.iter().position(|model| model.id == id);
    let place = place.ok_or_else(|| Error::new(ErrorCode::Internal, "a score without a source"))?;
    let labels =
        manifest.models.get(place).and_then(|model| model.output.labels.as_deref()).unwrap_or_default();
    if let Some(class) = &score.class {
        let class = labels.iter().position(|label| label == class).unwrap_or(usize::MAX);
        return Ok(Source::Classes(place, Classes::Class(class)));
    }
    if let Some(take) = score.take {
        let value = |label: &String| score.values.get(label).copied().unwrap_or(f64::NAN);
        return Ok(Source::Classes(place, Classes::new(take, labels, value)));
    }
    Ok(Source::Model(place))
}
