//! The schema: from a frame to a verdict on the quality of each record.
//!
//! A bad record never gets a silent score. What is missing, out of range, unknown, unreadable, stale or
//! contradictory is listed by field, and the bundle says for each whether that refuses the record, degrades
//! it or is accepted. A refused record is not scored at all.

mod checks;
mod field;
mod key;
mod lists;

pub use checks::{Checks, program_path};
pub use key::RowKeys;

use self::field::FieldCheck;
use self::lists::ListCheck;
use crate::frame::{Field, Frame, Issue, Layout};
use crate::limits::Limits;
use crate::manifest::{Manifest, OnIssue};

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
    /// What is wrong: inputs in the order of the bundle, records of lists, checks, sources, the key, `now`,
    /// then unknown fields by name.
    pub issues: Vec<(Field, Issue)>,
}

impl Quality {
    fn add(&mut self, field: Field, issue: Issue, on_issue: OnIssue) {
        self.issues.push((field, issue));
        self.verdict.lower_to(on_issue);
    }

    fn has_input(&self, at: usize) -> bool {
        self.issues.iter().any(|(field, _)| *field == Field::Input(at))
    }
}

/// A source and the places of its inputs.
#[derive(Clone, Debug)]
struct SourceCheck {
    inputs: Vec<usize>,
    absent: OnIssue,
}

/// The checks of a bundle.
#[derive(Clone, Debug)]
pub struct Schema {
    layout: Layout,
    fields: Vec<FieldCheck>,
    lists: Vec<ListCheck>,
    sources: Vec<SourceCheck>,
    /// Per input the place of its source.
    source_of: Vec<Option<usize>>,
    key: Option<RowKeys>,
    on_duplicate: OnIssue,
    unknown_fields: OnIssue,
    needs_now: bool,
}

impl Schema {
    /// The checks of a manifest. `uses_time` says whether features or rules depend on the time.
    #[must_use]
    pub fn new(manifest: &Manifest, uses_time: bool, limits: &Limits) -> Self {
        let inputs = &manifest.inputs;
        let layout = Layout::new(inputs, limits);
        let list = |(at, input)| Some(ListCheck::new(at, input, layout.list(at)?, manifest.unknown_fields));
        let lists = inputs.iter().enumerate().filter_map(list).collect();
        let source_of = inputs.iter().map(|input| {
            let id = input.source.as_ref()?;
            manifest.sources.iter().position(|source| source.id == *id)
        });
        let source_of: Vec<Option<usize>> = source_of.collect();
        let sources = manifest.sources.iter().enumerate().map(|(at, source)| SourceCheck {
            inputs: (0..inputs.len()).filter(|&input| source_of.get(input) == Some(&Some(at))).collect(),
            absent: source.absent,
        });
        Self {
            fields: inputs.iter().map(FieldCheck::new).collect(),
            lists,
            sources: sources.collect(),
            source_of,
            key: manifest.duplicates.as_ref().map(|duplicates| RowKeys::new(&duplicates.key, &layout)),
            on_duplicate: manifest
                .duplicates
                .as_ref()
                .map_or(OnIssue::Accept, |duplicates| duplicates.effect),
            unknown_fields: manifest.unknown_fields,
            needs_now: uses_time || inputs.iter().any(crate::manifest::Input::needs_now),
            layout,
        }
    }

    /// The inputs by name.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whether a record must say the time.
    #[must_use]
    pub const fn needs_now(&self) -> bool {
        self.needs_now
    }

    /// What tells the records of a batch apart, where the bundle says.
    #[must_use]
    pub const fn key(&self) -> Option<&RowKeys> {
        self.key.as_ref()
    }

    /// Judges each row of a frame.
    #[must_use]
    pub fn check(&self, frame: &Frame) -> Vec<Quality> {
        let mut rows = vec![Quality { verdict: Verdict::Ok, issues: Vec::new() }; frame.rows];
        let mut flaws = frame.flaws.iter().peekable();
        for (row, quality) in rows.iter_mut().enumerate() {
            while let Some(flaw) = flaws.next_if(|flaw| flaw.row == row) {
                quality.add(flaw.field.clone(), flaw.issue, self.on_flaw(&flaw.field, flaw.issue));
            }
        }
        let absent = self.check_sources(frame, &mut rows);
        for (at, (check, column)) in self.fields.iter().zip(&frame.columns).enumerate() {
            if check.is_idle(column) {
                continue;
            }
            let source = self.source_of.get(at).copied().flatten();
            for (row, quality) in rows.iter_mut().enumerate() {
                let now = frame.now.get(row).copied().flatten();
                let Some((issue, on_issue)) = check.judge(column, row, now) else { continue };
                // A value that could not be read is reported as that, not as missing too; and what comes
                // from an absent source is reported with it.
                let told = issue == Issue::Missing
                    && (quality.has_input(at)
                        || source.is_some_and(|source| absent.contains(&(row, source))));
                if !told {
                    quality.add(Field::Input(at), issue, on_issue);
                }
            }
        }
        for list in &self.lists {
            list.judge(frame, &mut rows);
        }
        for (row, quality) in rows.iter_mut().enumerate() {
            let known = frame.now.get(row).copied().flatten().is_some();
            if self.needs_now && !known && !quality.issues.iter().any(|(field, _)| *field == Field::Now) {
                quality.add(Field::Now, Issue::Missing, OnIssue::Refuse);
            }
            quality.issues.sort();
        }
        rows
    }

    fn on_flaw(&self, field: &Field, issue: Issue) -> OnIssue {
        match field {
            Field::Input(at) => self.fields.get(*at).map_or(OnIssue::Refuse, |check| check.on_flaw(issue)),
            Field::Unknown(_) => self.unknown_fields,
            Field::Key => self.on_duplicate,
            // A time that cannot be read is never taken for the present.
            Field::Now | Field::Record(..) | Field::Check(_) | Field::Source(_) => OnIssue::Refuse,
        }
    }

    /// Reports absent sources; gives them as pairs of row and source.
    fn check_sources(
        &self,
        frame: &Frame,
        rows: &mut [Quality],
    ) -> std::collections::BTreeSet<(usize, usize)> {
        let mut absent = std::collections::BTreeSet::new();
        for (at, source) in self.sources.iter().enumerate() {
            let columns: Vec<_> =
                source.inputs.iter().filter_map(|&input| Some((input, frame.columns.get(input)?))).collect();
            for (row, quality) in rows.iter_mut().enumerate() {
                // What came and could not be read is a fault of the value, not of the source.
                let given =
                    columns.iter().any(|(input, column)| !column.is_null(row) || quality.has_input(*input));
                if !given {
                    quality.add(Field::Source(at), Issue::Absent, source.absent);
                    absent.insert((row, at));
                }
            }
        }
        absent
    }
}
