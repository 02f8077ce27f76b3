//! CastMap: the values of a map from integers, in the order of their keys or at the places that the
//! keys are, converted to another type.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::{DType, Data};
use crate::onnx::value::{Value, ValueType};

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "CastMap",
    versions: &[1],
    inputs: (1, 1),
    outputs: (1, 1),
    types: "map from int64 to string or float",
    build,
};

struct CastMap {
    to: DType,
    /// The number of places of the sparse form; `None` for the dense one.
    places: Option<usize>,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let ValueType::Map(DType::I64, DType::Str | DType::F32) = spec.input(0)?.kind else {
        return Err(spec.wrong_type(0, "a map from int64 to string or float"));
    };
    let wrong = |message: String| Err(Error::new(ErrorCode::ModelAttribute, message));
    let to = match spec.attributes.text("cast_to")? {
        None | Some("TO_FLOAT") => DType::F32,
        Some("TO_STRING") => DType::Str,
        Some("TO_INT64") => DType::I64,
        Some(other) => {
            return wrong(format!(
                "attribute \"cast_to\" is \"{other}\", must be TO_FLOAT, TO_STRING or TO_INT64"
            ));
        }
    };
    let max_map = spec.attributes.int("max_map")?.unwrap_or(1);
    let places = match spec.attributes.text("map_form")? {
        None | Some("DENSE") => None,
        Some("SPARSE") => match usize::try_from(max_map) {
            Ok(places @ 1..) => Some(places),
            _ => return wrong(format!("attribute \"max_map\" is {max_map}, must be positive")),
        },
        Some(other) => {
            return wrong(format!("attribute \"map_form\" is \"{other}\", must be DENSE or SPARSE"));
        }
    };
    let dims = vec![Dim::Known(1), places.map_or(Dim::Unknown, Dim::Known)];
    Built::one(CastMap { to, places }, Fact::shaped(to, Some(dims)))
}

impl Kernel for CastMap {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let Some(Value::Map(keys, values)) = io.value(0) else {
            return Err(Error::new(ErrorCode::Internal, "input 0 is no map"));
        };
        let keys = keys.elements::<i64>().unwrap_or_default();
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|&at| keys[at]);
        if let Some(key) = order.first().map(|&at| keys[at]).filter(|&key| key < 0) {
            return Err(Error::new(
                ErrorCode::RunValue,
                format!("the map has the key {key}, which is negative"),
            ));
        }
        // Of each place of the output the entry of the map that it shows, if any.
        let shown: Vec<Option<usize>> = match self.places {
            None => order.into_iter().map(Some).collect(),
            Some(places) => {
                io.check(&Shape::matrix(1, places))?;
                let mut shown = vec![None; places];
                for at in order {
                    if let Some(place) = usize::try_from(keys[at]).ok().and_then(|key| shown.get_mut(key)) {
                        *place = Some(at);
                    }
                }
                shown
            }
        };
        let shape = Shape::matrix(1, shown.len());
        match self.to {
            DType::F32 => {
                for (out, at) in io.output::<f32>(0, shape)?.iter_mut().zip(shown) {
                    *out = at.map_or(Ok(0.0), |at| number(values.data(), at))? as f32;
                }
            }
            DType::I64 => {
                for (out, at) in io.output::<i64>(0, shape)?.iter_mut().zip(shown) {
                    *out = at.map_or(Ok(0.0), |at| number(values.data(), at))? as i64;
                }
            }
            _ => {
                let out = io.output_strings(0, shape)?;
                for at in shown {
                    match (at, values.data()) {
                        (Some(at), Data::Str(texts)) => out.push(texts.get(at)),
                        // Six digits after the point, as ONNX Runtime prints floats here.
                        (Some(at), Data::F32(numbers)) => out.push(&printed(numbers[at])),
                        _ => out.push(""),
                    }
                }
            }
        }
        Ok(())
    }
}

fn printed(number: f32) -> String {
    if number.is_nan() { "nan".to_owned() } else { format!("{number:.6}") }
}

fn number(values: &Data, at: usize) -> Result<f64> {
    match values {
        Data::F32(numbers) => Ok(numbers.get(at).map_or(0.0, |&number| f64::from(number))),
        Data::Str(texts) => crate::onnx::ops::text_number::read_float(texts.get(at))
            .ok_or_else(|| Error::new(ErrorCode::RunValue, "a text of the map is not a number")),
        _ => Err(Error::new(ErrorCode::Internal, "the map has a type that the builder refuses")),
    }
}
