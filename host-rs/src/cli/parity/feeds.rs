//! From the columns of a file to the inputs of a model.

use std::path::Path;

use super::{BLOCK_ROWS, invalid};
use crate::cli::rows::{self, Opening, Records, Wanted};
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::model::{Axis, Model, Port};
use crate::table::{Column, Data, Tensor};

/// Every column of a file, whole.
pub(super) fn columns(engine: &Engine, path: &Path) -> Result<Vec<Column<'static>>> {
    let opening = Opening {
        path: Some(path.to_owned()),
        format: None,
        delimiter: b',',
        record_bytes: engine.config().record_bytes,
        progress: false,
    };
    let (mut source, _) = rows::open(&opening, Wanted::everything())?;
    let mut parts: Vec<Vec<Column<'static>>> = Vec::new();
    while let Some(chunk) = source.next(BLOCK_ROWS)? {
        if let Some(row) = chunk.rows.iter().find(|row| row.fault.is_some()) {
            let message = row.fault.as_ref().map(ToString::to_string).unwrap_or_default();
            return Err(invalid(format!("row {}: {message}", row.number)).at(path.display()));
        }
        let Records::Columns(columns) = chunk.records else {
            return Err(Error::new(ErrorCode::HostFormat, "rows to compare come as CSV or Parquet"));
        };
        parts.push(columns);
    }
    let count = parts.first().map_or(0, Vec::len);
    (0..count).map(|at| join(parts.iter().filter_map(|part| part.get(at)))).collect()
}

/// The parts of a column as one: texts stay texts, numbers become doubles, absent ones NaN or empty.
fn join<'a>(parts: impl Iterator<Item = &'a Column<'static>> + Clone) -> Result<Column<'static>> {
    let name = parts.clone().next().map(|part| part.name.clone()).unwrap_or_default();
    let is_text = parts.clone().any(|part| matches!(part.data, Data::Text { .. }));
    let all = parts.flat_map(|part| (0..part.data.len()).map(move |row| (part, row)));
    let data = if is_text {
        Data::texts(all.map(|(part, row)| part.text(row).unwrap_or_default().to_owned()))
    } else {
        let whole = all.clone().all(|(part, row)| part.is_present(row) && integer(&part.data, row).is_some());
        if whole {
            Data::I64(all.filter_map(|(part, row)| integer(&part.data, row)).collect())
        } else {
            let number = |(part, row): (&Column<'_>, usize)| {
                if part.is_present(row) { number(part, row) } else { Ok(f64::NAN) }
            };
            Data::F64(all.map(number).collect::<Result<_>>()?)
        }
    };
    Ok(Column { name, data, valid: None })
}

pub(super) fn integer(data: &Data<'_>, row: usize) -> Option<i64> {
    Some(match data {
        Data::I8(list) => (*list.get(row)?).into(),
        Data::I16(list) => (*list.get(row)?).into(),
        Data::I32(list) => (*list.get(row)?).into(),
        Data::I64(list) => *list.get(row)?,
        Data::U8(list) | Data::Bool(list) => (*list.get(row)?).into(),
        Data::U16(list) => (*list.get(row)?).into(),
        Data::U32(list) => (*list.get(row)?).into(),
        _ => return None,
    })
}

/// A cell as a number; an empty text is missing, NaN.
pub(super) fn number(column: &Column<'_>, row: usize) -> Result<f64> {
    let found = match &column.data {
        Data::F64(list) => list.get(row).copied(),
        Data::F32(list) => list.get(row).copied().map(f64::from),
        Data::Text { .. } => match column.text(row) {
            Some("") => Some(f64::NAN),
            text => text.and_then(|text| text.trim().parse().ok()),
        },
        data => integer(data, row).map(|value| value as f64),
    };
    found.ok_or_else(|| invalid(format!("column {:?}, row {}: not a number", column.name, row)))
}

pub(super) fn absent(column: &Column<'_>, row: usize) -> bool {
    match column.text(row) {
        Some(text) => text.is_empty(),
        None => number(column, row).is_ok_and(f64::is_nan),
    }
}

/// The model's inputs: the one table takes every column in order, others take the column of their name.
pub(super) fn feeds<'m>(
    model: &'m Model,
    columns: &[&Column<'_>],
    rows: usize,
) -> Result<Vec<(&'m str, Tensor<'static>)>> {
    let named = |port: &Port| columns.iter().find(|column| column.name == port.name);
    if let [port] = model.inputs()
        && named(port).is_none()
    {
        if let Some([_, Axis::Size(width)]) = port.dims.as_deref()
            && *width != columns.len() as u64
        {
            let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
            return Err(invalid(format!(
                "input {:?} takes {width} columns, the data have {}: {}; say --ignore",
                port.name,
                names.len(),
                names.join(", ")
            )));
        }
        return Ok(vec![(&port.name, tensor(port, columns, rows)?)]);
    }
    let feed = |port: &'m Port| {
        let column = named(port)
            .ok_or_else(|| invalid(format!("there is no column for the input {:?}", port.name)))?;
        Ok((&*port.name, tensor(port, &[column], rows)?))
    };
    model.inputs().iter().map(feed).collect()
}

/// Columns as one tensor. Floats are read as doubles and rounded to float32 where the input is that, as
/// numpy does.
fn tensor(port: &Port, columns: &[&Column<'_>], rows: usize) -> Result<Tensor<'static>> {
    let cells = || (0..rows).flat_map(|row| columns.iter().map(move |column| (*column, row)));
    let numbers = || cells().map(|(column, row)| number(column, row)).collect::<Result<Vec<f64>>>();
    let data = match port.kind.as_str() {
        "tensor(float)" => Data::F32(numbers()?.into_iter().map(|value| value as f32).collect()),
        "tensor(double)" => Data::F64(numbers()?.into()),
        "tensor(int64)" => {
            let whole = |(column, row): (&Column<'_>, usize)| {
                let read = integer(&column.data, row)
                    .or_else(|| column.text(row).and_then(|text| text.trim().parse().ok()));
                read.ok_or_else(|| invalid(format!("column {:?}, row {row}: not an integer", column.name)))
            };
            Data::I64(cells().map(whole).collect::<Result<_>>()?)
        }
        "tensor(string)" => {
            let text = |(column, row): (&Column<'_>, usize)| match &column.data {
                Data::Text { .. } => Ok(column.text(row).unwrap_or_default().to_owned()),
                data => integer(data, row)
                    .map(|value| value.to_string())
                    .ok_or_else(|| invalid(format!("column {:?}: the model takes text", column.name))),
            };
            Data::texts(cells().map(text).collect::<Result<Vec<_>>>()?)
        }
        kind => return Err(invalid(format!("input {:?} is {kind}, which rows cannot give", port.name))),
    };
    let flat = port.dims.as_ref().is_some_and(|dims| dims.len() == 1) && columns.len() == 1;
    Ok(Tensor { dims: if flat { vec![rows] } else { vec![rows, columns.len()] }, data })
}
