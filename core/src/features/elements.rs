//! Expressions over the records of a list: what they can name, and their values for all records at once.

use std::borrow::Cow;

use crate::bundle::Lock;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::manifest::{Input, InputType};
use crate::rules::{Column, Program, Records, Type, Variable};
use crate::scope::rule_type;

/// What an expression over the records of a list can name: their fields, and what is known of the row that
/// they belong to. A field hides a name outside; other lists cannot be named, so that the cost stays that of
/// the records.
#[derive(Clone, Debug)]
pub struct Elements {
    variables: Vec<Variable>,
    places: Vec<Place>,
}

/// Where the value of a name lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A field of the records.
    Field(usize),
    /// A column of the row.
    Column(usize),
}

impl Elements {
    /// The names for the records of this list; `outside` are the first columns, in their order.
    #[must_use]
    pub fn new(list: &Input, outside: &[Variable]) -> Self {
        let mut own = Self { variables: Vec::new(), places: Vec::new() };
        for (at, field) in list.fields.iter().enumerate() {
            own.variables.push(Variable::new(&field.name, rule_type(field.kind)));
            own.places.push(Place::Field(at));
        }
        let lists = rule_type(InputType::Records);
        for (at, variable) in outside.iter().enumerate() {
            if variable.ty != lists && !list.fields.iter().any(|field| field.name == variable.name) {
                own.variables.push(variable.clone());
                own.places.push(Place::Column(at));
            }
        }
        own
    }

    /// The names.
    #[must_use]
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// Whether an expression is nothing but the name of a field, which needs no program.
    #[must_use]
    pub fn is_field(&self, text: &str) -> bool {
        self.field(text).is_some()
    }

    /// The place of a field, where an expression is nothing but its name.
    fn field(&self, text: &str) -> Option<usize> {
        let at = self.variables.iter().position(|own| own.name == text.trim())?;
        match self.places.get(at)? {
            Place::Field(field) => Some(*field),
            Place::Column(_) => None,
        }
    }
}

/// A verified expression over the records of a list.
#[derive(Clone, Debug)]
pub(super) enum Reading {
    /// A field as it is.
    Field(usize, Type),
    /// A program, with where it finds what it reads.
    Program(Box<Program>, Vec<Place>),
}

impl Reading {
    /// Binds the packed program of an expression.
    pub(super) fn load(
        text: &str,
        path: &str,
        elements: &Elements,
        lock: &Lock,
        limits: &Limits,
    ) -> Result<Self> {
        if let Some(field) = elements.field(text) {
            let ty = elements.variables.get(field).map_or(Type::Dyn, |variable| variable.ty.clone());
            return Ok(Self::Field(field, ty));
        }
        let program = Program::new(lock.program(path, text)?.clone(), limits)?;
        let place = |read: &Variable| {
            let at = elements.variables.iter().position(|own| own == read);
            at.and_then(|at| elements.places.get(at)).copied().ok_or_else(|| {
                let message =
                    format!("`{}` is not known here as {}; pack the bundle again", read.name, read.ty);
                Error::new(ErrorCode::RuleInvalid, message)
            })
        };
        let places = program.inputs().iter().map(place).collect::<Result<_>>()?;
        Ok(Self::Program(Box::new(program), places))
    }

    /// The type of the values.
    pub(super) fn result(&self) -> &Type {
        match self {
            Self::Field(_, ty) => ty,
            Self::Program(program, _) => program.result(),
        }
    }

    /// Whether it reads the column at this place.
    pub(super) fn reads(&self, place: usize) -> bool {
        matches!(self, Self::Program(_, places) if places.contains(&Place::Column(place)))
    }

    /// Whether it reads the field of this index.
    pub(super) fn reads_field(&self, field: usize) -> bool {
        match self {
            Self::Field(own, _) => *own == field,
            Self::Program(_, places) => places.contains(&Place::Field(field)),
        }
    }

    /// The values for all records of all rows.
    pub(super) fn evaluate<'c>(
        &self,
        columns: &[Column],
        records: &'c Records,
        rows: usize,
    ) -> Result<Cow<'c, Column>> {
        let absent = || Error::new(ErrorCode::Internal, "an aggregate reads a column that is not there");
        let (program, places) = match self {
            Self::Field(field, _) => return records.field(*field).map(Cow::Borrowed).ok_or_else(absent),
            Self::Program(program, places) => (program, places),
        };
        let owners = records.owners();
        let read: Option<Vec<Cow<'_, Column>>> = places
            .iter()
            .map(|place| match place {
                Place::Field(field) => records.field(*field).map(Cow::Borrowed),
                Place::Column(column) => columns.get(*column).map(|column| Cow::Owned(column.pick(owners))),
            })
            .collect();
        let read = read.ok_or_else(absent)?;
        let read: Vec<&Column> = read.iter().map(AsRef::as_ref).collect();
        program.evaluate_records(&read, owners, rows).map(Cow::Owned)
    }
}
