//! The answers of a model, and the rows where they jump.

use super::traps::Answers;
use super::{BLOCK_ROWS, invalid};
use crate::error::Result;
use crate::model::Model;
use crate::table::{Data, Tensor, Value};

/// Columns that are nudged, at most: each costs two runs.
const MOST_COLUMNS: usize = 512;
/// A change of the answer by more than this many times the type's epsilon, where an input moves by one
/// unit in the last place, is a jump over a threshold.
const JUMP: f64 = 64.0;

/// The answers of one output.
pub(super) enum Got {
    Labels(Vec<String>),
    Numbers(Answers),
}

/// Some rows of a tensor.
fn slice(tensor: &Tensor<'_>, from: usize, to: usize) -> Tensor<'static> {
    let width = tensor.dims.get(1).copied().unwrap_or(1);
    let (a, b) = (from * width, to * width);
    let data = match &tensor.data {
        Data::F32(list) => Data::F32(list[a..b].to_vec().into()),
        Data::F64(list) => Data::F64(list[a..b].to_vec().into()),
        Data::I64(list) => Data::I64(list[a..b].to_vec().into()),
        texts => Data::texts((a..b).map(|at| texts.text(at).unwrap_or_default())),
    };
    let mut dims = tensor.dims.clone();
    if let Some(first) = dims.first_mut() {
        *first = to - from;
    }
    Tensor { dims, data }
}

/// Runs the model over all rows, in blocks; outputs that have no answer per row are left out.
pub(super) fn run(
    model: &Model,
    feeds: &[(&str, Tensor<'static>)],
    rows: usize,
) -> Result<Vec<(String, Got)>> {
    let mut all: Vec<(String, Got)> = Vec::new();
    for from in (0..rows).step_by(BLOCK_ROWS) {
        let to = rows.min(from + BLOCK_ROWS);
        let block: Vec<(&str, Value<'_>)> =
            feeds.iter().map(|(name, whole)| (*name, Value::Tensor(slice(whole, from, to)))).collect();
        for (name, value) in model.run(&block)? {
            let Some(got) = answers(value, to - from) else { continue };
            match (all.iter_mut().find(|(known, _)| *known == name), got) {
                (Some((_, Got::Labels(all))), Got::Labels(more)) => all.extend(more),
                (Some((_, Got::Numbers(all))), Got::Numbers(more)) => all.values.extend(more.values),
                (Some(_), _) => return Err(invalid(format!("output {name:?} changes its type"))),
                (None, got) => all.push((name, got)),
            }
        }
    }
    Ok(all)
}

fn answers(value: Value<'_>, rows: usize) -> Option<Got> {
    let tensor = match value {
        Value::Tensor(tensor) => tensor,
        Value::ZipMap { table, .. } => table,
        _ => return None,
    };
    let count = tensor.data.len();
    let (values, double): (Vec<f64>, bool) = match &tensor.data {
        Data::F32(list) => (list.iter().map(|&value| value.into()).collect(), false),
        Data::F64(list) => (list.to_vec(), true),
        Data::I64(list) if count == rows => {
            return Some(Got::Labels(list.iter().map(ToString::to_string).collect()));
        }
        texts @ Data::Text { .. } if count == rows => {
            let texts = (0..rows).map(|row| texts.text(row).unwrap_or_default().to_owned());
            return Some(Got::Labels(texts.collect()));
        }
        _ => return None,
    };
    let columns = count / rows.max(1);
    (columns > 0 && columns * rows == count).then_some(Got::Numbers(Answers { values, columns, double }))
}

/// Rows whose answer jumps where one float32 input moves by one unit in the last place: that needs no
/// knowledge of the model, and sees what a caller would see.
pub(super) fn near(
    model: &Model,
    feeds: &[(&str, Tensor<'static>)],
    rows: usize,
    output: &str,
    got: &Got,
) -> Result<Vec<bool>> {
    let mut near = vec![false; rows];
    for (at, (_, tensor)) in feeds.iter().enumerate() {
        let Data::F32(values) = &tensor.data else { continue };
        let width = tensor.dims.get(1).copied().unwrap_or(1);
        for column in 0..width.min(MOST_COLUMNS) {
            for step in [f32::next_up, f32::next_down] {
                let mut values = values.to_vec();
                values.iter_mut().skip(column).step_by(width).for_each(|value| *value = step(*value));
                let mut feeds = feeds.to_vec();
                if let Some((_, tensor)) = feeds.get_mut(at) {
                    tensor.data = Data::F32(values.into());
                }
                let moved = run(model, &feeds, rows)?.into_iter().find(|(name, _)| name == output);
                match (got, moved) {
                    (Got::Labels(got), Some((_, Got::Labels(moved)))) => {
                        for ((near, got), moved) in near.iter_mut().zip(got).zip(&moved) {
                            *near |= got != moved;
                        }
                    }
                    (Got::Numbers(got), Some((_, Got::Numbers(moved)))) => {
                        let moved = if moved.columns > got.columns { moved.last_column() } else { moved };
                        mark_jumps(got, &moved, &mut near);
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(near)
}

fn mark_jumps(got: &Answers, moved: &Answers, near: &mut [bool]) {
    let step = JUMP * if got.double { f64::EPSILON } else { f64::from(f32::EPSILON) };
    for ((near, got), moved) in near.iter_mut().zip(got.rows()).zip(moved.rows()) {
        *near |= got.iter().zip(moved).any(|(a, b)| (a - b).abs() > step * a.abs().max(1.0));
    }
}
