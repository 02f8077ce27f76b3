//! What expressions can name, and where its column lies.
//!
//! The columns of a batch stand in one list: inputs, the time, features, scores, quality, risks, limits on
//! exposure, the view, results
//! of the policy's steps. An expression
//! sees the part of the list that was computed before it. Programs come from a lock file that nobody has
//! to trust, so each name and type that a program asks for is checked against this list at load.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::manifest::{InputType, Manifest, ScoreType};
use crate::rules::{Code, Column, Program, Type, Variable};
use crate::{exposure, policy, risk, scores};

/// Name of the time of the decision.
pub const NOW: &str = "now";
/// Name of the verdict on the record's quality.
pub const QUALITY: &str = "quality";
/// Name of the list of what is wrong with the record, each as `field:issue`.
pub const QUALITY_ISSUES: &str = "quality_issues";
/// What names of risks begin with.
pub const RISK: &str = "risk";
/// What names of limits on exposure begin with.
pub const LIMITS: &str = "limits";
/// Name of the scorecard's points.
pub const POINTS: &str = "points";
/// Name of the scorecard's grade.
pub const GRADE: &str = "grade";

/// Name of the stage of the lifecycle.
pub const LIFECYCLE: &str = "lifecycle";
/// Name of the list of tags that hold.
pub const TAGS: &str = "tags";
/// Name of the list of alerts that hold.
pub const ALERTS: &str = "alerts";
/// Name of the policy's outcome, for offers.
pub const OUTCOME: &str = "outcome";
/// What comes before the name of an item's attribute.
pub const ITEM: &str = "item.";
/// Name of an item's score.
pub const ITEM_SCORE: &str = "item.score";
/// What follows a view field's name in the name of its band.
pub const BAND_SUFFIX: &str = "_band";
/// What follows a view field's name in the name of its label's probability.
pub const PROBABILITY_SUFFIX: &str = "_probability";

/// The names of a bundle in the order of their columns.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    variables: Vec<Variable>,
    by_name: BTreeMap<String, usize>,
    /// Columns before the first feature: inputs and the time.
    given: usize,
    /// Columns of the scores.
    scores: Range<usize>,
    /// Columns before the levels of risks.
    before_risk: usize,
    /// Columns before what limits on exposure give.
    before_limits: usize,
    /// Columns before the results of the policy's first step.
    before_steps: usize,
    /// Columns that rules can name: all but the outcome and the items.
    rules: usize,
}

impl Scope {
    /// The names that a manifest declares.
    #[must_use]
    pub fn new(manifest: &Manifest) -> Self {
        let mut scope = Self::default();
        for input in &manifest.inputs {
            scope.declare(&input.name, rule_type(input.kind));
        }
        scope.declare(NOW, Type::Timestamp);
        scope.given = scope.variables.len();
        for feature in &manifest.features {
            scope.declare(&feature.name, rule_type(feature.kind));
        }
        scope.scores.start = scope.variables.len();
        for (name, score) in &manifest.scores {
            scope.declare(name, score_type(score.kind()));
        }
        scope.scores.end = scope.variables.len();
        for name in scores::band_names(manifest) {
            scope.declare(&name, Type::String);
        }
        if manifest.scorecard.is_some() {
            scope.declare(POINTS, Type::Double);
            scope.declare(GRADE, Type::String);
        }
        scope.declare(QUALITY, Type::String);
        scope.declare(QUALITY_ISSUES, Type::list(Type::String));
        scope.before_risk = scope.variables.len();
        for (name, ty) in manifest.risk.iter().flat_map(risk::names) {
            scope.declare(&name, ty);
        }
        scope.before_limits = scope.variables.len();
        for (name, ty) in manifest.limits.iter().flat_map(exposure::names) {
            scope.declare(&name, ty);
        }
        scope.declare_view(manifest);
        scope.before_steps = scope.variables.len();
        for (name, ty) in manifest.policy.iter().flat_map(policy::results) {
            scope.declare(&name, ty);
        }
        scope.rules = scope.variables.len();
        scope.declare_offers(manifest);
        scope
    }

    fn declare_offers(&mut self, manifest: &Manifest) {
        let Some(offers) = &manifest.offers else { return };
        self.declare(OUTCOME, Type::String);
        for (name, ty) in
            [("id", Type::String), ("category", Type::String), ("risk", Type::Int), ("price", Type::Double)]
        {
            self.declare(&format!("{ITEM}{name}"), ty);
        }
        for (name, kind) in &offers.attributes {
            self.declare(&format!("{ITEM}{name}"), rule_type(*kind));
        }
        self.declare(ITEM_SCORE, Type::Double);
    }

    fn declare_view(&mut self, manifest: &Manifest) {
        let Some(view) = &manifest.view else { return };
        for field in &view.fields {
            if field.model.is_some() {
                self.declare(&field.name, Type::String);
                self.declare(&format!("{}{PROBABILITY_SUFFIX}", field.name), Type::Double);
            } else if field.expr.is_some() {
                self.declare(&field.name, rule_type(field.kind()));
            }
            if !field.bands.is_empty() {
                self.declare(&format!("{}{BAND_SUFFIX}", field.name), Type::String);
            }
        }
        if view.lifecycle.is_some() {
            self.declare(LIFECYCLE, Type::String);
        }
        if !view.tags.is_empty() {
            self.declare(TAGS, Type::list(Type::String));
        }
        if !view.alerts.is_empty() {
            self.declare(ALERTS, Type::list(Type::String));
        }
    }

    fn declare(&mut self, name: &str, ty: Type) {
        self.by_name.insert(name.to_owned(), self.variables.len());
        self.variables.push(Variable::new(name, ty));
    }

    /// What the feature of this index can name: inputs, the time, earlier features.
    #[must_use]
    pub fn before_feature(&self, at: usize) -> &[Variable] {
        self.variables.get(..self.given + at).unwrap_or_default()
    }

    /// Columns before the levels of risks.
    #[must_use]
    pub const fn before_risk(&self) -> usize {
        self.before_risk
    }

    /// Columns before what limits on exposure give.
    #[must_use]
    pub const fn before_limits(&self) -> usize {
        self.before_limits
    }

    /// Columns before the results of the policy's first step.
    #[must_use]
    pub const fn before_steps(&self) -> usize {
        self.before_steps
    }

    /// The first `visible` names and some more, whose columns follow them.
    #[must_use]
    pub fn with(&self, visible: usize, more: impl Iterator<Item = Variable>) -> Self {
        let mut scope = Self { variables: Vec::new(), by_name: BTreeMap::new(), ..self.clone() };
        for variable in self.variables.iter().take(visible).cloned().chain(more) {
            scope.by_name.insert(variable.name.clone(), scope.variables.len());
            scope.variables.push(variable);
        }
        scope.rules = scope.variables.len();
        scope
    }

    /// The place of the first score's column.
    #[must_use]
    pub const fn first_score(&self) -> usize {
        self.scores.start
    }

    /// Columns up to and with the last score.
    #[must_use]
    pub const fn after_scores(&self) -> usize {
        self.scores.end
    }

    /// What the score of this name can name: inputs, the time, features, all other scores.
    #[must_use]
    pub fn for_score(&self, name: &str) -> Vec<Variable> {
        let before = self.variables.get(..self.scores.end).unwrap_or_default();
        before.iter().filter(|variable| variable.name != name).cloned().collect()
    }

    /// What an expression can name whose own column, or the first that follows it, is at this place.
    #[must_use]
    pub fn before(&self, place: usize) -> &[Variable] {
        self.variables.get(..place).unwrap_or(&self.variables)
    }

    /// What checks can name: inputs, the time, all features.
    #[must_use]
    pub fn before_scores(&self) -> &[Variable] {
        self.variables.get(..self.scores.start).unwrap_or_default()
    }

    /// What rules can name: everything but the outcome and the items.
    #[must_use]
    pub fn all(&self) -> &[Variable] {
        self.variables.get(..self.rules).unwrap_or_default()
    }

    /// The place of the first column that is an item's.
    #[must_use]
    pub fn first_item(&self) -> usize {
        self.position("item.id").unwrap_or(self.variables.len())
    }

    /// What conditions of offers can name at most.
    #[must_use]
    pub fn for_offers(&self) -> &[Variable] {
        &self.variables
    }

    /// The place of a name's column.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Verifies code and finds the columns that it reads among the first `visible` ones.
    ///
    /// # Errors
    /// `rule_budget` and `rule_invalid`, also where a name or its type is not in scope.
    pub fn bind(&self, code: &Code, visible: usize, limits: &Limits) -> Result<Bound> {
        let program = Program::new(code.clone(), limits)?;
        let column = |variable: &Variable| {
            let place = self.position(&variable.name).filter(|&place| {
                place < visible && self.variables.get(place).is_some_and(|known| known.ty == variable.ty)
            });
            place.ok_or_else(|| {
                let name = &variable.name;
                Error::new(
                    ErrorCode::RuleInvalid,
                    format!("`{name}` is not known here as {}; pack the bundle again", variable.ty),
                )
            })
        };
        let columns = program.inputs().iter().map(column).collect::<Result<_>>()?;
        Ok(Bound { program, columns })
    }
}

/// A verified program with the places of the columns that it reads.
#[derive(Clone, Debug)]
pub struct Bound {
    program: Program,
    columns: Vec<usize>,
}

impl Bound {
    /// The type of the result.
    #[must_use]
    pub fn result(&self) -> &Type {
        self.program.result()
    }

    /// Whether the program reads the column at this place.
    #[must_use]
    pub fn reads(&self, place: usize) -> bool {
        self.columns.contains(&place)
    }

    /// The places of the columns that the program reads.
    #[must_use]
    pub fn places(&self) -> &[usize] {
        &self.columns
    }

    /// Evaluates all rows over the columns of the batch.
    ///
    /// # Errors
    /// `internal` where a column is not there; `bind` has seen to that.
    pub fn evaluate(&self, columns: &[Column], rows: usize) -> Result<Column> {
        let read: Option<Vec<&Column>> = self.columns.iter().map(|&place| columns.get(place)).collect();
        let read =
            read.ok_or_else(|| Error::new(ErrorCode::Internal, "a rule reads a column that is not there"))?;
        self.program.evaluate(&read, rows)
    }
}

/// The rule language's type of a score's values.
#[must_use]
pub const fn score_type(kind: ScoreType) -> Type {
    match kind {
        ScoreType::Number => Type::Double,
        ScoreType::String => Type::String,
    }
}

/// The rule language's type of a field's values.
#[must_use]
pub fn rule_type(kind: InputType) -> Type {
    match kind {
        InputType::Number => Type::Double,
        InputType::Integer => Type::Int,
        InputType::String => Type::String,
        InputType::Boolean => Type::Bool,
        InputType::Timestamp => Type::Timestamp,
        InputType::Records => Type::list(Type::map(Type::String, Type::Dyn)),
    }
}

/// Whether an expression of this type can be a condition.
///
/// # Errors
/// `rule_invalid` that says which type it has.
pub fn check_condition(result: &Type) -> Result<()> {
    if matches!(result, Type::Bool | Type::Dyn | Type::Null) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::RuleInvalid,
        format!("a condition must be true or false, this one gives {result}"),
    ))
}
