//! Columns of the answer to a batch, gathered chunk by chunk from the columns of the stages.

use crate::onnx::Strings;
use crate::rules::{Cell, Column, Data, Type, Value};
use crate::table::Writer;

/// A column that may lack values.
#[derive(Default)]
pub(super) struct Optional<T> {
    pub(super) cells: T,
    pub(super) present: Vec<bool>,
}

impl Optional<Strings> {
    pub(super) fn push(&mut self, text: Option<&str>) {
        self.cells.push(text.unwrap_or_default());
        self.present.push(text.is_some());
    }
}

impl<T: Default> Optional<Vec<T>> {
    pub(super) fn push_cell(&mut self, cell: Option<T>) {
        self.present.push(cell.is_some());
        self.cells.push(cell.unwrap_or_default());
    }
}

/// A column of whatever type a stage's column has; lists become texts with a comma between their items.
pub(super) enum Gathered {
    Numbers(Optional<Vec<f64>>),
    Integers(Optional<Vec<i64>>),
    Truths(Optional<Vec<bool>>),
    Texts(Optional<Strings>),
}

impl Gathered {
    /// An empty column for values of this type.
    pub(super) fn of(ty: &Type) -> Self {
        match ty {
            Type::Double => Self::Numbers(Optional::default()),
            Type::Int => Self::Integers(Optional::default()),
            Type::Bool => Self::Truths(Optional::default()),
            _ => Self::Texts(Optional::default()),
        }
    }

    /// Appends a row of a column, or a gap where `shown` is false.
    pub(super) fn push(&mut self, column: Option<&Column>, row: usize, shown: bool) {
        let column = column.filter(|column| shown && !column.is_null(row) && column.fault(row).is_none());
        match (self, column.map(Column::data)) {
            (Self::Numbers(own), Some(Data::Double(cells))) => own.push_cell(cells.get(row).copied()),
            (Self::Integers(own), Some(Data::Int(cells))) => own.push_cell(cells.get(row).copied()),
            (Self::Truths(own), Some(Data::Bool(cells))) => own.push_cell(cells.get(row).copied()),
            (Self::Texts(own), Some(Data::Text(cells))) => own.push(Some(cells.get(row))),
            (own, Some(_)) => own.push_any(column.map_or(Cell::Null, |column| column.cell(row))),
            (own, None) => own.push_any(Cell::Null),
        }
    }

    fn push_any(&mut self, cell: Cell) {
        self.push_value(&if let Cell::Value(value) = cell { value } else { Value::Null });
    }

    /// Appends a value.
    pub(super) fn push_value(&mut self, value: &Value) {
        match self {
            Self::Numbers(own) => {
                own.push_cell(if let Value::Double(number) = value { Some(*number) } else { None });
            }
            Self::Integers(own) => {
                own.push_cell(if let Value::Int(number) = value { Some(*number) } else { None });
            }
            Self::Truths(own) => {
                own.push_cell(if let Value::Bool(truth) = value { Some(*truth) } else { None });
            }
            Self::Texts(own) => {
                let mut text = String::new();
                let known = joined(value, &mut text);
                own.push(known.then_some(&*text));
            }
        }
    }

    /// Writes the column.
    pub(super) fn write(&self, name: &str, writer: &mut Writer) {
        match self {
            Self::Numbers(own) => writer.column(name, &own.cells, Some(&own.present)),
            Self::Integers(own) => writer.column(name, &own.cells, Some(&own.present)),
            Self::Truths(own) => writer.column(name, &own.cells, Some(&own.present)),
            Self::Texts(own) => writer.texts(name, own.cells.iter(), Some(&own.present)),
        }
    }
}

/// A value as the text of a cell; false for null.
fn joined(value: &Value, text: &mut String) -> bool {
    let number = |number: f64| {
        let mut bytes = Vec::new();
        crate::json::push_number(&mut bytes, number);
        String::from_utf8(bytes).unwrap_or_default()
    };
    match value {
        Value::Text(own) => text.push_str(own),
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Int(own) => text.push_str(&own.to_string()),
        Value::Uint(own) => text.push_str(&own.to_string()),
        Value::Double(own) => text.push_str(&number(*own)),
        Value::Timestamp(instant) => text.push_str(&instant.to_string()),
        Value::List(list) => {
            for (at, item) in list.items().iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                joined(item, text);
            }
        }
        _ => return false,
    }
    true
}
