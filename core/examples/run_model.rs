//! Runs models natively, for checks that compare with other runtimes: one JSON request per line of
//! standard input, one JSON answer per line of standard output.
//!
//! Request: `{"model": "path", "feeds": {"X": value}, "repeat": 1}`. Answer: `{"outputs": {"Y": value}}`
//! or `{"error": {"code", "path", "message"}, "stage": "load" | "run"}`. A value is
//! `{"dtype": 1, "shape": [2], "hex": "<little-endian bytes>"}`, `{"dtype": 8, "shape": [1], "strings": ["a"]}`,
//! `{"sequence": [values]}`, `{"optional": value or null}`, `{"map": [keys, values]}` or
//! `{"zipmap": [keys, table]}`.

use std::io::{BufRead, Write};
use std::sync::Arc;

use scorebox_core::onnx::{DType, Data, Keys, Model, Session, Shape, Tensor, Value};
use scorebox_core::{Limits, for_each_numeric};
use serde_json::{Value as Json, json};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Json = serde_json::from_str(&line?)?;
        writeln!(out, "{}", answer(&request)?)?;
        out.flush()?;
    }
    Ok(())
}

fn answer(request: &Json) -> Result<Json, Failure> {
    let failed = |error: scorebox_core::Error, stage: &str| {
        let (code, path, message) = (error.code().as_str(), error.path(), error.message());
        json!({"error": {"code": code, "path": path, "message": message}, "stage": stage})
    };
    let bytes = std::fs::read(request["model"].as_str().ok_or("no model")?)?;
    let started = std::time::Instant::now();
    let model = match Model::load(&bytes, &Limits::DEFAULT) {
        Ok(model) => Arc::new(model),
        Err(error) => return Ok(failed(error, "load")),
    };
    let load_s = started.elapsed().as_secs_f64();
    let Some(feeds) = request["feeds"].as_object() else {
        let inputs: Vec<String> = model.inputs().iter().map(|info| info.name.to_string()).collect();
        return Ok(json!({"inputs": inputs, "load_s": load_s}));
    };
    let values = feeds
        .iter()
        .map(|(name, value)| Ok((name.as_str(), read(value)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let feeds: Vec<(&str, &Value)> = values.iter().map(|(name, value)| (*name, value)).collect();
    let mut session = Session::new(Arc::clone(&model));
    let started = std::time::Instant::now();
    for _ in 0..request["repeat"].as_u64().unwrap_or(1) {
        if let Err(error) = session.run(&feeds) {
            return Ok(failed(error, "run"));
        }
    }
    let run_s = started.elapsed().as_secs_f64();
    let outputs = model.outputs().iter().enumerate();
    let outputs: serde_json::Map<String, Json> =
        outputs.filter_map(|(at, info)| Some((info.name.to_string(), write(session.output(at)?)))).collect();
    Ok(json!({"outputs": outputs, "load_s": load_s, "run_s": run_s}))
}

fn read(json: &Json) -> Result<Value, Failure> {
    if let Some(items) = json["sequence"].as_array() {
        return Ok(Value::Sequence(items.iter().map(read).collect::<Result<_, _>>()?));
    }
    if let Some(value) = json.get("optional") {
        let value = if value.is_null() { None } else { Some(Box::new(read(value)?)) };
        return Ok(Value::Optional(value));
    }
    if let Some(pair) = json["map"].as_array() {
        let [keys, values] = pair.as_slice() else { return Err("a map is keys and values".into()) };
        return match (read(keys)?, read(values)?) {
            (Value::Tensor(keys), Value::Tensor(values)) => Ok(Value::Map(keys, values)),
            _ => Err("keys and values are tensors".into()),
        };
    }
    let sizes = json["shape"].as_array().ok_or("no shape")?;
    let sizes: Vec<usize> = sizes.iter().map(|size| size.as_u64().unwrap_or(0) as usize).collect();
    let shape = Shape::new(&sizes).ok_or("too many axes")?;
    let dtype = DType::from_onnx(json["dtype"].as_i64().unwrap_or(0) as i32).ok_or("unknown dtype")?;
    let data = match json["strings"].as_array() {
        Some(texts) => Data::Str(texts.iter().map(|text| text.as_str().unwrap_or("")).collect()),
        None => numbers(dtype, json["hex"].as_str().ok_or("no data")?)?,
    };
    Ok(Value::Tensor(Tensor::new(shape, data).ok_or("shape and data differ")?))
}

fn numbers(dtype: DType, hex: &str) -> Result<Data, Failure> {
    let bytes = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16))
        .collect::<Result<Vec<u8>, _>>()?;
    macro_rules! read {
        ($type:ty, $variant:ident, $width:literal) => {
            Data::$variant(bytes.as_chunks::<$width>().0.iter().map(|b| <$type>::from_le_bytes(*b)).collect())
        };
    }
    Ok(match dtype {
        DType::F32 => read!(f32, F32, 4),
        DType::F64 => read!(f64, F64, 8),
        DType::F16 => read!(half::f16, F16, 2),
        DType::I64 => read!(i64, I64, 8),
        DType::I32 => read!(i32, I32, 4),
        DType::I16 => read!(i16, I16, 2),
        DType::I8 => read!(i8, I8, 1),
        DType::U64 => read!(u64, U64, 8),
        DType::U32 => read!(u32, U32, 4),
        DType::U16 => read!(u16, U16, 2),
        DType::U8 => Data::U8(bytes),
        DType::Bool => Data::Bool(bytes.iter().map(|&byte| byte != 0).collect()),
        DType::Str => return Err("text has no bytes".into()),
    })
}

trait Bytes {
    fn bytes(&self) -> Vec<u8>;
}

macro_rules! bytes {
    ($($type:ty),*) => {$(
        impl Bytes for $type {
            fn bytes(&self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
        }
    )*};
}
bytes!(f32, f64, half::f16, i64, i32, i16, i8, u64, u32, u16, u8);

impl Bytes for bool {
    fn bytes(&self) -> Vec<u8> {
        vec![u8::from(*self)]
    }
}

fn write(value: &Value) -> Json {
    match value {
        Value::Tensor(tensor) => write_tensor(tensor),
        Value::ZipMap(keys, table) => {
            let keys = match &**keys {
                Keys::Ints(keys) => write_tensor(&Tensor::vector(keys.clone())),
                Keys::Texts(keys) => json!({"dtype": 8, "strings": keys.iter().collect::<Vec<_>>()}),
            };
            json!({"zipmap": [keys, write_tensor(table)]})
        }
        Value::Sequence(items) => json!({"sequence": items.iter().map(write).collect::<Vec<_>>()}),
        Value::Optional(value) => json!({"optional": value.as_deref().map(write)}),
        Value::Map(keys, values) => json!({"map": [write_tensor(keys), write_tensor(values)]}),
    }
}

fn write_tensor(tensor: &Tensor) -> Json {
    let (dtype, shape) = (tensor.dtype() as u8, tensor.shape().sizes());
    for_each_numeric!(tensor.data(), buffer => {
        let hex: String = buffer.iter().flat_map(Bytes::bytes).map(|byte| format!("{byte:02x}")).collect();
        json!({"dtype": dtype, "shape": shape, "hex": hex})
    }, strings => {
        json!({"dtype": dtype, "shape": shape, "strings": strings.iter().collect::<Vec<_>>()})
    })
}
