//! CDist of `com.microsoft`: distances of all rows of one table to all rows of another.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;

pub(super) const OPERATOR: Operator = Operator {
    domain: "com.microsoft",
    name: "CDist",
    versions: &[1],
    inputs: (2, 2),
    outputs: (1, 1),
    types: "float, double",
    build,
};

struct Distance {
    double: bool,
    root: bool,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if !matches!(dtype, DType::F32 | DType::F64) {
        return Err(spec.wrong_type(0, "tensor(float) or tensor(double)"));
    }
    if spec.dtype(1)? != dtype {
        return Err(spec.wrong_type(1, &format!("tensor({}) like input 0", dtype.name())));
    }
    let root = match spec.attributes.text("metric")? {
        None | Some("sqeuclidean") => false,
        Some("euclidean") => true,
        Some(other) => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"metric\" is \"{other}\", must be euclidean or sqeuclidean"),
            ));
        }
    };
    let rows = |at: usize| match spec.input(at)?.dims.as_deref() {
        None => Ok(Dim::Unknown),
        Some([rows, _]) => Ok(rows.clone()),
        Some(_) => Err(Error::new(ErrorCode::ModelShape, format!("input {at} must have two axes"))),
    };
    let dims = Some(vec![rows(0)?, rows(1)?]);
    Built::one(Distance { double: dtype == DType::F64, root }, Fact::shaped(dtype, dims))
}

/// The squared distance, summed in double: sums of float squares lose what close neighbours differ by.
fn squared<T: Copy + Into<f64>>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| (a.into() - b.into()) * (a.into() - b.into())).sum()
}

fn fill<T: Copy + Into<f64>>(a: &[T], b: &[T], width: usize, out: &mut [T], finish: impl Fn(f64) -> T) {
    let columns = b.len() / width.max(1);
    if columns == 0 {
        return;
    }
    for (a, out) in a.chunks_exact(width.max(1)).zip(out.chunks_exact_mut(columns)) {
        for (b, out) in b.chunks_exact(width.max(1)).zip(out) {
            *out = finish(squared(a, b));
        }
    }
}

impl Kernel for Distance {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (left, right) = (io.tensor(0)?.shape(), io.tensor(1)?.shape());
        let (&[rows, width], &[columns, other]) = (left.sizes(), right.sizes()) else {
            return Err(Error::new(ErrorCode::InputShape, "both inputs must have two axes"));
        };
        if width != other {
            return Err(Error::new(
                ErrorCode::InputShape,
                format!("rows of {width} and {other} values have no distance"),
            ));
        }
        let shape = Shape::matrix(rows, columns);
        let root = self.root;
        let finish = |sum: f64| if root { sum.sqrt() } else { sum };
        if self.double {
            let (a, b) = (io.elements::<f64>(0)?, io.elements::<f64>(1)?);
            let out = io.output::<f64>(0, shape)?;
            out.fill(0.0);
            fill(a, b, width, out, finish);
        } else {
            let (a, b) = (io.elements::<f32>(0)?, io.elements::<f32>(1)?);
            let out = io.output::<f32>(0, shape)?;
            out.fill(0.0);
            fill(a, b, width, out, |sum| finish(sum) as f32);
        }
        Ok(())
    }
}
