//! The customer view: what all models of a bundle say about one customer, under names that people use.
//!
//! Fields come from scores, expressions or the labels of a model, bands give numbers a word, the
//! lifecycle is the first stage that holds, tags and alerts are conditions. Everything here is a column
//! that the policy and the offers can name; the decision shows it once, as `view`. A condition without
//! a value does not hold and is listed under `faults`, so that nobody takes it for a no.

mod write;

use crate::bundle::Lock;
use crate::error::Result;
use crate::expression::{Expression, Wanted};
use crate::features::settle;
use crate::limits::Limits;
use crate::manifest::{self, Band, InputType, Manifest};
use crate::models::Answers;
use crate::rules::{Column, Data, List, Texts, Value};
use crate::scope::{ALERTS, Bound, LIFECYCLE, Scope, TAGS};
use crate::scores::numbers;

/// A view, ready to be taken.
#[derive(Clone, Debug)]
pub struct View {
    fields: Vec<Field>,
    lifecycle: bool,
    stages: Vec<Bound>,
    tags: Vec<Bound>,
    alerts: Vec<Bound>,
}

#[derive(Clone, Debug)]
struct Field {
    source: Source,
    /// Place of the value's column.
    value: usize,
    bands: Vec<Band>,
}

#[derive(Clone, Debug)]
enum Source {
    /// A column that is there already.
    Named,
    /// An expression.
    Computed(Box<Bound>, InputType),
    /// Labels of the model at this place.
    Labels(usize, Vec<String>),
}

/// What was seen of the rows of a frame. The values themselves are columns of the frame.
#[derive(Clone, Debug, Default)]
pub struct Views {
    /// Per field and row the band, by its place.
    bands: Vec<Vec<Option<usize>>>,
    /// Per field and row the probability of the label; empty where the field has no labels.
    probabilities: Vec<Vec<f64>>,
    rows: Vec<Seen>,
}

/// What holds of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The stage by its place in the manifest; `None` for the default.
    pub stage: Option<usize>,
    /// Tags that hold, by their places.
    pub tags: Vec<usize>,
    /// Alerts that hold, by their places.
    pub alerts: Vec<usize>,
    /// Conditions without a value.
    pub faults: Vec<Unseen>,
}

/// A condition that has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// That of the stage at this place.
    Stage(usize),
    /// That of the tag at this place.
    Tag(usize),
    /// That of the alert at this place.
    Alert(usize),
}

/// Every expression of the view: fields, stages, tags, alerts, in their order.
#[must_use]
pub fn expressions<'m>(manifest: &'m Manifest, scope: &Scope) -> Vec<Expression<'m>> {
    let Some(view) = &manifest.view else { return Vec::new() };
    let end = scope.all().len();
    let place = |name: &str| scope.position(name).unwrap_or(end);
    let mut all = Vec::new();
    for (at, field) in view.fields.iter().enumerate() {
        if let Some(expr) = &field.expr {
            all.push(Expression {
                program: format!("view.fields.{}.expr", field.name),
                place: format!("view.fields[{at}].expr"),
                text: expr,
                visible: place(&field.name),
                wanted: Wanted::Kind(field.kind()),
            });
        }
    }
    let mut condition = |kind: &str, section: &str, at: usize, name: &str, when: &'m str, visible: usize| {
        all.push(Expression {
            program: format!("view.{kind}.{name}.when"),
            place: format!("view.{section}[{at}].when"),
            text: when,
            visible,
            wanted: Wanted::Condition,
        });
    };
    let alerts = place(ALERTS);
    let tags = place(TAGS).min(alerts);
    let stages = place(LIFECYCLE).min(tags);
    for (at, stage) in view.lifecycle.iter().flat_map(|lifecycle| &lifecycle.stages).enumerate() {
        condition("lifecycle", "lifecycle.stages", at, &stage.stage, &stage.when, stages);
    }
    for (at, tag) in view.tags.iter().enumerate() {
        condition("tags", "tags", at, &tag.tag, &tag.when, tags);
    }
    for (at, alert) in view.alerts.iter().enumerate() {
        condition("alerts", "alerts", at, &alert.id, &alert.when, alerts);
    }
    all
}

impl View {
    /// Binds the packed programs; `None` for a bundle without a view.
    ///
    /// # Errors
    /// `bundle_not_packed` where the lock does not fit, `rule_invalid` and `rule_budget` where its code
    /// does not.
    pub fn load(manifest: &Manifest, scope: &Scope, lock: &Lock, limits: &Limits) -> Result<Option<Self>> {
        let Some(view) = &manifest.view else { return Ok(None) };
        let bound = expressions(manifest, scope).into_iter().map(|own| own.bind(scope, lock, limits));
        let mut bound = bound.collect::<Result<Vec<_>>>()?.into_iter();
        let mut fields = Vec::with_capacity(view.fields.len());
        for field in &view.fields {
            let labelled = field.model.as_ref().and_then(|id| {
                let at = manifest.models.iter().position(|model| model.id == *id)?;
                Some((at, manifest.models.get(at)?.output.labels.clone()?))
            });
            let computed = if field.expr.is_some() { bound.next() } else { None };
            fields.push(Field {
                source: match (computed, labelled) {
                    (Some(bound), _) => Source::Computed(Box::new(bound), field.kind()),
                    (None, Some((model, labels))) => Source::Labels(model, labels),
                    (None, None) => Source::Named,
                },
                value: scope.position(&field.name).unwrap_or(usize::MAX),
                bands: field.bands.clone(),
            });
        }
        let stages = view.lifecycle.as_ref().map_or(0, |lifecycle| lifecycle.stages.len());
        Ok(Some(Self {
            fields,
            lifecycle: view.lifecycle.is_some(),
            stages: bound.by_ref().take(stages).collect(),
            tags: bound.by_ref().take(view.tags.len()).collect(),
            alerts: bound.collect(),
        }))
    }

    /// Whether an expression reads the column at this place.
    #[must_use]
    pub fn reads(&self, place: usize) -> bool {
        let computed = self.fields.iter().filter_map(|field| match &field.source {
            Source::Computed(bound, _) => Some(&**bound),
            _ => None,
        });
        computed.chain(&self.stages).chain(&self.tags).chain(&self.alerts).any(|bound| bound.reads(place))
    }

    /// Appends the view's columns to `columns`, in the order of the scope. `answers` are those of the
    /// models, for the rows in `scored`.
    ///
    /// # Errors
    /// `internal` only; what a row lacks is missing in its view.
    pub fn take(
        &self,
        manifest: &manifest::View,
        columns: &mut Vec<Column>,
        answers: &[Answers],
        scored: &[usize],
        rows: usize,
    ) -> Result<Views> {
        let mut views = Views { rows: vec![Seen::default(); rows], ..Views::default() };
        for field in &self.fields {
            let mut probability = Vec::new();
            match &field.source {
                Source::Named => {}
                Source::Computed(bound, kind) => {
                    let column = bound.evaluate(columns, rows)?;
                    columns.push(settle(column, *kind, None, rows));
                }
                Source::Labels(model, labels) => {
                    let (column, sure) = label_columns(answers.get(*model), labels, scored, rows);
                    columns.push(column);
                    columns.push(numbers(&sure));
                    probability = sure;
                }
            }
            let bands: Vec<Option<usize>> = match columns.get(field.value) {
                Some(column) if !field.bands.is_empty() => {
                    (0..rows).map(|row| band(&field.bands, column, row)).collect()
                }
                _ => Vec::new(),
            };
            if !field.bands.is_empty() {
                let label = |band: &Option<usize>| band.and_then(|at| field.bands.get(at));
                let texts: Texts =
                    bands.iter().map(|band| label(band).map_or("", |band| band.label.as_str())).collect();
                let present: Vec<bool> = bands.iter().map(Option::is_some).collect();
                columns.push(Column::with_presence(Data::Text(texts), &present));
            }
            views.bands.push(bands);
            views.probabilities.push(probability);
        }
        if let (true, Some(lifecycle)) = (self.lifecycle, &manifest.lifecycle) {
            each_truth(&self.stages, columns, &mut views.rows, |seen, at, truth| match truth {
                _ if seen.stage.is_some() => {}
                None => seen.faults.push(Unseen::Stage(at)),
                Some(true) => seen.stage = Some(at),
                Some(false) => {}
            })?;
            let stage = |seen: &Seen| seen.stage.and_then(|at| lifecycle.stages.get(at));
            let names =
                views.rows.iter().map(|seen| stage(seen).map_or(&*lifecycle.default, |own| &own.stage));
            columns.push(Column::new(Data::Text(names.collect())));
        }
        if !self.tags.is_empty() {
            each_truth(&self.tags, columns, &mut views.rows, |seen, at, truth| match truth {
                None => seen.faults.push(Unseen::Tag(at)),
                Some(true) => seen.tags.push(at),
                Some(false) => {}
            })?;
            let name = |&at: &usize| manifest.tags.get(at).map(|tag| tag.tag.as_str());
            columns.push(list_column(views.rows.iter().map(|seen| seen.tags.iter().filter_map(name))));
        }
        if !self.alerts.is_empty() {
            each_truth(&self.alerts, columns, &mut views.rows, |seen, at, truth| match truth {
                None => seen.faults.push(Unseen::Alert(at)),
                Some(true) => seen.alerts.push(at),
                Some(false) => {}
            })?;
            let name = |&at: &usize| manifest.alerts.get(at).map(|alert| alert.id.as_str());
            columns.push(list_column(views.rows.iter().map(|seen| seen.alerts.iter().filter_map(name))));
        }
        Ok(views)
    }
}

impl manifest::View {
    /// Reason codes of what holds of a row: its alerts, its stage, its tags.
    pub fn reasons<'m>(&'m self, seen: &'m Seen) -> impl Iterator<Item = &'m str> {
        let alerts = seen.alerts.iter().filter_map(|&at| self.alerts.get(at)?.reason.as_deref());
        let stage = seen.stage.and_then(|at| self.lifecycle.as_ref()?.stages.get(at)?.reason.as_deref());
        let tags = seen.tags.iter().filter_map(|&at| self.tags.get(at)?.reason.as_deref());
        alerts.chain(stage).chain(tags)
    }
}

impl Views {
    /// What holds of a row.
    #[must_use]
    pub fn seen(&self, row: usize) -> Option<&Seen> {
        self.rows.get(row)
    }
}

/// Evaluates conditions and hands each row's truth to `take`; `None` where it has none.
fn each_truth(
    conditions: &[Bound],
    columns: &[Column],
    rows: &mut [Seen],
    take: impl Fn(&mut Seen, usize, Option<bool>),
) -> Result<()> {
    for (at, condition) in conditions.iter().enumerate() {
        let truths = condition.evaluate(columns, rows.len())?;
        for (row, seen) in rows.iter_mut().enumerate() {
            take(seen, at, truths.truth(row).ok().flatten());
        }
    }
    Ok(())
}

/// The band of a cell: the first whose bound lies above it.
fn band(bands: &[Band], column: &Column, row: usize) -> Option<usize> {
    Band::find(bands, column.number(row).ok().flatten()?)
}

/// The label of each row's greatest number, and that number; the first of equals.
fn label_columns(
    answers: Option<&Answers>,
    labels: &[String],
    scored: &[usize],
    rows: usize,
) -> (Column, Vec<f64>) {
    let mut best: Vec<Option<usize>> = vec![None; rows];
    let mut sure = vec![f64::NAN; rows];
    for (at, &row) in scored.iter().enumerate() {
        let vector = answers.map_or(&[][..], |answers| answers.vector_of(at));
        if vector.is_empty() || !vector.iter().all(|number| number.is_finite()) {
            continue;
        }
        let greatest = vector.iter().enumerate().reduce(|best, own| if own.1 > best.1 { own } else { best });
        if let (Some((label, &number)), Some(best), Some(sure)) =
            (greatest, best.get_mut(row), sure.get_mut(row))
        {
            (*best, *sure) = (Some(label), number);
        }
    }
    let present: Vec<bool> = best.iter().map(Option::is_some).collect();
    let name = |best: &Option<usize>| best.and_then(|at| labels.get(at)).map_or("", String::as_str);
    let texts: Texts = best.iter().map(name).collect();
    (Column::with_presence(Data::Text(texts), &present), sure)
}

fn list_column<'n, N: Iterator<Item = &'n str>>(rows: impl Iterator<Item = N>) -> Column {
    // A list of texts is never too deep.
    let list = |names: N| {
        let names: Vec<Value> = names.map(Value::text).collect();
        List::new(names).map_or(Value::Null, Value::List)
    };
    Column::new(Data::Any(rows.map(list).collect()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn labels_of_equal_and_of_broken_numbers() {
        let labels = ["a".to_owned(), "b".to_owned()];
        let vector = vec![0.5, 0.5, 0.25, 0.75, f64::NAN, 1.0];
        let answers = Answers { vector, width: 2, ..Answers::default() };
        // Row 1 was refused: the model saw the rows 0, 2 and 3.
        let (column, sure) = label_columns(Some(&answers), &labels, &[0, 2, 3], 4);
        let Data::Text(texts) = column.data() else { panic!("labels are texts") };
        assert_eq!((texts.get(0), texts.get(2)), ("a", "b"), "the first of equals");
        assert!(column.is_null(1) && column.is_null(3), "a NaN may be the greatest: nobody knows");
        assert_eq!((sure[0], sure[2]), (0.5, 0.75));
    }
}
