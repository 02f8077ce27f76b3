//! Resize and Upsample: every axis for itself, each output cell a weighted sum of a few input cells.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Tensor};

use super::super::axes::{Integers, axis_within, size, unknown};
use super::super::compute::{Class, Compute, class};
use super::taps::{Axis, Coordinates, Nearest, Taps, TapsOf, Weighing};

/// What sets the sizes of the output.
struct Target {
    /// The input with scales, or the scales of an attribute.
    scales: Option<usize>,
    fixed: Option<Vec<f32>>,
    sizes: Integers,
    policy: Policy,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Policy {
    Stretch,
    NotLarger,
    NotSmaller,
}

struct Resize {
    target: Target,
    roi: Option<usize>,
    axes: Option<Vec<i64>>,
    taps: TapsOf,
}

fn choice<T: Copy>(spec: &NodeSpec<'_>, name: &str, default: &str, list: &[(&str, T)]) -> Result<T> {
    let found = spec.attributes.text(name)?.unwrap_or(default);
    list.iter().find(|(known, _)| *known == found).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = list.iter().map(|(known, _)| *known).collect();
        let message = format!("attribute \"{name}\" is \"{found}\", must be one of {}", known.join(", "));
        Error::new(ErrorCode::ModelAttribute, message)
    })
}

/// Upsample, and Resize as it was in version 10: by scales, from the first corner on.
pub(super) fn build_old(spec: &mut NodeSpec<'_>, upsample: bool) -> Result<Built> {
    let kernel = choice(
        spec,
        "mode",
        "nearest",
        &[
            ("nearest", Weighing::Nearest(Nearest::Floor)),
            ("linear", Weighing::Linear),
            ("bilinear", Weighing::Linear),
        ],
    )?;
    let fixed = if upsample && spec.opset < 9 {
        let list = spec.attributes.floats("scales")?.ok_or_else(|| {
            Error::new(ErrorCode::ModelAttribute, "attribute \"scales\" is required".to_owned())
        })?;
        Some(list.to_vec())
    } else {
        None
    };
    let scales = fixed.is_none().then_some(1);
    let target = Target { scales, fixed, sizes: Integers::Absent, policy: Policy::Stretch };
    let taps = TapsOf {
        kernel,
        coordinates: Coordinates::Asymmetric,
        antialias: false,
        exclude_outside: false,
        extrapolation: 0.0,
    };
    finish(spec, Resize { target, roi: None, axes: None, taps })
}

/// Resize.
pub(super) fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    if spec.opset < 11 {
        return build_old(spec, false);
    }
    let nearest = choice(
        spec,
        "nearest_mode",
        "round_prefer_floor",
        &[
            ("round_prefer_floor", Nearest::PreferFloor),
            ("round_prefer_ceil", Nearest::PreferCeil),
            ("floor", Nearest::Floor),
            ("ceil", Nearest::Ceil),
        ],
    )?;
    let a = f64::from(spec.attributes.float("cubic_coeff_a")?.unwrap_or(-0.75));
    let kernel = choice(
        spec,
        "mode",
        "nearest",
        &[
            ("nearest", Weighing::Nearest(nearest)),
            ("linear", Weighing::Linear),
            ("cubic", Weighing::Cubic { a }),
        ],
    )?;
    let coordinates = choice(
        spec,
        "coordinate_transformation_mode",
        "half_pixel",
        &[
            ("half_pixel", Coordinates::HalfPixel),
            ("half_pixel_symmetric", Coordinates::Symmetric),
            ("pytorch_half_pixel", Coordinates::HalfPixelOrFirst),
            ("align_corners", Coordinates::Corners),
            ("asymmetric", Coordinates::Asymmetric),
            ("tf_half_pixel_for_nn", Coordinates::HalfPixelForNearest),
            ("tf_crop_and_resize", Coordinates::Crop),
        ],
    )?;
    let policy = choice(
        spec,
        "keep_aspect_ratio_policy",
        "stretch",
        &[
            ("stretch", Policy::Stretch),
            ("not_larger", Policy::NotLarger),
            ("not_smaller", Policy::NotSmaller),
        ],
    )?;
    let given = |at: usize| spec.inputs.get(at).is_some_and(Option::is_some).then_some(at);
    if coordinates == Coordinates::Crop && given(1).is_none() {
        return Err(Error::new(ErrorCode::ModelInvalid, "tf_crop_and_resize needs input 1, the region"));
    }
    let taps = TapsOf {
        kernel,
        coordinates,
        antialias: spec.attributes.flag("antialias", false)?,
        exclude_outside: spec.attributes.flag("exclude_outside", false)?,
        extrapolation: f64::from(spec.attributes.float("extrapolation_value")?.unwrap_or(0.0)),
    };
    let target = Target { scales: given(2), fixed: None, sizes: Integers::input(spec, 3)?, policy };
    let axes = spec.attributes.ints("axes")?.map(<[i64]>::to_vec);
    finish(spec, Resize { target, roi: given(1), axes, taps })
}

fn finish(spec: &NodeSpec<'_>, kernel: Resize) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let nearest = matches!(kernel.taps.kernel, Weighing::Nearest(_));
    if matches!(class(dtype), Class::Text) || !nearest && !dtype.is_float() {
        return Err(spec.wrong_type(0, "a tensor of floats, or of numbers where the mode is nearest"));
    }
    if let Some(at) = kernel.target.scales
        && spec.dtype(at)? != DType::F32
    {
        return Err(spec.wrong_type(at, "tensor(float)"));
    }
    let rank = spec.input(0)?.rank();
    Built::one(kernel, Fact::shaped(dtype, rank.map(unknown)))
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    let mut list = vec![0f64; tensor.len()];
    f64::widen(tensor.data(), 0, &mut list);
    list
}

impl Resize {
    /// The axes to resize, each with its scale and size.
    fn targets(&self, io: &Io<'_>, shape: &Shape) -> Result<Vec<Axis>> {
        let unfit = |message: String| Error::new(ErrorCode::InputShape, message);
        let axes: Vec<usize> = match &self.axes {
            Some(list) => list
                .iter()
                .map(|&axis| axis_within(axis, shape.rank(), ErrorCode::InputShape))
                .collect::<Result<_>>()?,
            None => (0..shape.rank()).collect(),
        };
        if (1..axes.len()).any(|at| axes[..at].contains(&axes[at])) {
            return Err(unfit("an axis is listed twice".to_owned()));
        }
        let scales: Option<Vec<f64>> = match (&self.target.fixed, self.target.scales) {
            (Some(list), _) => Some(list.iter().map(|&scale| f64::from(scale)).collect()),
            (None, Some(at)) => Some(numbers(io.tensor(at)?)),
            (None, None) => None,
        };
        let scales = scales.filter(|list| !list.is_empty());
        let sizes = self.target.sizes.get(io)?.filter(|list| !list.is_empty());
        let count = scales.as_ref().map(Vec::len).or(sizes.as_ref().map(|list| list.len()));
        if count != Some(axes.len()) || scales.is_some() && sizes.is_some() {
            return Err(unfit(format!(
                "either scales or sizes must be given, one for each of {} axes",
                axes.len()
            )));
        }
        let input = |at: usize| shape.sizes()[axes[at]];
        let mut targets = Vec::with_capacity(axes.len());
        for (at, &axis) in axes.iter().enumerate() {
            let (scale, output) = match (&scales, &sizes) {
                (Some(scales), _) => (scales[at], (scales[at] * input(at) as f64).floor()),
                (None, Some(sizes)) => {
                    let output = size(sizes[at])? as f64;
                    (output / input(at) as f64, output)
                }
                (None, None) => (1.0, input(at) as f64),
            };
            if !(scale > 0.0 && scale.is_finite() && output < u32::MAX.into()) && input(at) > 0 {
                return Err(Error::new(ErrorCode::RunValue, format!("an axis cannot be scaled by {scale}")));
            }
            targets.push(Axis {
                at: axis,
                input: input(at),
                output: output as usize,
                scale,
                region: (0.0, 1.0),
            });
        }
        if sizes.is_some() && self.target.policy != Policy::Stretch {
            let larger = self.target.policy == Policy::NotSmaller;
            let all = targets.iter().map(|target| target.scale);
            let scale = all.reduce(|a, b| if larger { a.max(b) } else { a.min(b) }).unwrap_or(1.0);
            for target in &mut targets {
                target.scale = scale;
                target.output = (scale * target.input as f64 + 0.5).floor() as usize;
            }
        }
        if self.taps.coordinates == Coordinates::Crop {
            let roi =
                self.roi.map(|at| Ok::<_, Error>(numbers(io.tensor(at)?))).transpose()?.unwrap_or_default();
            if roi.len() != 2 * axes.len() {
                return Err(unfit(format!(
                    "the region has {} numbers, must have {}",
                    roi.len(),
                    2 * axes.len()
                )));
            }
            for (at, target) in targets.iter_mut().enumerate() {
                target.region = (roi[at], roi[axes.len() + at]);
            }
        }
        Ok(targets)
    }

    /// Reads the input as `C` and computes in it: double for sums, rounded once at the end.
    fn run_in<C: Compute>(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let (shape, dtype) = (*input.shape(), input.dtype());
        let targets = self.targets(io, &shape)?;
        let mut result = shape;
        for target in &targets {
            result.sizes_mut()[target.at] = target.output;
        }
        io.check(&result)?;
        if shape.elements() == Some(0) && result.elements() != Some(0) {
            return Err(Error::new(ErrorCode::InputShape, "nothing cannot be resized to something"));
        }
        let mut values = vec![C::default(); input.len()];
        C::widen(input.data(), 0, &mut values);
        let mut current = shape;
        for target in targets.iter().filter(|target| self.taps.changes(target)) {
            let taps = Taps::new(&self.taps, target);
            let (_, length, inner) = current.split_at(target.at);
            current.sizes_mut()[target.at] = target.output;
            io.check(&current)?;
            let mut made = vec![C::default(); current.elements().unwrap_or(0)];
            for (at, slot) in made.iter_mut().enumerate() {
                let (row, inside) = (at / inner, at % inner);
                let (line, place) = (row / target.output, row % target.output);
                *slot = taps.apply(place, |index| values[(line * length + index) * inner + inside]);
            }
            values = made;
        }
        C::narrow(&values, io.output_tensor(0)?.reset_as(dtype, result), 0);
        Ok(())
    }
}

impl Kernel for Resize {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        match class(io.tensor(0)?.dtype()) {
            Class::F32 | Class::F64 => self.run_in::<f64>(io),
            Class::U64 => self.run_in::<u64>(io),
            _ => self.run_in::<i64>(io),
        }
    }
}
