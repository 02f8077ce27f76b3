//! Pooling: the greatest, the mean or the norm of what lies under a window, or of everything.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::Dim;
use crate::onnx::tensor::DType;

use super::super::axes::unknown;
use super::super::compute::{Class, Compute, Real, by_class, class, fill, is_nan, whole};
use super::window::Window;

/// What becomes of the cells under a window.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// The greatest; NaN is passed over, as ONNX Runtime does. Places are counted by columns if so told.
    Max { by_columns: bool },
    /// The mean, over the padding too if so told.
    Average { with_padding: bool },
    /// The p-norm.
    Norm { p: i64 },
}

struct Pool {
    window: Window,
    kind: Kind,
}

/// Which operator is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Max,
    Average,
    Norm,
}

/// MaxPool, AveragePool, LpPool; or their global forms.
pub(super) fn build(spec: &mut NodeSpec<'_>, name: Name, global: bool) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let window = if global {
        Window::global()
    } else {
        let ceil = spec.attributes.flag("ceil_mode", false)?;
        let window = Window::read(spec, ceil)?;
        if !window.has_kernel() {
            return Err(Error::new(ErrorCode::ModelAttribute, "attribute \"kernel_shape\" is required"));
        }
        window
    };
    let kind = match name {
        Name::Max if global => Kind::Max { by_columns: false },
        Name::Max => Kind::Max { by_columns: spec.attributes.flag("storage_order", false)? },
        Name::Average if global => Kind::Average { with_padding: false },
        Name::Average => Kind::Average { with_padding: spec.attributes.flag("count_include_pad", false)? },
        Name::Norm => Kind::Norm { p: norm(spec)? },
    };
    if !dtype.is_float() && (name != Name::Max || matches!(class(dtype), Class::Text)) {
        return Err(spec.wrong_type(0, "a tensor of floats"));
    }
    let dims = spec.input(0)?.dims.as_ref().map(|dims| {
        let mut found = unknown(dims.len());
        for (to, from) in found.iter_mut().zip(dims).take(2) {
            *to = from.clone();
        }
        if global {
            found.iter_mut().skip(2).for_each(|dim| *dim = Dim::Known(1));
        }
        found
    });
    let outputs = vec![Fact::shaped(dtype, dims.clone()), Fact::shaped(DType::I64, dims)];
    Ok(Built { kernel: Box::new(Pool { window, kind }), outputs })
}

fn norm(spec: &NodeSpec<'_>) -> Result<i64> {
    let p = if spec.opset < 2 {
        spec.attributes.float("p")?.map_or(2, |p| p as i64)
    } else {
        spec.attributes.int("p")?.unwrap_or(2)
    };
    if (1..=1 << 16).contains(&p) {
        return Ok(p);
    }
    Err(Error::new(ErrorCode::ModelAttribute, format!("attribute \"p\" is {p}, must be 1 to 65536")))
}

/// |x|^p.
fn raised<C: Real>(x: C, p: i64) -> C {
    match p {
        1 => {
            if x < C::default() {
                C::default().minus(x)
            } else {
                x
            }
        }
        2 => x.times(x),
        _ => raised(x, 1).power(C::from_f64(p as f64)),
    }
}

/// The p-th root.
fn root<C: Real>(sum: C, p: i64) -> C {
    match p {
        1 => sum,
        2 => sum.root(),
        _ => sum.power(C::from_f64(1.0).over(C::from_f64(p as f64))),
    }
}

impl Pool {
    fn greatest<C: Compute>(&self, io: &mut Io<'_>, by_columns: bool) -> Result<()> {
        let input = io.tensor(0)?;
        let shape = *input.shape();
        let placed = self.window.place(&shape, shape.sizes().get(2..).unwrap_or(&[]))?;
        let result = placed.result(&shape, shape.sizes()[1]);
        let (planes, cells) = (shape.sizes()[0] * shape.sizes()[1], placed.inputs());
        io.check(&result)?;
        placed.check_work(planes)?;
        let mut space = Vec::new();
        let values = whole::<C>(input.data(), &mut space);
        let mut places = vec![0i64; if io.wants(1) { result.elements().unwrap_or(0) } else { 0 }];
        let windows = placed.windows();
        // What a window without a number gives; from_f64 saturates, and narrowing floats rounds to -inf.
        let lowest = C::from_f64(f64::NEG_INFINITY);
        let target = io.output_tensor(0)?.reset_as(input.dtype(), result);
        fill::<C>(target, &mut Vec::new(), |out| {
            for (at, out) in out.iter_mut().enumerate() {
                let plane = at / windows * cells;
                let mut best: Option<(usize, C)> = None;
                placed.visit(at % windows, |cell| {
                    let Some(place) = cell.input else { return };
                    let value = values[plane + place];
                    if !is_nan(value) && best.is_none_or(|(_, top)| value > top) {
                        best = Some((place, value));
                    }
                });
                *out = best.map_or(lowest, |(_, value)| value);
                if let (Some(slot), Some((place, _))) = (places.get_mut(at), best) {
                    let place = if by_columns { placed.column_major(place) } else { place };
                    *slot = (plane + place) as i64;
                }
            }
        });
        if io.wants(1) {
            io.output::<i64>(1, result)?.copy_from_slice(&places);
        }
        Ok(())
    }

    fn summed<C: Real>(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let shape = *input.shape();
        let placed = self.window.place(&shape, shape.sizes().get(2..).unwrap_or(&[]))?;
        let result = placed.result(&shape, shape.sizes()[1]);
        let (planes, cells) = (shape.sizes()[0] * shape.sizes()[1], placed.inputs());
        io.check(&result)?;
        placed.check_work(planes)?;
        let mut space = Vec::new();
        let values = whole::<C>(input.data(), &mut space);
        let windows = placed.windows();
        let target = io.output_tensor(0)?.reset_as(input.dtype(), result);
        fill::<C>(target, &mut Vec::new(), |out| {
            for (at, out) in out.iter_mut().enumerate() {
                let plane = at / windows * cells;
                let (mut sum, mut inside, mut padded) = (C::default(), 0usize, 0usize);
                placed.visit(at % windows, |cell| {
                    padded += usize::from(cell.padded);
                    if let Some(place) = cell.input {
                        let value = values[plane + place];
                        inside += 1;
                        sum =
                            sum.plus(if let Kind::Norm { p } = self.kind { raised(value, p) } else { value });
                    }
                });
                *out = match self.kind {
                    Kind::Norm { p } => root(sum, p),
                    Kind::Average { with_padding: true } => sum.over(C::from_f64(padded as f64)),
                    _ => sum.over(C::from_f64(inside as f64)),
                };
            }
        });
        Ok(())
    }
}

impl Kernel for Pool {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let dtype = io.tensor(0)?.dtype();
        match self.kind {
            Kind::Max { by_columns } => {
                by_class!(dtype, C => self.greatest::<C>(io, by_columns), _ => Ok(()))
            }
            _ if dtype == DType::F64 => self.summed::<f64>(io),
            _ => self.summed::<f32>(io),
        }
    }
}
