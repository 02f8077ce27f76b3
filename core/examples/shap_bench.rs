#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
use std::sync::Arc;
fn cpu() -> f64 {
    let t = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    t.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
struct Instant(f64);
impl Instant {
    fn now() -> Self {
        Self(cpu())
    }
    fn elapsed(&self) -> std::time::Duration {
        std::time::Duration::from_secs_f64(cpu() - self.0)
    }
}
use scorebox_core::Limits;
use scorebox_core::onnx::{Data, Model, Shape, Tensor, Value};
use scorebox_core::reasons::{Contributions, Explainer, Subject};
fn table(path: &str, from: usize, rows: usize) -> Value {
    let bytes = std::fs::read(path).unwrap();
    let values: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .skip(from * 30)
        .take(rows * 30)
        .collect();
    Value::Tensor(Tensor::new(Shape::matrix(values.len() / 30, 30), Data::F32(values)).unwrap())
}
fn main() {
    let a: Vec<String> = std::env::args().skip(1).collect();
    let model = Arc::new(Model::load(&std::fs::read(&a[0]).unwrap(), &Limits::DEFAULT).unwrap());
    let name = model.inputs()[0].name.clone();
    let t = Instant::now();
    let mut m = Subject::default().measure(&model).unwrap();
    m.add(&[(&*name, &table("/tmp/shap.models/X.bin", 0, 30000))]).unwrap();
    let profile = m.finish().unwrap();
    println!("measure {:?}", t.elapsed());
    let t = Instant::now();
    let mut explainer = Explainer::new(&model, &Subject::default(), Some(&profile)).unwrap();
    println!("new {:?}", t.elapsed());
    let n: usize = a[1].parse().unwrap();
    let mut found = Contributions::default();
    for round in 0..3 {
        let rows = table("/tmp/shap.models/Xt.bin", 0, n);
        let t = Instant::now();
        explainer.contributions(&[(&*name, &rows)], &mut found).unwrap();
        println!("round {round}: {:.2} us/row", t.elapsed().as_secs_f64() * 1e6 / n as f64);
    }
    let ones: Vec<Value> = (0..n.min(2000)).map(|i| table("/tmp/shap.models/Xt.bin", i, 1)).collect();
    for _ in 0..2 {
        let t = Instant::now();
        for one in &ones {
            explainer.contributions(&[(&*name, one)], &mut found).unwrap();
        }
        println!("one by one: {:.2} us/row", t.elapsed().as_secs_f64() * 1e6 / ones.len() as f64);
    }
}
