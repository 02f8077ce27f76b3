//! The schema: from a frame to a verdict on the quality of each record.
//!
//! A bad record never gets a silent score. What is missing, out of range, unknown or unreadable is listed
//! by field, and the bundle says for each field whether that refuses the record, degrades it or is
//! accepted. A refused record is not scored at all.

use std::collections::BTreeSet;

use crate::frame::{Field, Frame, Issue, Layout};
use crate::manifest::{Input, InputType, OnIssue};
use crate::rules::{Column, Data};

/// How good a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing that matters is wrong.
    Ok,
    /// It can be scored; the policy may be more careful.
    Degraded,
    /// It is not scored.
    Refuse,
}

impl Verdict {
    /// The name in decisions and for the variable `quality` of rules.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Refuse => "refuse",
        }
    }

    fn lower_to(&mut self, on_issue: OnIssue) {
        *self = (*self).max(match on_issue {
            OnIssue::Accept => Self::Ok,
            OnIssue::Degrade => Self::Degraded,
            OnIssue::Refuse => Self::Refuse,
        });
    }
}

/// The quality of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quality {
    /// The verdict.
    pub verdict: Verdict,
    /// What is wrong: inputs in the order of the bundle, then `now`, then unknown fields by name.
    pub issues: Vec<(Field, Issue)>,
}

/// The values that a field may have.
#[derive(Clone, Debug)]
enum Allowed {
    Texts(BTreeSet<Box<str>>),
    Integers(BTreeSet<i64>),
    Booleans(Vec<bool>),
}

/// The checks of a bundle.
#[derive(Clone, Debug)]
pub struct Schema {
    layout: Layout,
    allowed: Vec<Option<Allowed>>,
    unknown_fields: OnIssue,
    needs_now: bool,
}

impl Schema {
    /// The checks of these inputs. `needs_now` says whether the bundle uses the time.
    #[must_use]
    pub fn new(inputs: &[Input], unknown_fields: OnIssue, needs_now: bool) -> Self {
        let allowed =
            inputs.iter().map(|input| input.allowed.as_ref().map(|values| allowed(input.kind, values)));
        Self { layout: Layout::new(inputs), allowed: allowed.collect(), unknown_fields, needs_now }
    }

    /// The inputs by name.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whether the bundle uses the time.
    #[must_use]
    pub const fn needs_now(&self) -> bool {
        self.needs_now
    }

    /// Judges each row of a frame.
    #[must_use]
    pub fn check(&self, frame: &Frame) -> Vec<Quality> {
        let mut rows = vec![Quality { verdict: Verdict::Ok, issues: Vec::new() }; frame.rows];
        let mut flaws = frame.flaws.iter().peekable();
        for (row, quality) in rows.iter_mut().enumerate() {
            while let Some(flaw) = flaws.next_if(|flaw| flaw.row == row) {
                quality.issues.push((flaw.field.clone(), flaw.issue));
                quality.verdict.lower_to(match &flaw.field {
                    Field::Input(at) => self.input(*at).map_or(OnIssue::Refuse, Input::on_unreadable),
                    // A time that cannot be read is never taken for the present.
                    Field::Now => OnIssue::Refuse,
                    Field::Unknown(_) => self.unknown_fields,
                });
            }
        }
        for (at, input) in self.layout.inputs().iter().enumerate() {
            if let Some(column) = frame.columns.get(at) {
                self.check_column(at, input, column, &mut rows);
            }
        }
        for (row, quality) in rows.iter_mut().enumerate() {
            let known = frame.now.get(row).copied().flatten().is_some();
            if self.needs_now && !known && !quality.issues.iter().any(|(field, _)| *field == Field::Now) {
                quality.issues.push((Field::Now, Issue::Missing));
                quality.verdict.lower_to(OnIssue::Refuse);
            }
            quality.issues.sort();
        }
        rows
    }

    fn input(&self, at: usize) -> Option<&Input> {
        self.layout.inputs().get(at)
    }

    fn check_column(&self, at: usize, input: &Input, column: &Column, rows: &mut [Quality]) {
        let allowed = self.allowed.get(at).and_then(Option::as_ref);
        let bounded = input.min.is_some() || input.max.is_some();
        for (row, quality) in rows.iter_mut().enumerate() {
            let (issue, on_issue) = if column.is_null(row) {
                // A value that could not be read is reported as that, not as missing too.
                if input.on_missing() == OnIssue::Accept || has_issue(quality, at) {
                    continue;
                }
                (Issue::Missing, input.on_missing())
            } else if bounded && !in_range(column.data(), row, input) {
                (Issue::OutOfRange, input.on_out_of_range())
            } else if allowed.is_some_and(|allowed| !is_allowed(column.data(), row, allowed)) {
                (Issue::UnknownValue, input.on_out_of_range())
            } else {
                continue;
            };
            quality.issues.push((Field::Input(at), issue));
            quality.verdict.lower_to(on_issue);
        }
    }
}

fn has_issue(quality: &Quality, at: usize) -> bool {
    quality.issues.iter().any(|(field, _)| *field == Field::Input(at))
}

fn allowed(kind: InputType, values: &[serde_json::Value]) -> Allowed {
    match kind {
        InputType::Integer => {
            Allowed::Integers(values.iter().filter_map(serde_json::Value::as_i64).collect())
        }
        InputType::Boolean => {
            Allowed::Booleans(values.iter().filter_map(serde_json::Value::as_bool).collect())
        }
        _ => Allowed::Texts(values.iter().filter_map(serde_json::Value::as_str).map(Into::into).collect()),
    }
}

fn in_range(data: &Data, row: usize, input: &Input) -> bool {
    let number = match data {
        Data::Double(cells) => cells.get(row).copied(),
        Data::Int(cells) => cells.get(row).map(|&cell| cell as f64),
        _ => None,
    };
    number.is_none_or(|number| {
        input.min.is_none_or(|min| number >= min) && input.max.is_none_or(|max| number <= max)
    })
}

fn is_allowed(data: &Data, row: usize, allowed: &Allowed) -> bool {
    match (data, allowed) {
        (Data::Text(cells), Allowed::Texts(set)) => set.contains(cells.get(row)),
        (Data::Int(cells), Allowed::Integers(set)) => cells.get(row).is_some_and(|cell| set.contains(cell)),
        (Data::Bool(cells), Allowed::Booleans(list)) => {
            cells.get(row).is_some_and(|cell| list.contains(cell))
        }
        _ => false,
    }
}
