//! Optionals: a value or none.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::declared;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::DType;
use crate::onnx::value::{Value, ValueType};

struct Make;

/// Optional: wraps its input, or makes an empty one of the type in its attribute.
pub(super) fn make(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let declared = spec.attributes.type_proto("type")?.map(declared::kind).transpose()?.flatten();
    let kind = match (spec.inputs.first().cloned().flatten(), declared) {
        (Some(fact), _) => fact.kind,
        (None, Some(kind)) => kind,
        (None, None) => {
            let message = "attribute \"type\" is required where the input is left out";
            return Err(Error::new(ErrorCode::ModelAttribute, message));
        }
    };
    let kind = ValueType::Optional(Box::new(kind));
    Built::one(Make, Fact { kind, dims: None, constant: None })
}

impl Kernel for Make {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let mut held = None;
        if io.input_count() > 0 {
            let mut value = Value::default();
            value.copy_input(io.inputs, 0)?;
            held = Some(Box::new(value));
        }
        *io.output_value(0)? = Value::Optional(held);
        Ok(())
    }
}

struct Get;

/// OptionalGetElement: what the optional holds; anything else is itself.
pub(super) fn get(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let fact = spec.input(0)?;
    match &fact.kind {
        ValueType::Optional(item) => {
            Built::one(Get, Fact { kind: (**item).clone(), dims: None, constant: None })
        }
        _ if spec.opset >= 18 => Built::one(Get, fact.clone()),
        _ => Err(spec.wrong_type(0, "an optional")),
    }
}

impl Kernel for Get {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        match io.value(0) {
            Some(Value::Optional(Some(value))) => {
                let value = value.as_ref();
                match value {
                    Value::Tensor(tensor) => io.output_value(0)?.copy_tensor(tensor),
                    other => *io.output_value(0)? = other.clone(),
                }
                Ok(())
            }
            Some(Value::Optional(None)) => Err(Error::new(ErrorCode::RunValue, "the optional holds nothing")),
            _ => {
                let inputs = io.inputs;
                io.output_value(0)?.copy_input(inputs, 0)
            }
        }
    }
}

struct Has;

/// OptionalHasElement: whether there is a value.
pub(super) fn has(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let optional = |fact: &Fact| matches!(fact.kind, ValueType::Optional(_));
    if spec.opset < 18 && !spec.inputs.first().and_then(Option::as_ref).is_some_and(optional) {
        return Err(spec.wrong_type(0, "an optional"));
    }
    Built::one(Has, Fact::shaped(DType::Bool, Some(Vec::new())))
}

impl Kernel for Has {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let has = match io.value(0) {
            Some(Value::Optional(value)) => value.is_some(),
            Some(_) => true,
            None => io.try_tensor(0).is_some(),
        };
        io.output::<bool>(0, Shape::SCALAR)?.fill(has);
        Ok(())
    }
}
