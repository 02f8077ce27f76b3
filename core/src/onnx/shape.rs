//! Shapes: at run time a list of sizes, at load time a list of sizes that may still be symbols.
//!
//! A run-time [`Shape`] is a small `Copy` value, so that moving tensors about allocates nothing.

use std::fmt;

/// The largest number of axes that a tensor may have. The standard sets no bound; exporters of
/// tabular models stay below five and the standard's own node tests below eight.
pub const MAX_RANK: usize = 8;

/// The sizes of a tensor's axes, outermost first; no axes means a scalar.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    sizes: [usize; MAX_RANK],
    rank: u8,
}

impl Shape {
    /// The shape of a scalar: no axes, one element.
    pub const SCALAR: Self = Self { sizes: [0; MAX_RANK], rank: 0 };

    /// A shape from its sizes, or `None` where there are more than [`MAX_RANK`] axes.
    #[must_use]
    pub fn new(sizes: &[usize]) -> Option<Self> {
        let mut shape = Self::SCALAR;
        shape.sizes.get_mut(..sizes.len())?.copy_from_slice(sizes);
        shape.rank = sizes.len() as u8;
        Some(shape)
    }

    /// The shape of a list of `len` elements.
    #[must_use]
    pub const fn vector(len: usize) -> Self {
        let mut sizes = [0; MAX_RANK];
        sizes[0] = len;
        Self { sizes, rank: 1 }
    }

    /// The shape of a table of `rows` by `columns` elements.
    #[must_use]
    pub const fn matrix(rows: usize, columns: usize) -> Self {
        let mut sizes = [0; MAX_RANK];
        sizes[0] = rows;
        sizes[1] = columns;
        Self { sizes, rank: 2 }
    }

    /// The number of axes.
    #[must_use]
    pub const fn rank(&self) -> usize {
        self.rank as usize
    }

    /// The sizes of the axes.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes[..self.rank()]
    }

    /// The sizes of the axes, to change in place.
    pub fn sizes_mut(&mut self) -> &mut [usize] {
        let rank = self.rank();
        &mut self.sizes[..rank]
    }

    /// The number of elements, or `None` where [`Shape::volume`] is.
    #[must_use]
    pub fn elements(&self) -> Option<usize> {
        let volume = self.volume()?;
        Some(if self.sizes().contains(&0) { 0 } else { volume })
    }

    /// The product of all sizes that are not zero, or `None` where it does not fit a `usize`. A tensor
    /// without elements can still have long axes to loop over, so this is what limits look at.
    #[must_use]
    pub fn volume(&self) -> Option<usize> {
        self.sizes().iter().try_fold(1usize, |product, &size| product.checked_mul(size.max(1)))
    }

    /// Appends an axis; `false` where there are [`MAX_RANK`] axes already.
    #[must_use]
    pub fn push(&mut self, size: usize) -> bool {
        match self.sizes.get_mut(self.rank as usize) {
            Some(slot) => {
                *slot = size;
                self.rank += 1;
                true
            }
            None => false,
        }
    }

    /// Turns an axis as models write it (negative counts from the end) into an index below `rank`.
    #[must_use]
    pub fn axis(&self, axis: i64) -> Option<usize> {
        let rank = self.rank as i64;
        let at = if axis < 0 { axis + rank } else { axis };
        (0..rank).contains(&at).then_some(at as usize)
    }

    /// The number of elements in the axes before `axis`, in `axis` itself, and after it: the three
    /// loops of every operator that works along one axis. Sizes must be those of an existing tensor.
    #[must_use]
    pub fn split_at(&self, axis: usize) -> (usize, usize, usize) {
        let sizes = self.sizes();
        (sizes[..axis].iter().product(), sizes[axis], sizes[axis + 1..].iter().product())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (at, size) in self.sizes().iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            write!(f, "{size}")?;
        }
        f.write_str("]")
    }
}

/// One axis as known at load time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dim {
    /// A fixed size.
    Known(usize),
    /// A named size, equal wherever the name occurs in one graph: the batch, most often.
    Symbol(Box<str>),
    /// A size that only the run will tell.
    Unknown,
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(size) => write!(f, "{size}"),
            Self::Symbol(name) => f.write_str(name),
            Self::Unknown => f.write_str("?"),
        }
    }
}

/// A shape as known at load time: `None` where not even the rank is known.
pub type DimList = Option<Vec<Dim>>;
