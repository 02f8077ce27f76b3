//! From columns to the tensors that a model's inputs take.

use std::collections::BTreeMap;

use super::mismatch;
use crate::error::{Error, ErrorCode, Result};
use crate::manifest::{Feed, InputType, Manifest, Model};
use crate::onnx::{self, DType, Dim, Element, Shape, Tensor, Value, ValueInfo, ValueType};
use crate::rules::{Column, Data};
use crate::scope::{ITEM, Scope};

/// What fills one input of a model.
pub(super) struct FeedPlan {
    input: Box<str>,
    dtype: DType,
    /// Whether the input is a list rather than a table.
    list: bool,
    /// Places of the columns.
    columns: Vec<usize>,
}

/// Plans the feeds of a model; the second answer says whether it takes only one row at a time.
pub(super) fn plan(
    spec: &Model,
    model: &onnx::Model,
    manifest: &Manifest,
    scope: &Scope,
) -> Result<(Vec<FeedPlan>, bool)> {
    let fields = fields(manifest);
    let mut feeds = Vec::new();
    let mut row_by_row = false;
    for (name, feed) in &spec.inputs {
        let info = model.inputs().iter().find(|info| *info.name == **name).ok_or_else(|| {
            let names: Vec<&str> = model.inputs().iter().map(|info| &*info.name).collect();
            mismatch(format!("the model has no input `{name}`; its inputs are {}", names.join(", ")))
                .at("inputs")
        })?;
        let (planned, single) =
            plan_one(info, feed, &fields, scope).map_err(|error| error.at(format_args!("inputs.{name}")))?;
        feeds.push(planned);
        row_by_row |= single;
    }
    for (at, info) in model.inputs().iter().enumerate() {
        if !spec.inputs.contains_key(&*info.name) && model.default_of(at).is_none() {
            let message = format!("nothing feeds the model's input `{}` ({})", info.name, info.kind);
            return Err(mismatch(message).at("inputs"));
        }
    }
    Ok((feeds, row_by_row))
}

fn plan_one(info: &ValueInfo, feed: &Feed, fields: &Fields, scope: &Scope) -> Result<(FeedPlan, bool)> {
    let ValueType::Tensor(dtype) = info.kind else {
        return Err(mismatch(format!("bundles feed tensors, this input is {}", info.kind)));
    };
    let width = feed.names().len();
    let list = match info.dims.as_deref() {
        Some([_]) => true,
        Some([_, Dim::Known(known)]) if *known != width => {
            return Err(mismatch(format!("the model takes {known} columns, the list has {width}")));
        }
        Some([_, _]) | None => false,
        Some(dims) => {
            return Err(mismatch(format!(
                "bundles feed tables and lists, this input has {} axes",
                dims.len()
            )));
        }
    };
    if list && width != 1 {
        return Err(mismatch(format!("the model takes a list, so one name and not {width}")));
    }
    let single = match info.dims.as_ref().and_then(|dims| dims.first()) {
        Some(Dim::Known(1)) => true,
        Some(Dim::Known(rows)) => {
            return Err(mismatch(format!(
                "the model takes exactly {rows} rows; export it with a free batch axis"
            )));
        }
        _ => false,
    };
    let mut columns = Vec::with_capacity(width);
    for name in feed.names() {
        check_field(name, dtype, fields)?;
        let place = scope.position(name);
        columns
            .push(place.ok_or_else(|| Error::new(ErrorCode::Internal, format!("`{name}` has no column")))?);
    }
    Ok((FeedPlan { input: info.name.clone(), dtype, list, columns }, single))
}

/// Type of each input, feature and attribute of items, and whether it always has a value.
type Fields = BTreeMap<String, (InputType, bool)>;

fn fields(manifest: &Manifest) -> Fields {
    let inputs = manifest.inputs.iter().map(|input| {
        let always = !manifest.may_lack(input);
        (input.name.as_str(), (input.kind, always))
    });
    let features = manifest.features.iter().map(|feature| {
        let always = feature.default.as_ref().is_some_and(|value| !value.is_null());
        (feature.name.as_str(), (feature.kind, always))
    });
    let mut all: Fields = inputs.chain(features).map(|(name, kind)| (name.to_owned(), kind)).collect();
    if let Some(offers) = &manifest.offers {
        let items = &offers.items;
        let mut item = |name: &str, kind, always| all.insert(format!("{ITEM}{name}"), (kind, always));
        item("id", InputType::String, true);
        item("category", InputType::String, items.iter().all(|item| item.category.is_some()));
        item("risk", InputType::Integer, items.iter().all(|item| item.risk.is_some()));
        item("price", InputType::Number, items.iter().all(|item| item.price.is_some()));
        for (name, kind) in &offers.attributes {
            let always = items.iter().all(|item| item.attributes.get(name).is_some_and(|own| !own.is_null()));
            item(name, *kind, always);
        }
    }
    all
}

/// Whether an input or feature can fill a tensor of this type.
fn check_field(name: &str, dtype: DType, fields: &Fields) -> Result<()> {
    let Some(&(kind, always)) = fields.get(name) else {
        return Err(mismatch(format!("there is no input or feature `{name}`")));
    };
    let fits = match dtype {
        DType::F32 | DType::F64 => {
            matches!(kind, InputType::Number | InputType::Integer | InputType::Boolean)
        }
        DType::I64 | DType::I32 => matches!(kind, InputType::Integer | InputType::Boolean),
        DType::Bool => kind == InputType::Boolean,
        DType::Str => kind == InputType::String,
        _ => return Err(mismatch(format!("bundles feed no tensors of {}", dtype.name()))),
    };
    if !fits {
        return Err(mismatch(format!(
            "`{name}` is of type {}, the model takes {}; convert it in a feature",
            kind.name(),
            dtype.name()
        )));
    }
    if !always && !dtype.is_float() {
        return Err(mismatch(format!(
            "`{name}` may be missing, but only floats can say so to a model; make the input required or \
             feed a feature with a `default`"
        )));
    }
    Ok(())
}

impl FeedPlan {
    /// The places of the columns that fill it.
    pub(super) fn places(&self) -> &[usize] {
        &self.columns
    }

    /// The model's input.
    pub(super) fn input(&self) -> &str {
        &self.input
    }

    /// Fills the input's tensor with these rows. A missing number is NaN.
    pub(super) fn fill(&self, columns: &[Column], rows: &[usize], value: &mut Value) -> Result<()> {
        if !matches!(value, Value::Tensor(_)) {
            *value = Value::default();
        }
        let Value::Tensor(tensor) = value else { return Err(absent()) };
        let shape =
            if self.list { Shape::vector(rows.len()) } else { Shape::matrix(rows.len(), self.columns.len()) };
        match self.dtype {
            DType::F32 => self.numbers::<f32>(tensor, shape, columns, rows, |number| number as f32, f32::NAN),
            DType::F64 => self.numbers::<f64>(tensor, shape, columns, rows, |number| number, f64::NAN),
            DType::I64 => self.integers::<i64>(tensor, shape, columns, rows, |number| number),
            // An int32 input is fed what fits; the rest saturates, as a cast in the exporter would not.
            DType::I32 => self.integers::<i32>(tensor, shape, columns, rows, |number| {
                number.clamp(i32::MIN.into(), i32::MAX.into()) as i32
            }),
            DType::Bool => self.integers::<bool>(tensor, shape, columns, rows, |number| number != 0),
            _ => {
                let texts = tensor.reset_strings(shape);
                for &row in rows {
                    for &place in &self.columns {
                        match columns.get(place).map(Column::data) {
                            Some(Data::Text(cells)) => texts.push(cells.get(row)),
                            _ => return Err(absent()),
                        }
                    }
                }
                Ok(())
            }
        }
    }

    fn numbers<T: Element>(
        &self,
        tensor: &mut Tensor,
        shape: Shape,
        columns: &[Column],
        rows: &[usize],
        narrow: impl Fn(f64) -> T,
        missing: T,
    ) -> Result<()> {
        let width = self.columns.len();
        let out = tensor.reset::<T>(shape);
        for (at, &place) in self.columns.iter().enumerate() {
            let column = columns.get(place).ok_or_else(absent)?;
            let cells = out.iter_mut().skip(at).step_by(width).zip(rows);
            match column.data() {
                Data::Double(numbers) => {
                    for (cell, &row) in cells {
                        let number = numbers.get(row).filter(|_| !column.is_null(row));
                        *cell = number.map_or(missing, |&number| narrow(number));
                    }
                }
                Data::Int(numbers) => {
                    for (cell, &row) in cells {
                        let number = numbers.get(row).filter(|_| !column.is_null(row));
                        *cell = number.map_or(missing, |&number| narrow(number as f64));
                    }
                }
                Data::Bool(truths) => {
                    for (cell, &row) in cells {
                        let truth = truths.get(row).filter(|_| !column.is_null(row));
                        *cell = truth.map_or(missing, |&truth| narrow(f64::from(u8::from(truth))));
                    }
                }
                _ => return Err(absent()),
            }
        }
        Ok(())
    }

    fn integers<T: Element>(
        &self,
        tensor: &mut Tensor,
        shape: Shape,
        columns: &[Column],
        rows: &[usize],
        narrow: impl Fn(i64) -> T,
    ) -> Result<()> {
        let width = self.columns.len();
        let out = tensor.reset::<T>(shape);
        for (at, &place) in self.columns.iter().enumerate() {
            let column = columns.get(place).ok_or_else(absent)?;
            for (cell, &row) in out.iter_mut().skip(at).step_by(width).zip(rows) {
                let number = match column.data() {
                    Data::Int(numbers) => numbers.get(row).copied(),
                    Data::Bool(truths) => truths.get(row).map(|&truth| truth.into()),
                    _ => None,
                };
                *cell = narrow(number.filter(|_| !column.is_null(row)).ok_or_else(absent)?);
            }
        }
        Ok(())
    }
}

/// What load has ruled out.
fn absent() -> Error {
    Error::new(ErrorCode::Internal, "a value that a model's input needs is not there")
}
