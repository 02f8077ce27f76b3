//! NonMaxSuppression: of boxes that overlap, the ones with the highest scores.

use std::cmp::Ordering;

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::{DType, Tensor};

struct Suppression {
    /// Whether boxes are given by centre and size rather than by two corners.
    centred: bool,
}

pub(super) fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    for (at, dtype) in [(0, DType::F32), (1, DType::F32), (2, DType::I64), (3, DType::F32), (4, DType::F32)] {
        if spec.inputs.get(at).is_some_and(Option::is_some) && spec.dtype(at)? != dtype {
            return Err(spec.wrong_type(at, &format!("tensor({})", dtype.name())));
        }
    }
    let centred = spec.attributes.flag("center_point_box", false)?;
    let fact = Fact::shaped(DType::I64, Some(vec![Dim::Unknown, Dim::Known(3)]));
    Built::one(Suppression { centred }, fact)
}

/// A box by its corners; the area is that of the standard's definition, before sorting.
#[derive(Clone, Copy)]
struct Corners {
    low: [f32; 2],
    high: [f32; 2],
}

impl Corners {
    fn new(numbers: &[f32], centred: bool) -> Self {
        let &[a, b, c, d] = numbers else { return Self { low: [0.0; 2], high: [0.0; 2] } };
        if centred {
            let half = [c / 2.0, d / 2.0];
            return Self { low: [a - half[0], b - half[1]], high: [a + half[0], b + half[1]] };
        }
        let (low, high) =
            (|x: f32, y: f32| if x >= y { y } else { x }, |x: f32, y: f32| if x >= y { x } else { y });
        Self { low: [low(b, d), low(a, c)], high: [high(b, d), high(a, c)] }
    }

    fn area(&self) -> f32 {
        (self.high[0] - self.low[0]) * (self.high[1] - self.low[1])
    }

    /// Whether the common area is more than `threshold` of that of both together.
    fn overlaps(&self, other: &Self, threshold: f32) -> bool {
        let side = |axis: usize| self.high[axis].min(other.high[axis]) - self.low[axis].max(other.low[axis]);
        let (width, height) = (side(0), side(1));
        if !(width > 0.0 && height > 0.0) {
            return false;
        }
        let (common, own, others) = (width * height, self.area(), other.area());
        let both = own + others - common;
        common > 0.0 && own > 0.0 && others > 0.0 && both > 0.0 && common / both > threshold
    }
}

/// The one number of an optional input.
fn only<T: crate::onnx::tensor::Element>(io: &Io<'_>, at: usize) -> Result<Option<T>> {
    match io.try_tensor(at).and_then(Tensor::elements::<T>) {
        None | Some([]) => Ok(None),
        Some(&[number]) => Ok(Some(number)),
        Some(_) => Err(Error::new(ErrorCode::InputShape, format!("input {at} must be one number"))),
    }
}

impl Kernel for Suppression {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (boxes, scores) = (io.tensor(0)?.shape(), io.tensor(1)?.shape());
        let (batches, classes, count) = match (boxes.sizes(), scores.sizes()) {
            (&[batches, count, 4], &[same, classes, other]) if same == batches && count == other => {
                (batches, classes, count)
            }
            _ => {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!(
                        "boxes have shape {boxes} and scores {scores}, must be [batch, boxes, 4] and \
                             [batch, classes, boxes]"
                    ),
                ));
            }
        };
        let most = usize::try_from(only::<i64>(io, 2)?.unwrap_or(0).max(0)).unwrap_or(usize::MAX);
        let threshold = only::<f32>(io, 3)?.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&threshold) {
            return Err(Error::new(ErrorCode::RunValue, "input 3 (iou_threshold) must be from 0 to 1"));
        }
        let least = only::<f32>(io, 4)?;
        let (boxes, scores) = (io.elements::<f32>(0)?, io.elements::<f32>(1)?);
        if scores.iter().any(|score| score.is_nan()) || boxes.iter().any(|corner| !corner.is_finite()) {
            return Err(Error::new(ErrorCode::RunValue, "boxes must be finite and scores numbers"));
        }
        let corners: Vec<Corners> =
            boxes.chunks_exact(4).map(|numbers| Corners::new(numbers, self.centred)).collect();
        let mut selected: Vec<[usize; 3]> = Vec::new();
        for at in 0..batches * classes {
            let (batch, class) = (at / classes, at % classes);
            let (own, scores) = (&corners[batch * count..][..count], &scores[at * count..][..count]);
            let kept = |at: &usize| least.is_none_or(|least| scores[*at] > least);
            let mut order: Vec<usize> = (0..count).filter(kept).collect();
            order.sort_by(|&a, &b| scores[b].partial_cmp(&scores[a]).unwrap_or(Ordering::Equal));
            let first = selected.len();
            for candidate in order {
                let taken = &selected[first..];
                if taken.len() >= most {
                    break;
                }
                if !taken.iter().any(|&[_, _, other]| own[candidate].overlaps(&own[other], threshold)) {
                    selected.push([batch, class, candidate]);
                }
            }
        }
        let out = io.output::<i64>(0, Shape::matrix(selected.len(), 3))?;
        for (slot, &place) in out.iter_mut().zip(selected.iter().flatten()) {
            *slot = place as i64;
        }
        Ok(())
    }
}
