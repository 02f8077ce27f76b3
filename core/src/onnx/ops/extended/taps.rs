//! Which input cells an output cell of a resized axis is made of, and with which weights.

use super::super::compute::Compute;

/// How an output cell becomes a place on the input axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coordinates {
    /// Centres of cells fall on centres.
    HalfPixel,
    /// Like half pixel, about the middle of what the scale really gives.
    Symmetric,
    /// Like half pixel, but the first cell where there is only one.
    HalfPixelOrFirst,
    /// The first and last cells fall on the first and last.
    Corners,
    /// From the first corner on.
    Asymmetric,
    /// The upper edge of half pixel, for nearest.
    HalfPixelForNearest,
    /// Within a region.
    Crop,
}

/// Which of the two cells beside a place is the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nearest {
    PreferFloor,
    PreferCeil,
    Floor,
    Ceil,
}

/// How cells beside a place are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Weighing {
    Nearest(Nearest),
    Linear,
    Cubic { a: f64 },
}

/// What a node says of all its axes.
pub(super) struct TapsOf {
    pub(super) kernel: Weighing,
    pub(super) coordinates: Coordinates,
    /// Whether the kernel widens where the axis shrinks.
    pub(super) antialias: bool,
    /// Whether cells beyond the ends have no weight, instead of counting as the last one.
    pub(super) exclude_outside: bool,
    /// The value of cells outside of the input, where a region is cut.
    pub(super) extrapolation: f64,
}

/// One axis to resize.
pub(super) struct Axis {
    pub(super) at: usize,
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) scale: f64,
    /// Start and end of the region, as fractions of the axis.
    pub(super) region: (f64, f64),
}

impl TapsOf {
    /// Whether the axis changes at all.
    pub(super) fn changes(&self, axis: &Axis) -> bool {
        axis.input != axis.output || axis.scale != 1.0 || self.coordinates == Coordinates::Crop
    }

    /// The place on the input axis of output cell `x`.
    fn place(&self, axis: &Axis, x: usize) -> f64 {
        let (x, input, real) = (x as f64, axis.input as f64, axis.scale * axis.input as f64);
        let half = (x + 0.5) / axis.scale - 0.5;
        match self.coordinates {
            Coordinates::HalfPixel => half,
            Coordinates::Symmetric => input / 2.0 * (1.0 - axis.output as f64 / real) + half,
            Coordinates::HalfPixelOrFirst if real == 1.0 => -0.5,
            Coordinates::HalfPixelOrFirst => half,
            Coordinates::Corners if real == 1.0 => 0.0,
            Coordinates::Corners => x * (input - 1.0) / (real - 1.0),
            Coordinates::Asymmetric => x / axis.scale,
            Coordinates::HalfPixelForNearest => (x + 0.5) / axis.scale,
            Coordinates::Crop => {
                let (start, end) = axis.region;
                let along = if real == 1.0 {
                    (end - start) * (input - 1.0) / 2.0
                } else {
                    x * (end - start) * (input - 1.0) / (real - 1.0)
                };
                along + start * (input - 1.0)
            }
        }
    }

    /// The weight of a cell `distance` from the place.
    fn weight(&self, distance: f64) -> f64 {
        let d = distance.abs();
        match self.kernel {
            Weighing::Nearest(_) => 0.0,
            Weighing::Linear => (1.0 - d).max(0.0),
            Weighing::Cubic { a } if d <= 1.0 => ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0,
            Weighing::Cubic { a } if d < 2.0 => ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a,
            Weighing::Cubic { .. } => 0.0,
        }
    }
}

/// The cells of one output cell.
enum Sources {
    /// One cell as it is.
    One(usize),
    /// Cells and weights.
    Sum(Vec<(usize, f64)>),
    /// Outside of the input.
    Outside,
}

/// The cells of every output cell of an axis.
pub(super) struct Taps {
    list: Vec<Sources>,
    extrapolation: f64,
}

impl Taps {
    pub(super) fn new(of: &TapsOf, axis: &Axis) -> Self {
        let list = (0..axis.output).map(|x| sources(of, axis, of.place(axis, x))).collect();
        Self { list, extrapolation: of.extrapolation }
    }

    /// The output cell `place`, from what `read` gives of the input.
    pub(super) fn apply<C: Compute>(&self, place: usize, read: impl Fn(usize) -> C) -> C {
        match self.list.get(place) {
            Some(Sources::One(index)) => read(*index),
            Some(Sources::Sum(list)) => list
                .iter()
                .fold(C::default(), |sum, &(index, weight)| sum.plus(read(index).times(C::from_f64(weight)))),
            _ => C::from_f64(self.extrapolation),
        }
    }
}

fn sources(of: &TapsOf, axis: &Axis, place: f64) -> Sources {
    let last = axis.input.saturating_sub(1) as f64;
    if of.coordinates == Coordinates::Crop && !(0.0..=last).contains(&place) {
        return Sources::Outside;
    }
    let within = |index: f64| index.clamp(0.0, last) as usize;
    let floor = place.floor();
    if let Weighing::Nearest(nearest) = of.kernel {
        let beyond = place - floor;
        let up = match nearest {
            Nearest::PreferFloor => beyond > 0.5,
            Nearest::PreferCeil => beyond >= 0.5,
            Nearest::Floor => false,
            Nearest::Ceil => beyond > 0.0,
        };
        return Sources::One(within(floor + f64::from(u8::from(up))));
    }
    let shrink = if of.antialias { axis.scale.min(1.0) } else { 1.0 };
    let reach = (if matches!(of.kernel, Weighing::Linear) { 1.0 } else { 2.0 }) / shrink;
    let (first, end) =
        ((place - reach).floor().max(-reach - 1.0), (place + reach).ceil().min(last + reach + 1.0));
    let mut list: Vec<(usize, f64)> = Vec::new();
    let mut sum = 0.0;
    let mut index = first;
    while index <= end {
        let weight = of.weight((index - place) * shrink);
        let outside = !(0.0..=last).contains(&index);
        if weight != 0.0 && !(outside && of.exclude_outside) {
            sum += weight;
            match list.last_mut() {
                Some((same, total)) if *same == within(index) => *total += weight,
                _ => list.push((within(index), weight)),
            }
        }
        index += 1.0;
    }
    if (of.antialias || of.exclude_outside) && sum != 0.0 {
        list.iter_mut().for_each(|(_, weight)| *weight /= sum);
    }
    Sources::Sum(list)
}
