//! From a model's outputs to one number per row.

use super::mismatch;
use crate::error::{Error, ErrorCode, Result};
use crate::manifest::{Class, OutputKind};
use crate::onnx::{self, DType, Data, Dim, Keys, Session, Tensor, Value, ValueType};

/// Which output holds the answer, and which part of it.
pub(super) struct Answer {
    output: usize,
    name: Box<str>,
    class: Option<Class>,
    /// Names of a vector's columns.
    labels: Option<Box<[String]>>,
}

impl Answer {
    /// Finds the output and checks what can be known before a run.
    pub(super) fn plan(
        model: &onnx::Model,
        name: &str,
        class: Option<&Class>,
        kind: OutputKind,
    ) -> Result<Self> {
        let (output, info) = find(model, name)?;
        match &info.kind {
            ValueType::Tensor(DType::Str) if kind == OutputKind::Label => {
                return Err(mismatch("the labels are text; a score must be a number").at("kind"));
            }
            ValueType::Tensor(DType::Str | DType::Bool) => {
                return Err(
                    mismatch(format!("the output is {}, an answer must be numbers", info.kind)).at("name")
                );
            }
            ValueType::Tensor(_) => check_column(info.dims.as_deref(), class)?,
            ValueType::ZipMap(key) => match (key, class) {
                (DType::I64, Some(Class::Number(_))) | (DType::Str, Some(Class::Label(_))) => {}
                (DType::Str, _) => return Err(mismatch("say which class, by its label").at("class")),
                _ => return Err(mismatch("say which class, by its number").at("class")),
            },
            other => {
                return Err(mismatch(format!("the output is {other}, an answer must be numbers")).at("name"));
            }
        }
        Ok(Self { output, name: name.into(), class: class.cloned(), labels: None })
    }

    /// Finds an output that is read whole, a number per column.
    pub(super) fn plan_vector(model: &onnx::Model, name: &str, labels: Option<&[String]>) -> Result<Self> {
        let (output, info) = find(model, name)?;
        let wrong = |message: String| Err(mismatch(message).at("name"));
        match (&info.kind, info.dims.as_deref(), labels) {
            (ValueType::ZipMap(DType::Str), _, Some(_)) => {}
            (ValueType::ZipMap(DType::Str), _, None) => {
                return Err(mismatch("say which keys of the ZipMap, in which order").at("labels"));
            }
            (ValueType::Tensor(DType::Str | DType::Bool) | ValueType::ZipMap(_), ..) => {
                return wrong(format!("the output is {}; a vector is a table of numbers", info.kind));
            }
            (ValueType::Tensor(_), Some([_, Dim::Known(width)]), Some(labels)) if *width != labels.len() => {
                let message =
                    format!("the output has {width} columns and `labels` has {} names", labels.len());
                return Err(mismatch(message).at("labels"));
            }
            (ValueType::Tensor(_), Some([_, _]) | None, _) => {}
            (ValueType::Tensor(_), Some(dims), _) => {
                return wrong(format!("the output has {} axes; a vector is a table", dims.len()));
            }
            (other, ..) => return wrong(format!("the output is {other}; a vector is a table of numbers")),
        }
        Ok(Self { output, name: name.into(), class: None, labels: labels.map(Into::into) })
    }

    /// Appends the rows of the session's last run, one after another, and gives the numbers per row.
    pub(super) fn read_vector(&self, session: &Session, rows: usize, out: &mut Vec<f64>) -> Result<usize> {
        let (table, keys) = match session.output(self.output) {
            Some(Value::Tensor(table)) => (table, None),
            Some(Value::ZipMap(keys, table)) => (table, Some(keys)),
            _ => return Err(self.wrong("is not there")),
        };
        let width = table.len().checked_div(rows).unwrap_or(0);
        if width * rows != table.len() {
            return Err(self.wrong("does not hold as many numbers for each row"));
        }
        let place = |label: &String| match keys.map(|keys| &**keys) {
            Some(Keys::Texts(keys)) => keys.iter().position(|key| key == label),
            _ => None,
        };
        let columns: Vec<usize> = match (&self.labels, keys) {
            (Some(labels), Some(_)) => labels
                .iter()
                .map(|label| place(label).ok_or_else(|| self.wrong("lacks a label")))
                .collect::<Result<_>>()?,
            (Some(labels), None) if labels.len() != width => {
                return Err(self.wrong("has another number of columns than `labels` has names"));
            }
            _ => (0..width).collect(),
        };
        let start = out.len();
        out.resize(start + rows * columns.len(), f64::NAN);
        let mut cells = Vec::with_capacity(rows);
        for (at, &column) in columns.iter().enumerate() {
            cells.clear();
            push_column(table, column, width, &mut cells);
            if cells.len() != rows {
                return Err(self.wrong("does not hold numbers"));
            }
            let places = out.iter_mut().skip(start + at).step_by(columns.len());
            places.zip(&cells).for_each(|(place, &cell)| *place = cell);
        }
        Ok(columns.len())
    }

    /// Appends one number per row of the session's last run.
    pub(super) fn read(&self, session: &Session, rows: usize, out: &mut Vec<f64>) -> Result<()> {
        let before = out.len();
        let (table, column) = match session.output(self.output) {
            Some(Value::Tensor(tensor)) => {
                let column = if let Some(Class::Number(number)) = &self.class { *number } else { 0 };
                (tensor, usize::try_from(column).ok())
            }
            Some(Value::ZipMap(keys, table)) => (table, self.key(keys)),
            _ => return Err(self.wrong("is not there")),
        };
        let width = match rows {
            0 => 0,
            rows => table.len() / rows,
        };
        let column = column.filter(|&column| column < width).ok_or_else(|| self.wrong("lacks the class"))?;
        if width * rows != table.len() || (self.class.is_none() && width != 1) {
            return Err(self.wrong("does not hold one number per row"));
        }
        push_column(table, column, width, out);
        if out.len() != before + rows { Err(self.wrong("does not hold numbers")) } else { Ok(()) }
    }

    fn key(&self, keys: &Keys) -> Option<usize> {
        match (keys, &self.class) {
            (Keys::Ints(keys), Some(Class::Number(number))) => keys.iter().position(|key| key == number),
            (Keys::Texts(keys), Some(Class::Label(label))) => keys.iter().position(|key| key == label),
            _ => None,
        }
    }

    fn wrong(&self, problem: &str) -> Error {
        Error::new(ErrorCode::RunValue, format!("the model's output `{}` {problem}", self.name))
    }
}

/// The output of this name and its place.
fn find<'m>(model: &'m onnx::Model, name: &str) -> Result<(usize, &'m onnx::ValueInfo)> {
    model.outputs().iter().enumerate().find(|(_, info)| *info.name == *name).ok_or_else(|| {
        let names: Vec<&str> = model.outputs().iter().map(|info| &*info.name).collect();
        let names = names.join(", ");
        mismatch(format!("the model has no output `{name}`; its outputs are {names}")).at("name")
    })
}

/// Checks the class against the number of columns, where that is known.
fn check_column(dims: Option<&[Dim]>, class: Option<&Class>) -> Result<()> {
    let width = match dims {
        Some([_, Dim::Known(width)]) => Some(*width),
        Some([_]) => Some(1),
        Some([_, _]) | None => None,
        Some(dims) => {
            let message = format!("the output has {} axes; an answer is a list or a table", dims.len());
            return Err(mismatch(message).at("name"));
        }
    };
    match class {
        Some(Class::Label(_)) => {
            Err(mismatch("the output is a table; give the number of the column").at("class"))
        }
        Some(Class::Number(number)) => {
            let inside =
                usize::try_from(*number).is_ok_and(|number| width.is_none_or(|width| number < width));
            let width =
                width.map_or_else(String::new, |width| format!("; there are {width}, counted from 0"));
            if inside { Ok(()) } else { Err(mismatch(format!("there is no such column{width}")).at("class")) }
        }
        None if width.is_some_and(|width| width > 1) => {
            Err(mismatch("the output has several columns; say which class").at("class"))
        }
        None => Ok(()),
    }
}

fn push_column(table: &Tensor, column: usize, width: usize, out: &mut Vec<f64>) {
    macro_rules! push {
        ($($variant:ident),*) => {
            match table.data() {
                Data::F64(cells) => out.extend(cells.iter().skip(column).step_by(width)),
                Data::I64(cells) => out.extend(cells.iter().skip(column).step_by(width).map(|&cell| cell as f64)),
                Data::U64(cells) => out.extend(cells.iter().skip(column).step_by(width).map(|&cell| cell as f64)),
                $(Data::$variant(cells) => {
                    out.extend(cells.iter().skip(column).step_by(width).map(|&cell| f64::from(cell)));
                })*
                Data::Bool(_) | Data::Str(_) => {}
            }
        };
    }
    push!(F32, F16, I32, I16, I8, U32, U16, U8);
}
