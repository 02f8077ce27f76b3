"""Graphs as exporters of neural networks write them: towers, embeddings, recurrent cells, quantised layers.

Built with onnx.helper and random weights, so that the trainer need not be installed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from .case import SEED, Case, Feeds


class Net:
    """A graph under construction."""

    def __init__(self, opset: int = 17, kind: type = np.float32) -> None:
        """An empty graph for an operator set, with weights of a type."""
        self.opset, self.kind = opset, kind
        self.rng = np.random.default_rng(SEED)
        self.nodes: list = []
        self.weights: list = []
        self.inputs: list = []

    def input(self, name: str, shape: list, dtype: type | None = None) -> str:
        """A further input."""
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype or self.kind))
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def weight(self, *shape: int, scale: float = 0.4) -> str:
        """Random weights."""
        return self.constant((self.rng.normal(size=shape) * scale).astype(self.kind))

    def constant(self, value: object) -> str:
        """A constant of the model."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, operator: str, *inputs: str, outputs: int = 1, **attributes: object) -> str:
        """A node; gives the name of its first output."""
        names = [f"v{len(self.nodes)}_{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names[0]

    def dense(self, x: str, rows: int, columns: int, activation: str = "") -> str:
        """A linear layer as Gemm with the weights transposed, the way trainers write it."""
        y = self.add("Gemm", x, self.weight(columns, rows), self.weight(columns), transB=1)
        return self.add(activation, y) if activation else y

    def case(self, name: str, outputs: dict[str, str], feeds: Feeds, **options: object) -> Case:
        """The finished model; ``outputs`` maps output names to values."""
        ends = [helper.make_node("Identity", [value], [out]) for out, value in outputs.items()]
        infos = [helper.make_empty_tensor_value_info(out) for out in outputs]
        for info in infos:
            info.type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(np.dtype(self.kind))
        graph = helper.make_graph(self.nodes + ends, "net", self.inputs, infos, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=9)
        return Case(f"neural/{name}", model.SerializeToString(), feeds, **options)


def rows(net: Net, columns: int, count: int = 12) -> np.ndarray:
    """Inputs of a net."""
    return net.rng.normal(size=(count, columns)).astype(net.kind)


def mlps() -> Iterator[Case]:
    """Multi-layer perceptrons with every common activation, in three types and across operator sets."""
    for opset in (9, 11, 13, 15, 17, 20, 22):
        net = Net(opset)
        x = net.input("x", ["batch", 6])
        h = net.dense(x, 6, 16, "Relu")
        parts = [net.weight(16, scale=s) for s in (0.2, 0.2, 0.2)]
        variance = net.constant(np.abs(net.rng.normal(size=16)).astype(np.float32) + 0.5)
        h = net.add("BatchNormalization", h, *parts, variance)
        h = net.add("Dropout", h)
        p = net.add("Softmax", net.dense(h, 16, 3), axis=1)
        yield net.case(f"mlp/{opset}", {"p": p}, {"x": rows(net, 6)})
    for activation in (
        "Sigmoid", "Tanh", "Elu", "Selu", "LeakyRelu", "Softplus", "Softsign", "HardSigmoid", "Celu",
        "HardSwish", "Mish", "ThresholdedRelu", "Erf",
    ):  # fmt: skip
        net = Net(18)
        h = net.dense(net.input("x", ["batch", 5]), 5, 8, activation)
        yield net.case(f"activation/{activation}", {"y": net.dense(h, 8, 1)}, {"x": rows(net, 5)})
    net = Net(20)
    h = net.add("Gelu", net.dense(net.input("x", ["batch", 5]), 5, 8), approximate="tanh")
    yield net.case("activation/Gelu", {"y": net.dense(h, 8, 1)}, {"x": rows(net, 5)})
    for kind, tolerance in ((np.float64, 1e-12), (np.float16, 4e-3)):
        net = Net(17, kind)
        h = net.dense(net.input("x", ["batch", 5]), 5, 8, "Relu")
        h = net.add("LayerNormalization", h, net.weight(8), net.weight(8))
        y = net.add("Sigmoid", net.dense(h, 8, 2))
        yield net.case(f"mlp/{np.dtype(kind).name}", {"y": y}, {"x": rows(net, 5)}, tolerance=tolerance)


def recommenders() -> Iterator[Case]:
    """Embeddings, two towers, factorisation machines, crosses, attention over a history."""
    net = Net()
    user, item = net.input("user", ["batch"], np.int64), net.input("item", ["batch"], np.int64)
    towers = []
    for who, count in ((user, 50), (item, 80)):
        h = net.add("Gather", net.weight(count, 8), who, axis=0)
        h = net.dense(h, 8, 8, "Relu")
        length = net.add("ReduceL2", h, axes=[1], keepdims=1)
        towers.append(net.add("Div", h, net.add("Clip", length, net.constant(np.float32(1e-6)))))
    dot = net.add("ReduceSum", net.add("Mul", *towers), net.constant(np.array([1])), keepdims=0)
    ids = {"user": net.rng.integers(0, 50, 12), "item": net.rng.integers(0, 80, 12)}
    yield net.case("two_tower", {"score": net.add("Sigmoid", dot)}, ids)
    net = Net()
    h = net.add("Gather", net.weight(30, 4), net.input("ids", ["batch", 5], np.int64), axis=0)
    summed = net.add("ReduceSum", h, net.constant(np.array([1])), keepdims=0)
    squares = net.add("ReduceSum", net.add("Mul", h, h), net.constant(np.array([1])), keepdims=0)
    cross = net.add("Sub", net.add("Mul", summed, summed), squares)
    y = net.add("ReduceSum", cross, net.constant(np.array([1])), keepdims=1)
    yield net.case("factorisation", {"y": y}, {"ids": net.rng.integers(0, 30, (12, 5))})
    net = Net()
    x = net.input("x", ["batch", 6])
    cross = net.add("Add", net.add("Mul", x, net.dense(x, 6, 6)), x)
    deep = net.dense(net.dense(x, 6, 12, "Relu"), 12, 4, "Relu")
    y = net.dense(net.add("Concat", cross, deep, axis=1), 10, 1, "Sigmoid")
    yield net.case("deep_cross", {"y": y}, {"x": rows(net, 6)})
    net = Net()
    h = net.add("Gather", net.weight(40, 8), net.input("history", ["batch", 7], np.int64), axis=0)
    query = net.add("Unsqueeze", net.dense(net.input("x", ["batch", 6]), 6, 8), net.constant(np.array([1])))
    weights = net.add("Softmax", net.add("MatMul", query, net.add("Transpose", h, perm=[0, 2, 1])), axis=-1)
    pooled = net.add("Squeeze", net.add("MatMul", weights, h), net.constant(np.array([1])))
    feeds = {"history": net.rng.integers(0, 40, (12, 7)), "x": rows(net, 6)}
    yield net.case("attention_pool", {"y": net.dense(pooled, 8, 1, "Sigmoid")}, feeds)
    net = Net()
    a, b = net.input("a", ["batch", 4, 8]), net.input("b", ["batch", 5, 8])
    y = net.add("Einsum", a, b, equation="bih,bjh->bij")
    feeds = {
        "a": net.rng.normal(size=(6, 4, 8)).astype(np.float32),
        "b": net.rng.normal(size=(6, 5, 8)).astype(np.float32),
    }
    yield net.case("einsum", {"y": y}, feeds)


def sequences() -> Iterator[Case]:
    """Recurrent cells over a sequence of transactions, with time first as their exporter writes them."""
    for operator, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
        for direction in ("forward", "bidirectional"):
            net = Net()
            ways = 2 if direction == "bidirectional" else 1
            x = net.add("Transpose", net.input("x", ["batch", 9, 3]), perm=[1, 0, 2])
            weights = [
                net.weight(ways, gates * 5, 3),
                net.weight(ways, gates * 5, 5),
                net.weight(ways, 2 * gates * 5),
            ]
            more = {"linear_before_reset": 1} if operator == "GRU" else {}
            net.add(operator, x, *weights, outputs=2, hidden_size=5, direction=direction, **more)
            last = net.add("Transpose", f"v{len(net.nodes) - 1}_1", perm=[1, 0, 2])
            flat = net.add("Reshape", last, net.constant(np.array([-1, 5 * ways])))
            y = net.dense(flat, 5 * ways, 1, "Sigmoid")
            x_rows = net.rng.normal(size=(8, 9, 3)).astype(np.float32)
            yield net.case(f"{operator.lower()}/{direction}", {"y": y}, {"x": x_rows})


def quantised() -> Iterator[Case]:
    """Layers after quantisation: dynamic, and static with quantise-dequantise pairs."""
    net = Net()
    x = net.input("x", ["batch", 6])
    net.add("DynamicQuantizeLinear", x, outputs=3)
    q, scale, zero = "v0_0", "v0_1", "v0_2"
    # Larger weights overflow the 16-bit sums of onnxruntime's kernel for processors without VNNI.
    w = net.constant(net.rng.integers(-50, 50, (6, 4)).astype(np.int8))
    y = net.add("MatMulInteger", q, w, zero, net.constant(np.int8(3)))
    y = net.add(
        "Mul", net.add("Cast", y, to=TensorProto.FLOAT), net.add("Mul", scale, net.constant(np.float32(0.01)))
    )
    # The scale is of the whole batch, so a row alone gives other numbers: that is what the operator says.
    yield net.case("dynamic_quantised", {"y": y}, {"x": rows(net, 6)}, batched=False)
    net = Net()
    pair = (net.constant(np.float32(0.03)), net.constant(np.uint8(128)))
    x = net.add("QuantizeLinear", net.input("x", ["batch", 6]), *pair)
    w = net.constant(net.rng.integers(-100, 100, (6, 4)).astype(np.int8))
    w = net.add(
        "DequantizeLinear",
        w,
        net.constant(np.full(4, 0.01, np.float32)),
        net.constant(np.zeros(4, np.int8)),
        axis=1,
    )
    y = net.add("MatMul", net.add("DequantizeLinear", x, *pair), w)
    yield net.case("static_quantised", {"y": net.add("Relu", y)}, {"x": rows(net, 6)})


def graphs() -> Iterator[Case]:
    """Every graph of this file."""
    for family in (mlps, recommenders, sequences, quantised):
        yield from family()
