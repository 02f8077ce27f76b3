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
}

impl Answer {
    /// Finds the output and checks what can be known before a run.
    pub(super) fn plan(
        model: &onnx::Model,
        name: &str,
        class: Option<&Class>,
        kind: OutputKind,
    ) -> Result<Self> {
        let found = model.outputs().iter().enumerate().find(|(_, info)| *info.name == *name);
        let Some((output, info)) = found else {
            let names: Vec<&str> = model.outputs().iter().map(|info| &*info.name).collect();
            return Err(mismatch(format!(
                "the model has no output `{name}`; its outputs are {}",
                names.join(", ")
            ))
            .at("name"));
        };
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
        Ok(Self { output, name: name.into(), class: class.cloned() })
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
