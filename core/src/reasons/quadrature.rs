//! Gauss-Legendre quadrature on [0, 1]: the integrals that Shapley weights are, as short sums.
//!
//! The weight of a subset of `s` out of `d - 1` other players is `s! (d - 1 - s)! / d!`, which is the integral
//! of `t^s (1 - t)^(d - 1 - s)` over [0, 1] (the beta function). So a Shapley value of a product of `d`
//! factors is the integral of a polynomial of degree `d - 1`, and `ceil(d / 2)` nodes give it exactly
//! (Abramowitz and Stegun 25.4.30; for trees: "Quadrature-TreeSHAP", arXiv 2605.04497, 2026).

use std::f64::consts::PI;

/// Most nodes that one pass over a tree takes.
pub(super) const LANES: usize = 8;

/// More nodes than this are never taken: paths of up to 256 different features are exact by the degree. Past
/// it the rule is not exact by its degree but far below rounding: its error for a product of factors between
/// 0 and 1 falls exponentially in the nodes over the square root of the degree, and sums are checked.
const MAX_NODES: usize = 128;

/// Some nodes of a rule with their weights; an even number, filled up with weight 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Block {
    /// How many there are: 2, 4, 6 or 8.
    pub(super) len: usize,
    pub(super) nodes: [f64; LANES],
    pub(super) weights: [f64; LANES],
}

/// How many nodes a rule for products of up to `factors` factors has.
pub(super) fn count(factors: usize) -> usize {
    factors.div_ceil(2).clamp(1, MAX_NODES)
}

/// The rule for products of up to `factors` factors, in blocks of equal length, at most `lanes` nodes each.
pub(super) fn rule(factors: usize, lanes: usize) -> Vec<Block> {
    let count = count(factors);
    let (nodes, weights) = gauss_legendre(count);
    let blocks = count.div_ceil(lanes.clamp(2, LANES));
    let len = count.div_ceil(blocks).next_multiple_of(2);
    let block = |at: usize| {
        // A node that fills up lies inside the interval like any other, so that nothing divides by zero.
        let mut block = Block { len, nodes: [0.5; LANES], weights: [0.0; LANES] };
        let range = at * len..count.min((at + 1) * len);
        for (lane, from) in range.enumerate() {
            (block.nodes[lane], block.weights[lane]) = (nodes[from], weights[from]);
        }
        block
    };
    (0..blocks).map(block).filter(|block| block.weights[0] != 0.0).collect()
}

/// Nodes in ascending order and weights. Newton's method on the Legendre polynomial, from Tricomi's guess.
fn gauss_legendre(count: usize) -> (Vec<f64>, Vec<f64>) {
    let n = count as f64;
    let (mut nodes, mut weights) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for at in (0..count).rev() {
        let mut x = libm::cos(PI * (at as f64 + 0.75) / (n + 0.5));
        let mut slope = 1.0;
        for _ in 0..32 {
            let (mut last, mut before) = (1.0, 0.0);
            for degree in 0..count {
                let k = degree as f64;
                let next = ((2.0 * k + 1.0) * x * last - k * before) / (k + 1.0);
                (before, last) = (last, next);
            }
            slope = n * (x * last - before) / (x * x - 1.0);
            let step = last / slope;
            x -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        nodes.push(0.5 * (1.0 - x));
        weights.push(1.0 / ((1.0 - x * x) * slope * slope));
    }
    nodes.reverse();
    weights.reverse();
    (nodes, weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integral(blocks: &[Block], f: impl Fn(f64) -> f64) -> f64 {
        let terms = blocks.iter().flat_map(|block| block.nodes.iter().zip(block.weights));
        terms.map(|(&node, weight)| weight * f(node)).sum()
    }

    #[test]
    fn powers_are_integrated_exactly() {
        for factors in 1..=200 {
            let blocks = rule(factors, if factors % 3 == 0 { 2 } else { LANES });
            let nodes = blocks.iter().map(|block| block.weights.iter().filter(|&&w| w != 0.0).count());
            assert_eq!(nodes.sum::<usize>(), factors.div_ceil(2));
            for degree in [0, 1, factors / 2, factors - 1] {
                let found = integral(&blocks, |t| t.powi(degree as i32));
                let wanted = 1.0 / (degree as f64 + 1.0);
                assert!((found - wanted).abs() < 1e-14, "{factors} factors, t^{degree}: {found}");
            }
        }
    }

    #[test]
    fn long_products_need_no_more_nodes() {
        let blocks = rule(1_000_000, LANES);
        assert_eq!(blocks.len(), MAX_NODES / LANES);
        // The hardest case: all mass of (1 - t)^d lies within 1/d of 0.
        for degree in [1_000, 4_000] {
            let found = integral(&blocks, |t| (1.0 - t).powi(degree));
            let wanted = 1.0 / f64::from(degree + 1);
            assert!((found / wanted - 1.0).abs() < 1e-6, "degree {degree}: {found} for {wanted}");
        }
    }
}
