"""A two-tower recommender trained here, without a framework: which item a customer takes next.

The customer's tower is a layer of `width` units (ReLU) and a linear layer to an embedding; an item's tower is
its embedding and its bias. The score of an item is the dot product plus the bias; softmax over the items that
the customer does not own is the likelihood of the one that is wanted (Covington, Adams, Sargin, "Deep neural
networks for YouTube recommendations", 2016, without negative sampling, for the items are few). Adam (Kingma
and Ba 2015), all in NumPy and float64, so that one seed gives one model.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray

from .onnx_write import Graph, rounded

Array = NDArray[np.float64]


class TwoTower:
    """The weights, and what training and scoring need."""

    def __init__(self, inputs: int, items: int, width: int, size: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.parts: dict[str, Array] = {
            "w1": rng.normal(0, np.sqrt(2 / inputs), (inputs, width)),
            "b1": np.zeros(width),
            "w2": rng.normal(0, np.sqrt(1 / width), (width, size)),
            "items": rng.normal(0, 0.1, (size, items)),
            "bias": np.zeros(items),
        }

    def scores(self, x: Array) -> Array:
        """A score per item for each row."""
        p = self.parts
        return np.maximum(x @ p["w1"] + p["b1"], 0) @ p["w2"] @ p["items"] + p["bias"]

    def gradients(
        self, x: Array, wanted: NDArray[np.intp], closed: NDArray[np.bool_], decay: float
    ) -> dict[str, Array]:
        """Gradients of the mean negative log likelihood; `closed` marks items that are owned already."""
        p = self.parts
        hidden = np.maximum(x @ p["w1"] + p["b1"], 0)
        user = hidden @ p["w2"]
        logits = np.where(closed, -np.inf, user @ p["items"] + p["bias"])
        logits -= logits.max(axis=1, keepdims=True)
        share = np.exp(logits)
        share /= share.sum(axis=1, keepdims=True)
        share[np.arange(len(x)), wanted] -= 1
        share /= len(x)
        back_user = share @ p["items"].T
        back_hidden = (back_user @ p["w2"].T) * (hidden > 0)
        found = {
            "w1": x.T @ back_hidden,
            "b1": back_hidden.sum(axis=0),
            "w2": hidden.T @ back_user,
            "items": user.T @ share,
            "bias": share.sum(axis=0),
        }
        return {name: found[name] + decay * p[name] * (name != "bias") for name in p}

    def fit(
        self,
        x: Array,
        wanted: NDArray[np.intp],
        closed: NDArray[np.bool_],
        *,
        epochs: int,
        batch: int,
        rate: float,
        decay: float,
        seed: int,
    ) -> TwoTower:
        """Adam over shuffled batches, with the rate falling to a tenth."""
        rng = np.random.default_rng(seed)
        first = {name: np.zeros_like(part) for name, part in self.parts.items()}
        second = {name: np.zeros_like(part) for name, part in self.parts.items()}
        step = 0
        for epoch in range(epochs):
            order = rng.permutation(len(x))
            now = rate * 0.1 ** (epoch / max(1, epochs - 1))
            for start in range(0, len(x), batch):
                rows = order[start : start + batch]
                step += 1
                for name, slope in self.gradients(x[rows], wanted[rows], closed[rows], decay).items():
                    first[name] = 0.9 * first[name] + 0.1 * slope
                    second[name] = 0.999 * second[name] + 0.001 * slope**2
                    up = first[name] / (1 - 0.9**step)
                    self.parts[name] -= now * up / (np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8)
        return self

    def export(self, means: Array, deviations: Array, *, name: str, doc: str) -> onnx.ModelProto:
        """Input `X` before scaling; outputs `embedding` [N, size], `scores` [N, items], and
        `likelihood` [N, items], their softmax over all items.
        """
        graph = Graph(name, doc)
        p = {part: rounded(values) for part, values in self.parts.items()}
        x = graph.input("X", p["w1"].shape[0])
        graph.node("Sub", [x, graph.constant("means", rounded(means))], "centred")
        graph.node("Div", ["centred", graph.constant("deviations", rounded(deviations))], "standard")
        graph.node(
            "Gemm", ["standard", graph.constant("w1", p["w1"]), graph.constant("b1", p["b1"])], "layer"
        )
        graph.node("Relu", ["layer"], "hidden")
        graph.node("MatMul", ["hidden", graph.constant("w2", p["w2"])], "embedding")
        graph.node(
            "Gemm",
            ["embedding", graph.constant("items", p["items"]), graph.constant("bias", p["bias"])],
            "scores",
        )
        graph.node("Softmax", ["scores"], "likelihood", axis=1)
        graph.output("embedding", p["w2"].shape[1])
        graph.output("scores", p["items"].shape[1])
        graph.output("likelihood", p["items"].shape[1])
        return graph.model()


def ranks(scores: Array, wanted: NDArray[np.intp], closed: NDArray[np.bool_]) -> Array:
    """The place of the wanted item among those that are not owned, counted from 0."""
    open_scores = np.where(closed, -np.inf, scores)
    mine = open_scores[np.arange(len(wanted)), wanted]
    return np.asarray((open_scores > mine[:, None]).sum(axis=1), dtype=np.float64)
