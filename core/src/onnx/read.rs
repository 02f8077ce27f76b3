//! The model's bytes as `proto` describes them. Recursion is bounded by the limit on nesting.

use super::proto::{
    AttributeProto, AttributeValue, DimProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto,
    TypeProto, ValueInfoProto,
};
use super::wire::{Reader, count_fields, malformed};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;

/// Reads a model.
///
/// # Errors
/// [`ErrorCode::ModelMalformed`] where the bytes are no ONNX model, [`ErrorCode::ModelBudget`] where
/// graphs or types are nested deeper than the limit.
pub(crate) fn model<'m>(bytes: &'m [u8], limits: &Limits) -> Result<ModelProto<'m>> {
    let explain = |error: Error| match error.code() {
        ErrorCode::ModelMalformed => malformed(format!("{}: {}", guess(bytes), error.message())),
        _ => error,
    };
    let model = model_fields(bytes, limits.nesting).map_err(explain)?;
    if model.graph.is_none() {
        return Err(explain(malformed("there is no graph in it")));
    }
    Ok(model)
}

/// What the bytes look like, for people who gave the wrong file.
fn guess(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "this file is empty, not an ONNX model",
        [b'<', ..] => "this looks like a web page, not an ONNX model (a failed download?)",
        [0x80, 2..=5, ..] => {
            "this looks like a Python pickle, not an ONNX model: export the estimator to ONNX"
        }
        [b'P', b'K', 3, 4, ..] => "this looks like a zip archive, not an ONNX model",
        [b'{' | b'[', ..] => "this looks like JSON, not an ONNX model",
        _ => "this is not an ONNX model, or is cut short",
    }
}

fn model_fields(bytes: &[u8], depth: usize) -> Result<ModelProto<'_>> {
    let mut model = ModelProto::default();
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        match number {
            1 => model.ir_version = field.int("ir_version")?,
            2 => model.producer = field.text("producer_name")?,
            7 => model.graph = Some(graph(field.bytes("graph")?, depth)?),
            8 => model.opsets.push(opset(field.bytes("opset_import")?)?),
            25 => model.functions.push(function(field.bytes("functions")?, depth)?),
            _ => {}
        }
    }
    Ok(model)
}

fn opset(bytes: &[u8]) -> Result<(&str, i64)> {
    let (mut domain, mut version) = ("", 0);
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        match number {
            1 => domain = field.text("domain of opset_import")?,
            2 => version = field.int("version of opset_import")?,
            _ => {}
        }
    }
    Ok((domain, version))
}

fn graph(bytes: &[u8], depth: usize) -> Result<GraphProto<'_>> {
    let deeper = depth.checked_sub(1).ok_or_else(|| {
        Error::new(ErrorCode::ModelBudget, "graphs are nested deeper than the limit allows")
    })?;
    let counts = count_fields(bytes)?;
    let mut graph = GraphProto {
        nodes: Vec::with_capacity(counts[1]),
        initializers: Vec::with_capacity(counts[5]),
        value_infos: Vec::with_capacity(counts[13]),
        ..GraphProto::default()
    };
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        match number {
            1 => graph.nodes.push(node(field.bytes("node")?, deeper)?),
            2 => graph.name = field.text("name of a graph")?,
            5 => graph.initializers.push(tensor(field.bytes("initializer")?)?),
            11 => graph.inputs.push(value_info(field.bytes("input")?, depth)?),
            12 => graph.outputs.push(value_info(field.bytes("output")?, depth)?),
            13 => graph.value_infos.push(value_info(field.bytes("value_info")?, depth)?),
            15 => graph.sparse_initializers += 1,
            _ => {}
        }
    }
    Ok(graph)
}

fn function(bytes: &[u8], depth: usize) -> Result<FunctionProto<'_>> {
    let mut function = FunctionProto::default();
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        match number {
            1 => function.name = field.text("name of a function")?,
            4 => function.inputs.push(field.text("input of a function")?),
            5 => function.outputs.push(field.text("output of a function")?),
            6 => function.attributes.push(field.text("attribute of a function")?),
            7 => function.nodes.push(node(field.bytes("node")?, depth)?),
            9 => function.opsets.push(opset(field.bytes("opset_import")?)?),
            10 => function.domain = field.text("domain of a function")?,
            11 => function.attribute_defaults.push(attribute(field.bytes("attribute_proto")?, depth)?),
            13 => function.overload = field.text("overload of a function")?,
            _ => {}
        }
    }
    Ok(function)
}

fn node(bytes: &[u8], depth: usize) -> Result<NodeProto<'_>> {
    let mut node = NodeProto::default();
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        match number {
            1 => node.inputs.push(field.text("input of a node")?),
            2 => node.outputs.push(field.text("output of a node")?),
            3 => node.name = field.text("name of a node")?,
            4 => node.op_type = field.text("op_type of a node")?,
            5 => node.attributes.push(attribute(field.bytes("attribute")?, depth)?),
            7 => node.domain = field.text("domain of a node")?,
            8 => node.overload = field.text("overload of a node")?,
            _ => {}
        }
    }
    Ok(node)
}

/// The field that holds the value of each `AttributeType`.
const VALUE_FIELDS: [(i64, u32); 14] = [
    (1, 2),
    (2, 3),
    (3, 4),
    (4, 5),
    (5, 6),
    (6, 7),
    (7, 8),
    (8, 9),
    (9, 10),
    (10, 11),
    (11, 22),
    (12, 23),
    (13, 14),
    (14, 15),
];

fn attribute(bytes: &[u8], depth: usize) -> Result<AttributeProto<'_>> {
    let mut counts = [0usize; 32];
    let mut attribute = AttributeProto { name: "", reference: "", value: AttributeValue::Missing };
    let mut declared = 0;
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        let run = match number {
            1 => {
                attribute.name = field.text("name of an attribute")?;
                0
            }
            20 => {
                declared = field.int("type of an attribute")?;
                0
            }
            21 => {
                attribute.reference = field.text("ref_attr_name of an attribute")?;
                0
            }
            _ => reader.skip_run(number, &field)?,
        };
        if let Some(count) = counts.get_mut(number as usize) {
            *count += 1 + run;
        }
    }
    let filled = |field: u32| counts.get(field as usize).is_some_and(|&count| count > 0);
    let mut present = VALUE_FIELDS.iter().filter(|(_, field)| filled(*field)).map(|(kind, _)| *kind);
    let found = present.next();
    if present.next().is_some() || (declared != 0 && found.is_some_and(|found| found != declared)) {
        return Err(Error::new(
            ErrorCode::ModelInvalid,
            format!("attribute \"{}\" must hold one value, of the type that it declares", attribute.name),
        ));
    }
    if attribute.reference.is_empty() {
        let kind = if declared == 0 { found.unwrap_or(0) } else { declared };
        attribute.value = attribute_value(bytes, kind, &counts, depth)
            .map_err(|error| if attribute.name.is_empty() { error } else { error.at(attribute.name) })?;
    }
    Ok(attribute)
}

fn attribute_value<'m>(
    bytes: &'m [u8],
    kind: i64,
    counts: &[usize; 32],
    depth: usize,
) -> Result<AttributeValue<'m>> {
    let Some(&(_, wanted)) = VALUE_FIELDS.iter().find(|(number, _)| *number == kind) else {
        return Ok(AttributeValue::Missing);
    };
    let size = counts.get(wanted as usize).copied().unwrap_or(0);
    let mut value = match kind {
        1 => AttributeValue::Float(0.0),
        2 => AttributeValue::Int(0),
        3 => AttributeValue::Text(&[]),
        4 => AttributeValue::Tensor(TensorProto::default()),
        5 => AttributeValue::Graph(Box::default()),
        6 => AttributeValue::Floats(Vec::with_capacity(size)),
        7 => AttributeValue::Ints(Vec::with_capacity(size)),
        8 => AttributeValue::Texts(Vec::with_capacity(size)),
        9 => AttributeValue::Tensors(Vec::with_capacity(size)),
        10 => AttributeValue::Graphs(Vec::with_capacity(size)),
        13 => AttributeValue::Type(TypeProto::Missing),
        _ => return Ok(AttributeValue::Other("a sparse tensor or a list of types")),
    };
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        if number != wanted {
            continue;
        }
        match &mut value {
            AttributeValue::Float(value) => *value = field.float("f")?,
            AttributeValue::Int(value) => *value = field.int("i")?,
            AttributeValue::Text(value) => *value = field.bytes("s")?,
            AttributeValue::Tensor(value) => *value = tensor(field.bytes("t")?)?,
            AttributeValue::Graph(value) => **value = graph(field.bytes("g")?, depth)?,
            AttributeValue::Floats(list) => {
                field.floats("floats", list)?;
                reader.more_floats(number, list)?;
            }
            AttributeValue::Ints(list) => {
                field.varints("ints", list, u64::cast_signed)?;
                reader.more_ints(number, list)?;
            }
            AttributeValue::Texts(list) => {
                list.push(field.bytes("strings")?);
                reader.more_bytes(number, list)?;
            }
            AttributeValue::Tensors(list) => list.push(tensor(field.bytes("tensors")?)?),
            AttributeValue::Graphs(list) => list.push(graph(field.bytes("graphs")?, depth)?),
            AttributeValue::Type(value) => *value = type_proto(field.bytes("tp")?, depth)?,
            AttributeValue::Other(_) | AttributeValue::Missing => {}
        }
    }
    Ok(value)
}

fn tensor(bytes: &[u8]) -> Result<TensorProto<'_>> {
    let mut tensor = TensorProto::default();
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        match number {
            1 => field.varints("dims", &mut tensor.dims, u64::cast_signed)?,
            2 => tensor.data_type = field.int32("data_type")?,
            4 => field.floats("float_data", &mut tensor.floats)?,
            5 => field.varints("int32_data", &mut tensor.ints32, |value| value as i32)?,
            6 => tensor.texts.push(field.bytes("string_data")?),
            7 => field.varints("int64_data", &mut tensor.ints64, u64::cast_signed)?,
            8 => tensor.name = field.text("name of a tensor")?,
            9 => tensor.raw = Some(field.bytes("raw_data")?),
            10 => field.doubles("double_data", &mut tensor.doubles)?,
            11 => field.varints("uint64_data", &mut tensor.uints64, |value| value)?,
            13 => tensor.external = true,
            14 => tensor.external |= field.int("data_location")? != 0,
            _ => {}
        }
    }
    Ok(tensor)
}

fn value_info(bytes: &[u8], depth: usize) -> Result<ValueInfoProto<'_>> {
    let mut info = ValueInfoProto::default();
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        match number {
            1 => info.name = field.text("name of a value")?,
            2 => info.kind = type_proto(field.bytes("type of a value")?, depth)?,
            _ => {}
        }
    }
    Ok(info)
}

fn type_proto(bytes: &[u8], depth: usize) -> Result<TypeProto<'_>> {
    let deeper = depth
        .checked_sub(1)
        .ok_or_else(|| Error::new(ErrorCode::ModelBudget, "types are nested deeper than the limit allows"))?;
    let mut kind = TypeProto::Missing;
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        kind = match number {
            1 => tensor_type(field.bytes("tensor_type")?)?,
            4 => TypeProto::Sequence(Box::new(type_parts(field.bytes("sequence_type")?, 1, deeper)?.1)),
            5 => {
                let (key, value) = type_parts(field.bytes("map_type")?, 2, deeper)?;
                TypeProto::Map(key, Box::new(value))
            }
            9 => TypeProto::Optional(Box::new(type_parts(field.bytes("optional_type")?, 1, deeper)?.1)),
            7 => TypeProto::Other("opaque"),
            8 => TypeProto::Other("sparse_tensor"),
            _ => continue,
        };
    }
    Ok(kind)
}

/// The key type in field 1 and the inner type in field `inner` of a sequence, map or optional type.
fn type_parts(bytes: &[u8], inner: u32, depth: usize) -> Result<(i32, TypeProto<'_>)> {
    let (mut key, mut kind) = (0, TypeProto::Missing);
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        if number == inner {
            kind = type_proto(field.bytes("inner type")?, depth)?;
        } else if number == 1 {
            key = field.int32("key_type")?;
        }
    }
    Ok((key, kind))
}

fn tensor_type(bytes: &[u8]) -> Result<TypeProto<'_>> {
    let (mut element, mut shape) = (0, None);
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        match number {
            1 => element = field.int32("elem_type")?,
            2 => shape = Some(axes(field.bytes("shape")?)?),
            _ => {}
        }
    }
    Ok(TypeProto::Tensor(element, shape))
}

fn axes(bytes: &[u8]) -> Result<Vec<DimProto<'_>>> {
    let mut axes = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        if number != 1 {
            continue;
        }
        let mut dim = DimProto::Missing;
        let mut inner = Reader::new(field.bytes("dim")?);
        while let Some((number, field)) = inner.next()? {
            match number {
                1 => dim = DimProto::Value(field.int("dim_value")?),
                2 => dim = DimProto::Param(field.text("dim_param")?),
                _ => {}
            }
        }
        axes.push(dim);
    }
    Ok(axes)
}
