//! The parts of `onnx.proto` that matter to a runtime, borrowed from the model's bytes.
//!
//! Names, texts and raw data stay slices of the input; only numbers are decoded, once. That keeps
//! loading linear and its memory close to the size of the file.

/// `ModelProto`.
#[derive(Debug, Default)]
pub struct ModelProto<'m> {
    /// `ir_version`.
    pub ir_version: i64,
    /// `producer_name`.
    pub producer: &'m str,
    /// `opset_import`: domain (`""` and `ai.onnx` are the same) and version.
    pub opsets: Vec<(&'m str, i64)>,
    /// `graph`.
    pub graph: Option<GraphProto<'m>>,
    /// `functions`: model-local functions.
    pub functions: Vec<FunctionProto<'m>>,
}

/// `GraphProto`.
#[derive(Debug, Default)]
pub struct GraphProto<'m> {
    /// `name`.
    pub name: &'m str,
    /// `node`.
    pub nodes: Vec<NodeProto<'m>>,
    /// `initializer`.
    pub initializers: Vec<TensorProto<'m>>,
    /// Number of `sparse_initializer` entries.
    pub sparse_initializers: usize,
    /// `input`.
    pub inputs: Vec<ValueInfoProto<'m>>,
    /// `output`.
    pub outputs: Vec<ValueInfoProto<'m>>,
    /// `value_info`.
    pub value_infos: Vec<ValueInfoProto<'m>>,
}

/// `FunctionProto`.
#[derive(Debug, Default)]
pub struct FunctionProto<'m> {
    /// `domain`.
    pub domain: &'m str,
    /// `name`.
    pub name: &'m str,
    /// `overload`.
    pub overload: &'m str,
    /// `input`.
    pub inputs: Vec<&'m str>,
    /// `output`.
    pub outputs: Vec<&'m str>,
    /// `attribute`: names without default.
    pub attributes: Vec<&'m str>,
    /// `attribute_proto`: attributes with default.
    pub attribute_defaults: Vec<AttributeProto<'m>>,
    /// `node`.
    pub nodes: Vec<NodeProto<'m>>,
    /// `opset_import`.
    pub opsets: Vec<(&'m str, i64)>,
}

/// `NodeProto`.
#[derive(Debug, Default)]
pub struct NodeProto<'m> {
    /// `name`; may be empty.
    pub name: &'m str,
    /// `op_type`.
    pub op_type: &'m str,
    /// `domain`.
    pub domain: &'m str,
    /// `overload`.
    pub overload: &'m str,
    /// `input`; an empty name is a left-out optional input.
    pub inputs: Vec<&'m str>,
    /// `output`.
    pub outputs: Vec<&'m str>,
    /// `attribute`.
    pub attributes: Vec<AttributeProto<'m>>,
}

/// `AttributeProto`.
#[derive(Debug)]
pub struct AttributeProto<'m> {
    /// `name`.
    pub name: &'m str,
    /// `ref_attr_name`: inside a function, the attribute of the call that this one stands for.
    pub reference: &'m str,
    /// The value, of the kind that `type` (or, where it is missing, the one filled field) says.
    pub value: AttributeValue<'m>,
}

/// The value of an attribute.
#[derive(Debug)]
#[allow(missing_docs, reason = "each variant is the field of AttributeProto it is named after")]
pub enum AttributeValue<'m> {
    Float(f32),
    Int(i64),
    Text(&'m [u8]),
    Tensor(TensorProto<'m>),
    Graph(Box<GraphProto<'m>>),
    Floats(Vec<f32>),
    Ints(Vec<i64>),
    Texts(Vec<&'m [u8]>),
    Tensors(Vec<TensorProto<'m>>),
    Graphs(Vec<GraphProto<'m>>),
    Type(TypeProto<'m>),
    /// A kind that no operator here takes: sparse tensors, lists of types.
    Other(&'static str),
    /// None set: only allowed with `reference`.
    Missing,
}

/// `TensorProto`.
#[derive(Debug, Default)]
pub struct TensorProto<'m> {
    /// `name`.
    pub name: &'m str,
    /// `data_type`.
    pub data_type: i32,
    /// `dims`.
    pub dims: Vec<i64>,
    /// `raw_data`, where present.
    pub raw: Option<&'m [u8]>,
    /// `float_data` (also complex64).
    pub floats: Vec<f32>,
    /// `int32_data` (also int16, int8, uint16, uint8, bool, float16, bfloat16).
    pub ints32: Vec<i32>,
    /// `string_data`.
    pub texts: Vec<&'m [u8]>,
    /// `int64_data`.
    pub ints64: Vec<i64>,
    /// `double_data` (also complex128).
    pub doubles: Vec<f64>,
    /// `uint64_data` (also uint32).
    pub uints64: Vec<u64>,
    /// Whether `external_data` is present or `data_location` is EXTERNAL.
    pub external: bool,
}

/// `ValueInfoProto` with its type unfolded.
#[derive(Debug, Default)]
pub struct ValueInfoProto<'m> {
    /// `name`.
    pub name: &'m str,
    /// `type`.
    pub kind: TypeProto<'m>,
}

/// `TypeProto`.
#[derive(Debug, Default)]
pub enum TypeProto<'m> {
    /// Not given.
    #[default]
    Missing,
    /// `tensor_type`: element type and, where a shape is given, its axes.
    Tensor(i32, Option<Vec<DimProto<'m>>>),
    /// `sequence_type`.
    Sequence(Box<TypeProto<'m>>),
    /// `map_type`: key type and value type.
    Map(i32, Box<TypeProto<'m>>),
    /// `optional_type`.
    Optional(Box<TypeProto<'m>>),
    /// `sparse_tensor_type` or an opaque type.
    Other(&'static str),
}

/// `TensorShapeProto.Dimension`.
#[derive(Clone, Debug)]
pub enum DimProto<'m> {
    /// `dim_value`.
    Value(i64),
    /// `dim_param`.
    Param(&'m str),
    /// Neither.
    Missing,
}
