//! One node as a model of tract, and that model as a kernel.

use std::collections::HashMap;

use std::sync::Arc;
use tract_onnx::pb;
use tract_onnx::prelude::{
    Framework, InferenceModelExt, IntoRunnable, IntoTValue, Symbol, SymbolValues, TDim, TVec,
    Tensor as TractTensor, TypedRunnableModel,
};

use super::Layer;
use super::convert::{attribute, dimension, dtype, failure, from_tract, initializer, to_tract};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;

/// A size of an input as the model was optimised for.
enum Size {
    Fixed(usize),
    /// The symbol with this number.
    Symbol(usize),
}

struct Node {
    model: Arc<TypedRunnableModel>,
    symbols: Vec<Symbol>,
    /// The node's inputs that are not constants: their number, and their shape.
    inputs: Vec<(usize, Vec<Size>)>,
    outputs: Vec<(DType, TVec<TDim>)>,
}

/// The symbols of a node under construction: a name of the graph, or one of their own for each size
/// that nothing is known of.
#[derive(Default)]
struct Symbols {
    names: Vec<Option<Box<str>>>,
    numbers: HashMap<Box<str>, usize>,
}

impl Symbols {
    fn size(&mut self, dim: &Dim) -> Size {
        let fresh = |names: &mut Vec<Option<Box<str>>>, name: Option<&str>| {
            names.push(name.map(Into::into));
            names.len() - 1
        };
        match dim {
            Dim::Known(size) => Size::Fixed(*size),
            Dim::Unknown => Size::Symbol(fresh(&mut self.names, None)),
            Dim::Symbol(name) => match self.numbers.get(name) {
                Some(&number) => Size::Symbol(number),
                None => {
                    let number = fresh(&mut self.names, Some(name));
                    self.numbers.insert(name.clone(), number);
                    Size::Symbol(number)
                }
            },
        }
    }
}

fn symbol_name(number: usize) -> String {
    format!("n{number}")
}

pub(super) fn build(layer: &Layer, spec: &NodeSpec<'_>) -> Result<Built> {
    let mut symbols = Symbols::default();
    let mut graph = pb::GraphProto { name: "node".to_owned(), ..pb::GraphProto::default() };
    let mut node =
        pb::NodeProto { op_type: layer.name.to_owned(), name: "node".to_owned(), ..Default::default() };
    let mut inputs = Vec::new();
    for (at, fact) in spec.inputs.iter().enumerate() {
        let Some(fact) = fact else {
            node.input.push(String::new());
            continue;
        };
        let name = format!("i{at}");
        node.input.push(name.clone());
        if let Some(tensor) = &fact.constant {
            graph.initializer.push(initializer(name, tensor)?);
            continue;
        }
        let dims = fact.dims.as_ref().ok_or_else(|| {
            let message =
                format!("the number of axes of input {at} is not known, which the neural backend needs");
            Error::new(ErrorCode::ModelUnsupported, message)
        })?;
        let sizes: Vec<Size> = dims.iter().map(|dim| symbols.size(dim)).collect();
        graph.input.push(input_info(name, spec.dtype(at)?, &sizes));
        inputs.push((at, sizes));
    }
    for at in 0..spec.outputs {
        node.output.push(format!("o{at}"));
        graph.output.push(pb::ValueInfoProto { name: format!("o{at}"), ..Default::default() });
    }
    for name in layer.attributes {
        if let Some(value) = spec.attributes.value(name) {
            node.attribute.push(attribute(name, value)?);
        }
    }
    graph.node.push(node);
    let proto = pb::ModelProto {
        ir_version: 8,
        opset_import: vec![pb::OperatorSetIdProto { domain: String::new(), version: spec.opset }],
        graph: Some(graph),
        ..pb::ModelProto::default()
    };
    plan(&proto, &symbols, inputs)
}

fn input_info(name: String, dtype: DType, sizes: &[Size]) -> pb::ValueInfoProto {
    let dim = sizes
        .iter()
        .map(|size| match size {
            Size::Fixed(size) => dimension(Some(*size), ""),
            Size::Symbol(number) => dimension(None, &symbol_name(*number)),
        })
        .collect();
    let tensor =
        pb::type_proto::Tensor { elem_type: dtype as i32, shape: Some(pb::TensorShapeProto { dim }) };
    let value = Some(pb::type_proto::Value::TensorType(tensor));
    pb::ValueInfoProto {
        name,
        r#type: Some(pb::TypeProto { value, ..Default::default() }),
        ..Default::default()
    }
}

/// Has tract check and optimise the model, and says what is known of its outputs.
fn plan(proto: &pb::ModelProto, symbols: &Symbols, inputs: Vec<(usize, Vec<Size>)>) -> Result<Built> {
    let refused = |error| failure(ErrorCode::ModelUnsupported, &error);
    let model = tract_onnx::onnx().model_for_proto_model(proto).map_err(refused)?;
    let scope = model.symbols.clone();
    let list: Vec<Symbol> = (0..symbols.names.len()).map(|number| scope.sym(&symbol_name(number))).collect();
    let model = model.into_optimized().map_err(refused)?;
    let mut outputs = Vec::new();
    let mut facts = Vec::new();
    for outlet in model.output_outlets().map_err(refused)? {
        let fact = model.outlet_fact(*outlet).map_err(refused)?;
        let dtype = dtype(fact.datum_type).ok_or_else(|| {
            Error::new(
                ErrorCode::ModelUnsupported,
                "the neural backend makes an element type that is not supported",
            )
        })?;
        let dims: TVec<TDim> = fact.shape.iter().cloned().collect();
        let known = dims.iter().map(|dim| known_size(dim, &list, symbols)).collect();
        facts.push(Fact::shaped(dtype, Some(known)));
        outputs.push((dtype, dims));
    }
    let model = model.into_runnable().map_err(refused)?;
    let kernel = Node { model, symbols: list, inputs, outputs };
    Ok(Built { kernel: Box::new(kernel), outputs: facts })
}

fn known_size(dim: &TDim, list: &[Symbol], symbols: &Symbols) -> Dim {
    if let Ok(size) = dim.to_i64() {
        return usize::try_from(size).map_or(Dim::Unknown, Dim::Known);
    }
    let same = list.iter().position(|symbol| matches!(dim, TDim::Sym(other) if other == symbol));
    let name = same.and_then(|number| symbols.names.get(number)).and_then(Option::as_ref);
    name.map_or(Dim::Unknown, |name| Dim::Symbol(name.clone()))
}

impl Kernel for Node {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let values = self.bind(io)?;
        let mut shapes = Vec::with_capacity(self.outputs.len());
        for (_, dims) in &self.outputs {
            let sizes: Option<Vec<usize>> = dims
                .iter()
                .map(|dim| dim.eval(&values).to_i64().ok().and_then(|size| usize::try_from(size).ok()))
                .collect();
            let shape = sizes.and_then(|sizes| Shape::new(&sizes)).ok_or_else(|| {
                Error::new(ErrorCode::InputShape, "the sizes of the inputs do not fit the operator")
            })?;
            io.check(&shape)?;
            shapes.push(shape);
        }
        if self.inputs.iter().any(|(at, _)| io.try_tensor(*at).is_some_and(|tensor| tensor.is_empty())) {
            return self.leave_empty(io, &shapes);
        }
        let tensors = self.inputs.iter().map(|(at, _)| Ok(to_tract(io.tensor(*at)?)?.into_tvalue()));
        let tensors = tensors.collect::<Result<TVec<_>>>()?;
        let made = self.model.run(tensors).map_err(|error| failure(ErrorCode::RunValue, &error))?;
        for (at, ((dtype, _), made)) in self.outputs.iter().zip(made.iter()).enumerate() {
            let made: &TractTensor = made;
            from_tract(made, *dtype, io.output_tensor(at)?)?;
        }
        Ok(())
    }
}

impl Node {
    /// The size that each symbol has in this run; every input must have the shape it was planned for.
    fn bind(&self, io: &Io<'_>) -> Result<SymbolValues> {
        let mut values = SymbolValues::default();
        for (at, expected) in &self.inputs {
            let shape = io.tensor(*at)?.shape();
            let wrong = || {
                let message =
                    format!("input {at} has shape {shape}, which does not fit the rest of the model");
                Error::new(ErrorCode::InputShape, message)
            };
            if shape.rank() != expected.len() {
                return Err(wrong());
            }
            for (expected, &size) in expected.iter().zip(shape.sizes()) {
                match expected {
                    Size::Fixed(expected) if *expected == size => {}
                    Size::Fixed(_) => return Err(wrong()),
                    Size::Symbol(number) => {
                        let symbol = self.symbols.get(*number).ok_or_else(wrong)?;
                        if values.get(symbol).is_some_and(|known| known != size as i64) {
                            return Err(wrong());
                        }
                        values.set(symbol, size as i64);
                    }
                }
            }
        }
        Ok(values)
    }

    /// The outputs of a batch of no rows: tract is not asked.
    fn leave_empty(&self, io: &mut Io<'_>, shapes: &[Shape]) -> Result<()> {
        for (at, ((dtype, _), shape)) in self.outputs.iter().zip(shapes).enumerate() {
            if shape.elements() != Some(0) {
                return Err(Error::new(ErrorCode::InputShape, "an input without elements"));
            }
            io.output_tensor(at)?.reset_as(*dtype, *shape);
        }
        Ok(())
    }
}
