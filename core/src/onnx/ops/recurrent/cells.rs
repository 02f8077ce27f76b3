//! One step of each cell, as the standard's equations have it.

use super::activations::Activation;
use crate::onnx::ops::matrix::multiply;

/// Which cell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    Lstm,
    /// The reset gate works on the state before it is multiplied.
    Gru,
    /// The reset gate works on the product: `linear_before_reset`.
    GruLinear,
    Rnn,
}

impl Cell {
    /// How many vectors of the hidden size are computed from input and state.
    pub(super) const fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru | Self::GruLinear => 3,
            Self::Rnn => 1,
        }
    }

    /// The functions f, g and h where the model names none.
    pub(super) const fn default_activations(self) -> &'static [&'static str] {
        match self {
            Self::Lstm => &["Sigmoid", "Tanh", "Tanh"],
            Self::Gru | Self::GruLinear => &["Sigmoid", "Tanh"],
            Self::Rnn => &["Tanh"],
        }
    }
}

/// The state of one row, with the weights it goes through.
pub(super) struct Row<'w> {
    cell: Cell,
    functions: &'w [Activation],
    hidden: usize,
    /// Input by gates, and state by gates.
    weights: &'w [f32],
    recurrence: &'w [f32],
    /// Of the input, then of the state; each as long as all gates.
    bias: Option<&'w [f32]>,
    /// For the gates i, o and f of an LSTM.
    peepholes: Option<&'w [f32]>,
    pub(super) h: Vec<f32>,
    pub(super) c: Vec<f32>,
    from_input: Vec<f32>,
    from_state: Vec<f32>,
    reset: Vec<f32>,
}

impl<'w> Row<'w> {
    pub(super) fn new(
        cell: Cell,
        functions: &'w [Activation],
        hidden: usize,
        weights: &'w [f32],
        recurrence: &'w [f32],
        bias: Option<&'w [f32]>,
        peepholes: Option<&'w [f32]>,
    ) -> Self {
        let gates = cell.gates() * hidden;
        Self {
            cell,
            functions,
            hidden,
            weights,
            recurrence,
            bias,
            peepholes,
            h: vec![0.0; hidden],
            c: vec![0.0; hidden],
            from_input: vec![0.0; gates],
            from_state: vec![0.0; gates],
            reset: vec![0.0; hidden],
        }
    }

    /// Takes the next slice of the input.
    pub(super) fn advance(&mut self, x: &[f32]) {
        let gates = self.from_input.len();
        multiply(x, self.weights, &mut self.from_input, x.len(), gates);
        if x.is_empty() {
            self.from_input.fill(0.0);
        }
        multiply(&self.h, self.recurrence, &mut self.from_state, self.hidden, gates);
        if let Some(bias) = self.bias {
            let (input, state) = bias.split_at(gates.min(bias.len()));
            add(&mut self.from_input, input);
            add(&mut self.from_state, state);
        }
        match self.cell {
            Cell::Lstm => self.lstm(),
            Cell::Gru | Cell::GruLinear => self.gru(),
            Cell::Rnn => {
                add(&mut self.from_input, &self.from_state);
                for (h, &sum) in self.h.iter_mut().zip(&self.from_input) {
                    *h = self.functions[0].apply(sum);
                }
            }
        }
    }

    /// Gates in the order i, o, f, c.
    fn lstm(&mut self) {
        let hidden = self.hidden;
        add(&mut self.from_input, &self.from_state);
        let [f, g, h] = self.functions else { return };
        let peephole = |gate: usize, at: usize| self.peepholes.map_or(0.0, |p| p[gate * hidden + at]);
        for at in 0..hidden {
            let sum = |gate: usize| self.from_input[gate * hidden + at];
            let old = self.c[at];
            let input = f.apply(sum(0) + peephole(0, at) * old);
            let forget = f.apply(sum(2) + peephole(2, at) * old);
            let new = forget * old + input * g.apply(sum(3));
            let output = f.apply(sum(1) + peephole(1, at) * new);
            self.c[at] = new;
            self.h[at] = output * h.apply(new);
        }
    }

    /// Gates in the order z, r, h.
    fn gru(&mut self) {
        let hidden = self.hidden;
        let [f, g] = self.functions else { return };
        // The gates take the place of the sums that they are made of.
        for at in 0..hidden {
            self.from_input[at] = f.apply(self.from_input[at] + self.from_state[at]);
            self.reset[at] = f.apply(self.from_input[hidden + at] + self.from_state[hidden + at]);
        }
        if self.cell == Cell::GruLinear {
            for at in 0..hidden {
                self.reset[at] *= self.from_state[2 * hidden + at];
            }
        } else {
            for (reset, h) in self.reset.iter_mut().zip(&self.h) {
                *reset *= h;
            }
            // Only the last third of the product is used: clear beats clever here.
            let gates = self.from_state.len();
            multiply(&self.reset, self.recurrence, &mut self.from_state, hidden, gates);
            if let Some(bias) = self.bias {
                add(&mut self.from_state, &bias[gates..]);
            }
            self.reset.copy_from_slice(&self.from_state[2 * hidden..]);
        }
        for at in 0..hidden {
            let update = self.from_input[at];
            let new = g.apply(self.from_input[2 * hidden + at] + self.reset[at]);
            self.h[at] = (1.0 - update) * new + update * self.h[at];
        }
    }
}

fn add(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}
