//! Turns a model file of LightGBM (`.txt`) or XGBoost (`.json`) into ONNX: `convert_model <file> <onnx>`.

use scorebox_core::Limits;
use scorebox_core::authoring::convert::{ModelFormat, to_onnx};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(onnx)) = (arguments.next(), arguments.next()) else {
        return Err("usage: convert_model <model.txt | model.json> <model.onnx>".into());
    };
    let made = to_onnx(ModelFormat::of(&file), &std::fs::read(&file)?, &Limits::DEFAULT)?;
    Ok(std::fs::write(onnx, made)?)
}
