//! What a value depends on, element by element, the same for every row.

use std::collections::BTreeMap;

/// What one element depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Element {
    /// Nothing: a number that no record changes; NaN where it is no number or not known.
    Constant(f64),
    /// One feature of the model alone, in whatever way.
    Feature(u32),
    /// It is the sum of this number.
    Sum(u32),
    /// Some sums alone: those of this family, and of these, if given, first of all the one at this place,
    /// as a class' probability depends on the class' own margin.
    Of(u32, Option<u32>),
    /// More than that.
    Mixed,
}

/// What a value depends on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Trace {
    /// Element by element.
    Known(Elements),
    /// All elements together, whose number is not known.
    Whole(Element),
}

/// The elements of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Elements {
    /// Whether the first axis, which `dims` leaves out, is that of the rows. Without it the value is the
    /// same for all rows.
    pub(super) per_row: bool,
    pub(super) dims: Vec<usize>,
    pub(super) list: Vec<Element>,
}

/// Terms that sums are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Term {
    /// A target of a part that is trees.
    Votes {
        /// The part.
        part: u32,
        /// Its target.
        target: u32,
    },
    /// A value that depends on one feature alone.
    Reading(u32),
}

/// A sum of terms with factors, and a constant.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Sum {
    /// What is added.
    pub(in super::super) bias: f64,
    /// The terms in the order in which they came.
    pub(in super::super) terms: Vec<(Term, f64)>,
}

/// All sums of a model, and the families that they came in.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) list: Vec<Sum>,
    /// Per sum the one that it is a multiple of plus a constant; itself most often.
    roots: Vec<u32>,
    families: Vec<Vec<u32>>,
    numbers: BTreeMap<Vec<u32>, u32>,
}

impl Sums {
    /// Adds a sum; `of` is the one sum that it was made of, if it was.
    pub(super) fn add(&mut self, sum: Sum, of: Option<u32>) -> Element {
        let own = self.list.len() as u32;
        self.list.push(sum);
        self.roots.push(of.map_or(own, |of| self.root(of)));
        Element::Sum(own)
    }

    pub(super) fn root(&self, sum: u32) -> u32 {
        self.roots.get(sum as usize).copied().unwrap_or(sum)
    }

    /// The number of the family of these sums: their roots, each once.
    pub(super) fn family(&mut self, sums: impl Iterator<Item = u32>) -> u32 {
        let mut roots: Vec<u32> = Vec::new();
        for sum in sums {
            let root = self.root(sum);
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        let next = self.families.len() as u32;
        *self.numbers.entry(roots.clone()).or_insert_with(|| {
            self.families.push(roots);
            next
        })
    }

    /// The sums of a family.
    pub(super) fn members(&self, family: u32) -> &[u32] {
        self.families.get(family as usize).map_or(&[], Vec::as_slice)
    }

    /// What depends on both.
    fn join(&self, a: Element, b: Element) -> Element {
        use Element::{Constant, Feature, Mixed, Of};
        match (a, b) {
            (Constant(_), Constant(_)) => Constant(f64::NAN),
            (Constant(_), other) | (other, Constant(_)) => other,
            (Feature(a), Feature(b)) if a == b => Feature(a),
            (Of(a, at), Of(b, other)) if a == b => Of(a, at.filter(|_| at == other)),
            _ => Mixed,
        }
    }

    /// What a function of all these depends on. A sum counts as one of `family`, if that is given.
    pub(super) fn blend(&self, elements: impl Iterator<Item = Element>, family: Option<u32>) -> Element {
        let lowered = elements.map(|element| self.lowered(element, family));
        lowered.reduce(|a, b| self.join(a, b)).unwrap_or(Element::Constant(f64::NAN))
    }

    /// A function of one element: what it still says.
    pub(super) fn lowered(&self, element: Element, family: Option<u32>) -> Element {
        let (Element::Sum(sum), Some(family)) = (element, family) else {
            return if matches!(element, Element::Sum(_)) { Element::Mixed } else { element };
        };
        let root = self.root(sum);
        match self.members(family).iter().position(|&member| member == root) {
            Some(at) => Element::Of(family, Some(at as u32)),
            None => Element::Mixed,
        }
    }
}

impl Trace {
    /// A value of this many elements per row that all depend on the same.
    pub(super) fn per_row(dims: Vec<usize>, element: Element) -> Self {
        let list = vec![element; dims.iter().product()];
        Self::Known(Elements { per_row: true, dims, list })
    }

    pub(super) fn elements(&self) -> &[Element] {
        match self {
            Self::Known(elements) => &elements.list,
            Self::Whole(element) => std::slice::from_ref(element),
        }
    }

    pub(super) fn known(&self) -> Option<&Elements> {
        if let Self::Known(elements) = self { Some(elements) } else { None }
    }

    pub(super) fn is_constant(&self) -> bool {
        self.elements().iter().all(|element| matches!(element, Element::Constant(_)))
    }
}
