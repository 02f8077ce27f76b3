"""ONNX graphs written node by node, for models that have no exporter or a needlessly large one.

Numbers are rounded to float32 with six significant digits where they are fitted, so that a recipe gives
the same file on machines whose linear algebra differs in the last bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
OPSET_ML = 3


def rounded(values: Any) -> NDArray[np.float32]:
    """The values with six significant digits, in float32."""
    array = np.asarray(values, dtype=np.float64)
    with np.errstate(divide="ignore"):
        size = np.where(array == 0, 0.0, np.floor(np.log10(np.abs(np.where(array == 0, 1.0, array)))))
    scale = 10.0 ** (5 - size)
    return (np.round(array * scale) / scale).astype(np.float32)


class Graph:
    """Collects nodes and constants, and gives the checked model."""

    def __init__(self, name: str, doc: str) -> None:
        self.name, self.doc = name, doc
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, width: int | str, kind: int = TensorProto.FLOAT) -> str:
        """An input [N, width]."""
        self.inputs.append(helper.make_tensor_value_info(name, kind, ["N", width]))
        return name

    def constant(self, name: str, values: Any) -> str:
        """A constant; its type is that of the array."""
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """A node with one output, whose name it gives."""
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def output(self, name: str, width: int | str | None, kind: int = TensorProto.FLOAT) -> None:
        """An output [N, width], or [N] without a width."""
        shape = ["N"] if width is None else ["N", width]
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def model(self) -> onnx.ModelProto:
        """The model, checked against the standard."""
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.constants)
        domains = {node.domain for node in self.nodes}
        opsets = [helper.make_opsetid("", OPSET)]
        opsets += [helper.make_opsetid("ai.onnx.ml", OPSET_ML)] if "ai.onnx.ml" in domains else []
        opsets += [helper.make_opsetid("com.microsoft", 1)] if "com.microsoft" in domains else []
        model = helper.make_model(
            graph, producer_name="scorebox-models", doc_string=self.doc, ir_version=8, opset_imports=opsets
        )
        onnx.checker.check_model(model)
        return model


def to_bytes(model: onnx.ModelProto) -> bytes:
    """The file's bytes, the same for the same model."""
    return bytes(model.SerializeToString(deterministic=True))


def weighted_sum(graph: Graph, coefficients: Any, intercept: float) -> None:
    """Input `X` and node `margin` [N, 1]: a weighted sum in the form that reasons are made of."""
    weights = [float(weight) for weight in rounded(coefficients)]
    x = graph.input("X", len(weights))
    bias = [float(rounded([intercept])[0])]
    graph.node(
        "LinearRegressor",
        [x],
        "margin",
        domain="ai.onnx.ml",
        coefficients=weights,
        intercepts=bias,
        targets=1,
    )


def logistic(coefficients: Any, intercept: float, *, name: str, doc: str) -> onnx.ModelProto:
    """Logistic regression: input `X`, outputs `margin` [N, 1] (log odds) and `probability` [N, 1]."""
    graph = Graph(name, doc)
    weighted_sum(graph, coefficients, intercept)
    graph.node("Sigmoid", ["margin"], "probability")
    graph.output("margin", 1)
    graph.output("probability", 1)
    return graph.model()


def log_linear(coefficients: Any, intercept: float, *, name: str, doc: str) -> onnx.ModelProto:
    """A generalised linear model with a log link: outputs `margin` [N, 1] and `value` [N, 1], its exp."""
    graph = Graph(name, doc)
    weighted_sum(graph, coefficients, intercept)
    graph.node("Exp", ["margin"], "value")
    graph.output("margin", 1)
    graph.output("value", 1)
    return graph.model()


def nearest_centre(
    centres: Any, means: Any, deviations: Any, *, name: str, doc: str, logs: bool = False
) -> onnx.ModelProto:
    """k-means: input `X`, of which the graph takes ln(1 + x) where `logs`, and standardises; outputs
    `nearness` [N, clusters], which is minus the distance to each centre, and `distance` [N, 1] to the
    nearest.
    """
    graph = Graph(name, doc)
    grid = rounded(centres)
    x = graph.input("X", grid.shape[1])
    if logs:
        graph.node("Add", [x, graph.constant("unit", np.array([1.0], np.float32))], "plus")
        x = graph.node("Log", ["plus"], "log")
    graph.node("Sub", [x, graph.constant("means", rounded(means))], "centred")
    graph.node("Div", ["centred", graph.constant("deviations", rounded(deviations))], "standard")
    graph.node("Unsqueeze", ["standard", graph.constant("one", np.array([1], np.int64))], "wide")
    graph.node("Sub", ["wide", graph.constant("centres", grid[None])], "gaps")
    graph.node("Mul", ["gaps", "gaps"], "squares")
    graph.node("ReduceSum", ["squares", graph.constant("two", np.array([2], np.int64))], "sums", keepdims=0)
    graph.node("Sqrt", ["sums"], "distances")
    graph.node("Neg", ["distances"], "nearness")
    graph.node("ReduceMin", ["distances"], "distance", axes=[1], keepdims=1)
    graph.output("nearness", len(grid))
    graph.output("distance", 1)
    return graph.model()
