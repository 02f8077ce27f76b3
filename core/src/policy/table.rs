//! A decision table, ready to be applied: every row's test is a program over whole columns.

use super::applies::{Applies, Applying};
use super::hits::{self, Hit};
use super::layout::{Layout, Literal};
use crate::bundle::Lock;
use crate::error::Result;
use crate::limits::Limits;
use crate::manifest::{self, Aggregate, Gaps, MissingValue, Outcome, TableHitPolicy, TableOutputType};
use crate::rules::{Cell, Column, Data, List, Texts, Type, Value};
use crate::scope::{Bound, Scope};
use crate::time::Timestamp;

/// What became of a table for one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableResult {
    /// Rows hold and give the outputs.
    Hit,
    /// No row holds; the outputs are the defaults, or null.
    NoHit,
    /// No row holds, and the table was to be complete.
    Gap,
    /// Several rows hold under `unique`.
    Overlap,
    /// Rows that hold disagree under `any`.
    Conflict,
    /// The table is not in force at the time of the decision.
    Inactive,
    /// The table is not for a record like this.
    OutOfScope,
    /// A field of the table's scope is missing.
    Error,
}

impl TableResult {
    /// The name in decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::NoHit => "no_hit",
            Self::Gap => "gap",
            Self::Overlap => "overlap",
            Self::Conflict => "conflict",
            Self::Inactive => "inactive",
            Self::OutOfScope => "out_of_scope",
            Self::Error => "error",
        }
    }

    const fn fails(self) -> bool {
        matches!(self, Self::Gap | Self::Overlap | Self::Conflict | Self::Error)
    }
}

/// What a table says about one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRuling {
    /// What became of it.
    pub result: TableResult,
    /// The rows that hold, by their place.
    pub matched: Vec<usize>,
    /// The rows that give the outputs, in the order in which they give them.
    pub fired: Vec<usize>,
    /// The most severe value of an output of type `outcome`.
    pub outcome: Option<Outcome>,
    /// Whether the outcome is at least the policy's `on_error`: the result is an error, a tested value is
    /// missing, or a test or an output has no value.
    pub failed: bool,
}

impl TableRuling {
    /// A table that was not applied.
    pub(super) const fn idle(result: TableResult) -> Self {
        Self { result, matched: Vec::new(), fired: Vec::new(), outcome: None, failed: result.fails() }
    }
}

/// What a table says about a record, and the values of its outputs.
pub(super) type Ruled = (TableRuling, Vec<Value>);

/// A table, ready to be applied.
#[derive(Clone, Debug)]
pub(super) struct Table {
    hit_policy: TableHitPolicy,
    aggregate: Option<Aggregate>,
    gaps: Gaps,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Input {
    /// Where the column is, once those of expressions are appended.
    place: usize,
    /// What computes it.
    program: Option<Bound>,
    /// Whether a missing value is a failure.
    watched: bool,
}

#[derive(Clone, Debug)]
struct Output {
    kind: TableOutputType,
    default: Option<Literal>,
}

#[derive(Clone, Debug)]
struct Row {
    /// `None` where it always holds.
    test: Option<Bound>,
    /// The test as CEL.
    cel: String,
    applies: Applies,
    then: Vec<Then>,
    /// Ranks of its outputs, for hit policies that go by them.
    ranks: Vec<usize>,
}

#[derive(Clone, Debug)]
enum Then {
    Literal(Literal),
    Program(Bound),
}

impl Table {
    /// Binds the packed programs of a table. They see the first `visible` columns and the table's own.
    pub(super) fn load(
        spec: &manifest::Table,
        prefix: &str,
        scope: &Scope,
        visible: usize,
        lock: &Lock,
        limits: &Limits,
    ) -> Result<Self> {
        let typed = |path: &str, expr: &str| lock.program(path, expr).map(|code| code.result.clone());
        let layout = Layout::new(spec, prefix, scope, visible, typed)?;
        let own = layout.scope(scope, visible);
        let sees = visible + layout.locals();
        let mut inputs = Vec::with_capacity(spec.inputs.len());
        for (at, input) in spec.inputs.iter().enumerate() {
            let column = layout.column(at);
            let program = match &input.expr {
                None => None,
                Some(expr) => {
                    let code = lock.program(&column.path, expr)?;
                    Some(own.bind(code, visible, limits)?)
                }
            };
            let watched = spec.missing == MissingValue::OnError && layout.is_tested_blindly(at);
            inputs.push(Input { place: own.position(&input.name).unwrap_or(usize::MAX), program, watched });
        }
        let mut rows = Vec::with_capacity(spec.rows.len());
        for (at, row) in spec.rows.iter().enumerate() {
            let paths = layout.row(at);
            let test = match &paths.test {
                None => None,
                Some(cel) => Some(own.bind(lock.program(&paths.when, cel)?, sees, limits)?),
            };
            let mut then = Vec::with_capacity(paths.then.len());
            for (literal, path) in &paths.then {
                then.push(match literal {
                    Literal::Expression(expr) => {
                        Then::Program(own.bind(lock.program(path, expr)?, sees, limits)?)
                    }
                    literal => Then::Literal(literal.clone()),
                });
            }
            let (from, until) = (row.effective_from.as_deref(), row.effective_until.as_deref());
            let applies = Applies::new(from, until, &row.scope, scope)?;
            let cel = paths.test.clone().unwrap_or_else(|| "true".into());
            rows.push(Row { test, cel, applies, then, ranks: layout.ranks(at) });
        }
        let outputs = spec.outputs.iter().zip(layout.defaults());
        let outputs = outputs.map(|(output, default)| Output { kind: output.kind, default });
        Ok(Self {
            hit_policy: spec.hit_policy,
            aggregate: spec.aggregate,
            gaps: spec.gaps,
            inputs,
            outputs: outputs.collect(),
            rows,
        })
    }

    /// The rows' tests as CEL.
    pub(super) fn tests(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| &*row.cel)
    }

    /// Whether a row has dates.
    pub(super) fn has_dates(&self) -> bool {
        self.rows.iter().any(|row| row.applies.has_dates())
    }

    /// Whether a program or a column of it reads the column at this place.
    pub(super) fn reads(&self, place: usize) -> bool {
        self.inputs.iter().any(|input| {
            input.place == place || input.program.as_ref().is_some_and(|program| program.reads(place))
        }) || self.rows.iter().any(|row| {
            row.test.as_ref().is_some_and(|test| test.reads(place))
                || row.then.iter().any(|then| matches!(then, Then::Program(bound) if bound.reads(place)))
        })
    }

    /// Applies the table to the rows of the columns that are `active`; gives a ruling for each of these, and
    /// the values of its outputs. The columns stay as they were.
    ///
    /// # Errors
    /// `internal` only.
    pub(super) fn decide(
        &self,
        columns: &mut Vec<Column>,
        now: &[Option<Timestamp>],
        active: &[bool],
    ) -> Result<Vec<Option<Ruled>>> {
        let (rows, before) = (now.len(), columns.len());
        for program in self.inputs.iter().filter_map(|input| input.program.as_ref()) {
            let column = program.evaluate(columns, rows)?;
            columns.push(column);
        }
        let test = |row: &Row| row.test.as_ref().map(|test| test.evaluate(columns, rows)).transpose();
        let tests: Vec<Option<Column>> = self.rows.iter().map(test).collect::<Result<_>>()?;
        let mut then = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let column = |then: &Then| match then {
                Then::Literal(_) => Ok(None),
                Then::Program(program) => program.evaluate(columns, rows).map(Some),
            };
            then.push(row.then.iter().map(column).collect::<Result<Vec<Option<Column>>>>()?);
        }
        let answers = Answers { columns, tests, then };
        let rulings = (0..rows).map(|row| {
            let active = active.get(row).copied().unwrap_or_default();
            active.then(|| self.rule_on(&answers, row, now.get(row).copied().flatten()))
        });
        let rulings = rulings.collect();
        columns.truncate(before);
        Ok(rulings)
    }

    fn rule_on(&self, answers: &Answers<'_>, row: usize, now: Option<Timestamp>) -> Ruled {
        let missing = |input: &Input| {
            let column = answers.columns.get(input.place);
            input.watched && column.is_none_or(|column| column.is_null(row) || column.fault(row).is_some())
        };
        let mut failed = self.inputs.iter().any(missing);
        let mut matched = Vec::new();
        for (at, (own, test)) in self.rows.iter().zip(&answers.tests).enumerate() {
            let truth = test.as_ref().map_or(Ok(Some(true)), |test| test.truth(row));
            match (own.applies.to(answers.columns, row, now), truth) {
                (Applying::Inactive | Applying::OutOfScope, _) | (_, Ok(Some(false))) => {}
                (Applying::Yes, Ok(Some(true))) => matched.push(at),
                (Applying::Unknown, _) | (_, Ok(None) | Err(_)) => failed = true,
            }
        }
        let value = |at: usize, output: usize| answers.value(&self.rows, at, output, row);
        let ranks = |at: usize| self.rows.get(at).map_or(&[][..], |row| &row.ranks);
        let Hit { result, fired } = hits::choose(self.hit_policy, &matched, ranks, |a, b| {
            (0..self.outputs.len()).all(|output| match (value(a, output), value(b, output)) {
                (Some(a), Some(b)) => a.equals(&b),
                _ => false,
            })
        });
        let result = match result {
            TableResult::NoHit if self.is_gap() => TableResult::Gap,
            other => other,
        };
        let mut values = Vec::with_capacity(self.outputs.len());
        let mut outcome = None;
        for (at, output) in self.outputs.iter().enumerate() {
            let found: Vec<Option<Value>> = fired.iter().map(|&own| value(own, at)).collect();
            failed |= found.iter().any(Option::is_none);
            let found: Vec<Value> = found.into_iter().map(|value| value.unwrap_or(Value::Null)).collect();
            if output.kind == TableOutputType::Outcome {
                outcome = found.iter().filter_map(named_outcome).max();
            }
            values.push(match (result, &output.default) {
                (TableResult::Hit, _) => self.combine(found),
                (TableResult::NoHit, Some(default)) => {
                    let default = default.value();
                    if output.kind == TableOutputType::Outcome {
                        outcome = named_outcome(&default);
                    }
                    self.wrap(default)
                }
                (TableResult::NoHit, None) => self.nothing(),
                _ => Value::Null,
            });
        }
        failed |= result.fails();
        (TableRuling { result, matched, fired, outcome, failed }, values)
    }

    /// Whether a record for which no row holds has fallen into a gap.
    fn is_gap(&self) -> bool {
        let complete = self.hit_policy.is_single() && self.gaps == Gaps::Refuse;
        complete && self.outputs.iter().any(|output| output.default.is_none())
    }

    /// The value of an output from those of the rows that fired.
    fn combine(&self, mut found: Vec<Value>) -> Value {
        if self.hit_policy.is_single() {
            return found.pop().unwrap_or(Value::Null);
        }
        match self.aggregate {
            None => List::new(found).map_or(Value::Null, Value::List),
            Some(aggregate) => hits::aggregate(aggregate, &found),
        }
    }

    /// A default as the output's value: a list where rows would give one.
    fn wrap(&self, default: Value) -> Value {
        if self.hit_policy.is_single() || self.aggregate.is_some() {
            return default;
        }
        List::new(vec![default]).map_or(Value::Null, Value::List)
    }

    /// The value of an output for which nothing holds.
    fn nothing(&self) -> Value {
        if self.hit_policy.is_single() {
            return Value::Null;
        }
        self.combine(Vec::new())
    }
}

/// The columns of one batch.
struct Answers<'c> {
    columns: &'c [Column],
    tests: Vec<Option<Column>>,
    then: Vec<Vec<Option<Column>>>,
}

impl Answers<'_> {
    /// What a row of the table gives for an output; `None` where that has no value.
    fn value(&self, rows: &[Row], at: usize, output: usize, row: usize) -> Option<Value> {
        match rows.get(at)?.then.get(output)? {
            Then::Literal(literal) => Some(literal.value()),
            Then::Program(_) => {
                let column = self.then.get(at)?.get(output)?.as_ref()?;
                match column.cell(row) {
                    Cell::Value(Value::Double(number)) if !number.is_finite() => None,
                    Cell::Value(value) => Some(value),
                    Cell::Null | Cell::Fault(_) => None,
                }
            }
        }
    }
}

fn named_outcome(value: &Value) -> Option<Outcome> {
    let Value::Text(name) = value else { return None };
    [Outcome::Approve, Outcome::Review, Outcome::Decline]
        .into_iter()
        .find(|outcome| outcome.name() == &**name)
}

/// Values of one output as a column of this type. What is of another type is null.
pub(super) fn column_of(ty: &Type, values: Vec<Value>) -> Column {
    let mut present = vec![true; values.len()];
    macro_rules! cells {
        ($variant:ident, $pattern:pat => $take:expr, $blank:expr) => {{
            let cells = values.iter().zip(&mut present).map(|(value, present)| match value {
                $pattern => $take,
                _ => {
                    *present = false;
                    $blank
                }
            });
            Data::$variant(cells.collect())
        }};
    }
    let data = match ty {
        Type::Double => {
            let number = |value: &Value| match value {
                Value::Double(number) => Some(*number),
                Value::Int(number) => Some(*number as f64),
                Value::Uint(number) => Some(*number as f64),
                _ => None,
            };
            let cells = values.iter().zip(&mut present).map(|(value, present)| {
                let number = number(value).filter(|number| number.is_finite());
                *present = number.is_some();
                number.unwrap_or_default()
            });
            Data::Double(cells.collect())
        }
        Type::Int => cells!(Int, Value::Int(number) => *number, 0),
        Type::Bool => cells!(Bool, Value::Bool(truth) => *truth, false),
        Type::String => {
            let mut texts = Texts::default();
            for (value, present) in values.iter().zip(&mut present) {
                match value {
                    Value::Text(text) => texts.push(text),
                    _ => {
                        *present = false;
                        texts.push("");
                    }
                }
            }
            Data::Text(texts)
        }
        _ => return Column::new(Data::Any(values)),
    };
    Column::with_presence(data, &present)
}
