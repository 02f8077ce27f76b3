//! What an operator is: a builder that checks a node once, and a kernel that runs it many times.
//!
//! The builder sees the node's attributes and what is known about its inputs, refuses what the
//! standard does not allow, and returns a kernel with everything precomputed. The kernel sees
//! tensors only. So every check that can be made at load is made there, and a run pays for none.

use std::sync::Arc;

use super::attributes::Attributes;
use super::body::{Body, Frames};
use super::explain::ExplainPart;
use super::proto::GraphProto;
use super::shape::{DimList, Shape};
use super::tensor::{DType, Element, Strings, Tensor};
use super::value::{Value, ValueType};
use crate::error::{Error, ErrorCode, Result};

/// What is known at load about a value that flows between nodes.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its type, always known.
    pub kind: ValueType,
    /// Its shape, as far as it is known.
    pub dims: DimList,
    /// Its value, where it is a constant of the model.
    pub constant: Option<std::sync::Arc<Tensor>>,
}

impl Fact {
    /// A tensor of this type whose shape is not known.
    #[must_use]
    pub const fn tensor(dtype: DType) -> Self {
        Self { kind: ValueType::Tensor(dtype), dims: None, constant: None }
    }

    /// A tensor of this type and shape.
    #[must_use]
    pub const fn shaped(dtype: DType, dims: DimList) -> Self {
        Self { kind: ValueType::Tensor(dtype), dims, constant: None }
    }

    /// The element type, where the value is a tensor.
    #[must_use]
    pub const fn dtype(&self) -> Option<DType> {
        if let ValueType::Tensor(dtype) = self.kind { Some(dtype) } else { None }
    }

    /// The number of axes, where known.
    #[must_use]
    pub fn rank(&self) -> Option<usize> {
        self.dims.as_ref().map(Vec::len)
    }
}

/// A node as its builder sees it.
pub struct NodeSpec<'m> {
    /// The node's attributes. A builder asks for each one that its operator has; what nobody asked
    /// for is refused after the build as unknown.
    pub attributes: Attributes<'m>,
    /// What is known of each input; `None` where an optional input is left out.
    pub inputs: Vec<Option<Fact>>,
    /// How many outputs the node names (a left-out optional output counts if a later one is named).
    pub outputs: usize,
    /// The version of the operator set that the model imports for the node's domain.
    pub opset: i64,
    /// Plans the graphs that are attributes of the node; `None` only in unit tests of plain operators.
    pub nested: Option<&'m dyn Nested>,
}

/// Turns a nested graph into something a kernel can run.
pub trait Nested {
    /// Plans `graph` for inputs of which `inputs` is known. Values of enclosing graphs that it uses
    /// become further inputs of the node; the body finds them by itself.
    ///
    /// # Errors
    /// Whatever is wrong with the graph.
    fn plan(&self, graph: &GraphProto<'_>, inputs: &[Fact]) -> Result<Body>;
}

impl NodeSpec<'_> {
    /// Input `at`, or an error that says it is missing.
    ///
    /// # Errors
    /// [`ErrorCode::ModelInvalid`] where the node leaves it out.
    pub fn input(&self, at: usize) -> Result<&Fact> {
        self.inputs
            .get(at)
            .and_then(Option::as_ref)
            .ok_or_else(|| Error::new(ErrorCode::ModelInvalid, format!("input {at} is required and missing")))
    }

    /// Element type of input `at`, which must be a tensor.
    ///
    /// # Errors
    /// [`ErrorCode::ModelInvalid`] where it is missing, [`ErrorCode::ModelType`] where it is no tensor.
    pub fn dtype(&self, at: usize) -> Result<DType> {
        self.input(at)?
            .dtype()
            .ok_or_else(|| Error::new(ErrorCode::ModelType, format!("input {at} must be a tensor")))
    }

    /// The constant that input `at` is, if it is given and constant.
    #[must_use]
    pub fn constant(&self, at: usize) -> Option<&Tensor> {
        self.inputs.get(at)?.as_ref()?.constant.as_deref()
    }

    /// An error that says which types input `at` may have.
    #[must_use]
    pub fn wrong_type(&self, at: usize, expected: &str) -> Error {
        let found = self
            .inputs
            .get(at)
            .and_then(Option::as_ref)
            .map_or_else(|| "nothing".to_owned(), |fact| fact.kind.to_string());
        Error::new(ErrorCode::ModelType, format!("input {at} is {found}, must be {expected}"))
    }
}

/// What a builder returns.
pub struct Built {
    /// Runs the node.
    pub kernel: Box<dyn Kernel>,
    /// What is known of each output, as many as `NodeSpec::outputs` or more.
    pub outputs: Vec<Fact>,
}

impl Built {
    /// A kernel with one output.
    ///
    /// # Errors
    /// None; the result saves builders an `Ok`.
    pub fn one(kernel: impl Kernel + 'static, output: Fact) -> Result<Self> {
        Ok(Self { kernel: Box::new(kernel), outputs: vec![output] })
    }
}

/// Runs one node. Kernels are immutable; what a run changes is in [`Io`].
pub trait Kernel: Send + Sync {
    /// Reads inputs, fills outputs. Returns an error rather than a wrong number.
    ///
    /// # Errors
    /// [`ErrorCode::RunValue`] for values outside the operator's domain, [`ErrorCode::InputShape`] for
    /// shapes that do not fit, [`ErrorCode::RunBudget`] where limits are met.
    fn run(&self, io: &mut Io<'_>) -> Result<()>;

    /// Makes now what the first run would make, such as tables that only runs need.
    fn prepare(&self) {}

    /// What an explanation of the model's answers needs to know of this kernel, if anything.
    fn explain_part(&self) -> Option<ExplainPart<'_>> {
        None
    }
}

/// A run's view of one node: inputs to read, outputs to fill.
pub struct Io<'r> {
    pub(crate) inputs: &'r dyn Inputs,
    pub(crate) outputs: &'r mut [Value],
    pub(crate) max_elements: usize,
    /// Buffers that kernels may use and leave behind; they keep their capacity between runs.
    pub scratch: &'r mut Scratch,
    /// Steps left before the run is stopped.
    pub steps: &'r mut u64,
}

/// Where the executor keeps values; lets [`Io`] look inputs up without a list built per node.
pub trait Inputs {
    /// The value of input `at`, or `None` where it is left out or a constant of the model.
    fn value(&self, at: usize) -> Option<&Value>;
    /// Input `at` as a tensor, constants included, or `None` where it is left out or no tensor.
    fn tensor(&self, at: usize) -> Option<&Tensor> {
        if let Some(Value::Tensor(tensor)) = self.value(at) { Some(tensor) } else { None }
    }
    /// How many inputs the node names.
    fn count(&self) -> usize;
}

/// Inputs that are there before any run: a kernel runs on them alone.
#[derive(Clone, Copy, Debug)]
pub struct Constants<'c>(pub &'c [Option<Arc<Tensor>>]);

impl Inputs for Constants<'_> {
    fn value(&self, _at: usize) -> Option<&Value> {
        None
    }

    fn tensor(&self, at: usize) -> Option<&Tensor> {
        self.0.get(at)?.as_deref()
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

/// Reusable buffers.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Floats.
    pub f32: Vec<f32>,
    /// Doubles.
    pub f64: Vec<f64>,
    /// Integers.
    pub i64: Vec<i64>,
    /// Indices.
    pub usize: Vec<usize>,
    /// Truth values.
    pub flags: Vec<bool>,
    /// Scores under construction, beside `f32` that holds the inputs.
    pub scores_f32: Vec<f32>,
    /// Scores under construction, beside `f64` that holds the inputs.
    pub scores_f64: Vec<f64>,
    /// What tree kernels keep between runs.
    pub(crate) trees: super::ops::ml::tree::fast::Work,
    /// Text under construction.
    pub text: String,
    /// What nested graphs keep between runs.
    pub(crate) frames: Frames,
}

impl<'r> Io<'r> {
    /// How many inputs the node names.
    #[must_use]
    pub fn input_count(&self) -> usize {
        self.inputs.count()
    }

    /// Input `at` where it is a value made by this run; `None` for constants, which are always
    /// tensors: ask [`Self::try_tensor`] first where a tensor is possible.
    #[must_use]
    pub fn value(&self, at: usize) -> Option<&'r Value> {
        self.inputs.value(at)
    }

    /// Input `at` as a tensor, if given.
    #[must_use]
    pub fn try_tensor(&self, at: usize) -> Option<&'r Tensor> {
        self.inputs.tensor(at)
    }

    /// Input `at` as a tensor.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] where it is not: builders have checked this.
    pub fn tensor(&self, at: usize) -> Result<&'r Tensor> {
        self.try_tensor(at).ok_or_else(|| Error::new(ErrorCode::Internal, format!("input {at} is no tensor")))
    }

    /// Elements of input `at`.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] where they are of another type: builders have checked this.
    pub fn elements<T: Element>(&self, at: usize) -> Result<&'r [T]> {
        self.tensor(at)?
            .elements()
            .ok_or_else(|| Error::new(ErrorCode::Internal, format!("input {at} is not {}", T::DTYPE.name())))
    }

    /// Texts of input `at`.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] where it is not text: builders have checked this.
    pub fn strings(&self, at: usize) -> Result<&'r Strings> {
        self.tensor(at)?
            .strings()
            .ok_or_else(|| Error::new(ErrorCode::Internal, format!("input {at} is not text")))
    }

    /// Makes output `at` a tensor of `T` with this shape and returns its elements to fill; they hold
    /// old or default values.
    ///
    /// # Errors
    /// [`ErrorCode::RunBudget`] where the shape has more elements than allowed.
    pub fn output<T: Element>(&mut self, at: usize, shape: Shape) -> Result<&mut [T]> {
        self.check(&shape)?;
        Ok(self.output_tensor(at)?.reset(shape))
    }

    /// Makes output `at` a tensor of text with this shape; push as many texts as it holds.
    ///
    /// # Errors
    /// [`ErrorCode::RunBudget`] where the shape has more elements than allowed.
    pub fn output_strings(&mut self, at: usize, shape: Shape) -> Result<&mut Strings> {
        self.check(&shape)?;
        Ok(self.output_tensor(at)?.reset_strings(shape))
    }

    /// Output `at` as a tensor to fill, whatever it held before.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] where the node has no such output.
    pub fn output_tensor(&mut self, at: usize) -> Result<&mut Tensor> {
        let value = self.output_value(at)?;
        if !matches!(value, Value::Tensor(_)) {
            *value = Value::Tensor(Tensor::default());
        }
        match value {
            Value::Tensor(tensor) => Ok(tensor),
            _ => Err(Error::new(ErrorCode::Internal, "output is no tensor")),
        }
    }

    /// Output `at` as any value.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] where the node has no such output.
    pub fn output_value(&mut self, at: usize) -> Result<&mut Value> {
        self.outputs.get_mut(at).ok_or_else(|| Error::new(ErrorCode::Internal, format!("no output {at}")))
    }

    /// How many outputs the node names.
    #[must_use]
    pub fn output_count(&self) -> usize {
        self.outputs.len()
    }

    /// Whether the node names output `at`, so that it must be computed.
    #[must_use]
    pub fn wants(&self, at: usize) -> bool {
        at < self.outputs.len()
    }

    /// Counts a value that the kernel keeps while it runs against the run's memory.
    ///
    /// # Errors
    /// [`ErrorCode::RunBudget`] where there is no memory left.
    pub(crate) fn hold(&mut self, bytes: usize) -> Result<()> {
        self.scratch.frames.hold(bytes)
    }

    /// Refuses a shape that holds more elements than the limits allow, before anything is allocated.
    ///
    /// # Errors
    /// [`ErrorCode::RunBudget`].
    pub fn check(&self, shape: &Shape) -> Result<()> {
        match shape.volume() {
            Some(volume) if volume <= self.max_elements => Ok(()),
            _ => Err(Error::new(
                ErrorCode::RunBudget,
                format!("a tensor of shape {shape} is larger than {} elements", self.max_elements),
            )),
        }
    }
}

/// One row of the operator registry.
#[derive(Clone, Copy)]
pub struct Operator {
    /// `""` for `ai.onnx`.
    pub domain: &'static str,
    /// As in the standard.
    pub name: &'static str,
    /// The operator-set versions at which the operator changed, all of which the builder knows,
    /// ascending; the last one stays valid for newer operator sets up to the newest known.
    pub versions: &'static [i64],
    /// Least and greatest number of inputs.
    pub inputs: (usize, usize),
    /// Least and greatest number of outputs.
    pub outputs: (usize, usize),
    /// Element types of the main input, for the documentation.
    pub types: &'static str,
    /// Checks a node and makes its kernel.
    pub build: fn(&mut NodeSpec<'_>) -> Result<Built>,
}
