"""Malformed and malicious models, by what is wrong with them.

Each function returns models by name; ``LEGAL`` ones look suspicious and must score all the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import FunctionProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

FLOAT, INT, TEXT, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING, TensorProto.BOOL
X = helper.make_tensor_value_info("X", FLOAT, [None, 3])
Y = helper.make_tensor_value_info("Y", FLOAT, None)


def wrap(
    nodes: list[NodeProto], initializers: dict[str, np.ndarray] | None = None, **extra: object
) -> ModelProto:
    """Nodes as a model with input X [batch, 3] and output Y."""
    weights = [numpy_helper.from_array(v, k) for k, v in (initializers or {}).items()]
    graph = helper.make_graph(nodes, "g", extra.pop("inputs", [X]), extra.pop("outputs", [Y]), weights)
    opsets = extra.pop("opsets", {"": 17, "ai.onnx.ml": 3})
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    return helper.make_model(graph, opset_imports=imports, ir_version=8, **extra)


def node(op: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: object) -> NodeProto:
    """A node."""
    return helper.make_node(op, inputs, outputs, domain=domain, **attributes)


def i64(*values: int) -> np.ndarray:
    """A list of int64."""
    return np.array(values, np.int64)


def sound() -> ModelProto:
    """A model with nothing wrong, to cut and flip."""
    return wrap(
        [node("MatMul", ["X", "w"], ["h"]), node("Relu", ["h"], ["Y"])], {"w": np.ones((3, 2), np.float32)}
    )


def bytes_models() -> dict[str, bytes]:
    """Not a model at all, or a part of one."""
    good = sound().SerializeToString()
    models = {
        "empty": b"",
        "text": b"PK this is not a model",
        "html": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        "pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x8c\x06system\x93.",
        "length_2g": b"\x3a\xff\xff\xff\xff\x07abc",
        "length_max": b"\x3a" + b"\xff" * 9 + b"\x01abc",
        "endless_varint": b"\x08" + b"\xff" * 40,
        "group_tags": b"\x0b" * 100_000,
        "nested_lengths": b"".join(b"\x3a\x7f" for _ in range(10_000)),
    }
    models |= {f"cut_{k:02}": good[: len(good) * k // 20] for k in range(1, 20)}
    return models


def mutated() -> dict[str, bytes]:
    """Bytes of sound models, changed at random: any outcome but a crash is allowed."""
    rng = np.random.default_rng(7)
    models = {}
    for k in range(60):
        raw = bytearray((sound() if k % 2 else wrap([tree()], {})).SerializeToString())
        for _ in range(1 + k % 5):
            raw[int(rng.integers(len(raw)))] = int(rng.integers(256))
        models[f"mutant_{k:02}"] = bytes(raw)
    return models


def graphs() -> dict[str, ModelProto]:
    """Graphs that break the standard's rules."""
    w = {"w": np.ones((3, 3), np.float32)}
    branch = helper.make_graph(
        [node("Identity", ["X"], ["b"])], "b", [], [helper.make_tensor_value_info("b", FLOAT, None)]
    )
    return {
        "cycle": wrap(
            [node("Add", ["X", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["Y"])]
        ),
        "self_loop": wrap([node("Add", ["Y", "X"], ["Y"])]),
        "missing_weight": wrap([node("MatMul", ["X", "gone"], ["Y"])]),
        "dangling_output": wrap([node("Relu", ["X"], ["Z"])]),
        "written_twice": wrap([node("Relu", ["X"], ["Y"]), node("Abs", ["X"], ["Y"])]),
        "unknown_operator": wrap([node("Confabulate", ["X"], ["Y"])]),
        "unknown_domain": wrap(
            [node("Relu", ["X"], ["Y"], domain="evil.example")], opsets={"": 17, "evil.example": 1}
        ),
        "opset_999": wrap([node("Relu", ["X"], ["Y"])], opsets={"": 999}),
        "ml_opset_99": wrap([tree()], opsets={"": 17, "ai.onnx.ml": 99}),
        "no_opset": wrap([node("Relu", ["X"], ["Y"])], opsets={}),
        "too_few_inputs": wrap([node("Add", ["X"], ["Y"])]),
        "too_many_inputs": wrap([node("Relu", ["X", "X"], ["Y"])]),
        "mixed_types": wrap([node("Add", ["X", "k"], ["Y"])], {"k": i64(1)}),
        "float_indices": wrap([node("Gather", ["X", "k"], ["Y"])], {"k": np.ones(1, np.float32)}),
        "if_output_count": wrap(
            [node("If", ["c"], ["Y", "Z"], then_branch=branch, else_branch=branch)], {"c": np.array(True)}
        ),
        "matmul_shapes": wrap([node("MatMul", ["X", "w"], ["Y"])], {"w": np.ones((5, 2), np.float32)}),
        "wrong_declared_type": wrap(
            [node("MatMul", ["X", "w"], ["Y"])], w, outputs=[helper.make_tensor_value_info("Y", INT, None)]
        ),
    }


def sizes() -> dict[str, ModelProto]:
    """Small files that ask for a lot of memory or time."""
    body = helper.make_graph(
        [node("Identity", ["c_in"], ["c"]), node("Identity", ["s_in"], ["s"])],
        "b",
        [
            helper.make_tensor_value_info("i", INT, []),
            helper.make_tensor_value_info("c_in", BOOL, []),
            helper.make_tensor_value_info("s_in", FLOAT, [None, 3]),
        ],
        [helper.make_tensor_value_info("c", BOOL, []), helper.make_tensor_value_info("s", FLOAT, [None, 3])],
    )
    loop = node("Loop", ["n", "t", "X"], ["Y"], body=body)
    doubling = [node("Concat", [f"v{k}", f"v{k}"], [f"v{k + 1}"], axis=0) for k in range(60)]
    huge = sound()
    huge.graph.initializer[0].dims[:] = [1 << 40, 1 << 20]
    negative = sound()
    negative.graph.initializer[0].dims[:] = [-3, 2]
    short = sound()
    short.graph.initializer[0].raw_data = short.graph.initializer[0].raw_data[:-1]
    outside = sound()
    outside.graph.initializer[0].data_location = TensorProto.EXTERNAL
    entry = outside.graph.initializer[0].external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    return {
        "loop_2p62": wrap([loop], {"n": i64(1 << 62)[0:1].reshape(()), "t": np.array(True)}),
        "constant_of_shape": wrap([node("ConstantOfShape", ["n"], ["Y"])], {"n": i64(1 << 40)}),
        "expand": wrap([node("Expand", ["X", "n"], ["Y"])], {"n": i64(1 << 40, 1, 3)}),
        "range": wrap(
            [node("Range", ["a", "b", "d"], ["r"]), node("Cast", ["r"], ["Y"], to=FLOAT)],
            {"a": np.array(0, np.int64), "b": np.array(10**12, np.int64), "d": np.array(1, np.int64)},
        ),
        "tile": wrap([node("Tile", ["X", "n"], ["Y"])], {"n": i64(1 << 35, 1)}),
        "pad": wrap([node("Pad", ["X", "n"], ["Y"])], {"n": i64(0, 0, 1 << 40, 0)}),
        "doubling": wrap([node("Identity", ["X"], ["v0"]), *doubling, node("Identity", ["v60"], ["Y"])]),
        "huge_weight": huge,
        "negative_dim": negative,
        "short_data": short,
        "external_data": outside,
    }


def functions() -> dict[str, ModelProto]:
    """Model-local functions that call themselves or multiply."""

    def local(name: str, calls: list[str]) -> FunctionProto:
        names = ["x", *(f"t{k}" for k in range(len(calls) - 1)), "y"]
        nodes = [
            node(c, [names[k]], [names[k + 1]], domain="f" if c != "Relu" else "")
            for k, c in enumerate(calls)
        ]
        return helper.make_function(
            "f", name, ["x"], ["y"], nodes, [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
        )

    call = [node("F0", ["X"], ["Y"], domain="f")]
    opsets = {"": 17, "f": 1}
    bomb = [local(f"F{k}", [f"F{k + 1}"] * 10) for k in range(15)] + [local("F15", ["Relu"])]
    return {
        "recursive": wrap(call, opsets=opsets, functions=[local("F0", ["F0"])]),
        "mutual": wrap(call, opsets=opsets, functions=[local("F0", ["F1"]), local("F1", ["F0"])]),
        "bomb": wrap(call, opsets=opsets, functions=bomb),
    }


def tree(**change: object) -> NodeProto:
    """A stump as a TreeEnsembleRegressor, with attributes replaced; None leaves one out."""
    attributes: dict[str, object] = {
        "nodes_treeids": [0, 0, 0],
        "nodes_nodeids": [0, 1, 2],
        "nodes_featureids": [0, 0, 0],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
        "nodes_values": [0.5, 0.0, 0.0],
        "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 0, 0],
        "target_treeids": [0, 0],
        "target_nodeids": [1, 2],
        "target_ids": [0, 0],
        "target_weights": [1.0, 2.0],
        "n_targets": 1,
    } | change
    kept = {k: v for k, v in attributes.items() if v is not None}
    return node("TreeEnsembleRegressor", ["X"], ["Y"], domain="ai.onnx.ml", **kept)


def trees() -> dict[str, ModelProto]:
    """Trees that do not end, or point outside."""
    broken = {
        "own_child": {"nodes_truenodeids": [0, 0, 0]},
        "no_such_child": {"nodes_falsenodeids": [99, 0, 0]},
        "unequal_lists": {"nodes_values": [0.5, 0.0]},
        "unknown_mode": {"nodes_modes": ["BRANCH_MAYBE", "LEAF", "LEAF"]},
        "target_outside": {"target_ids": [0, 7]},
        "target_negative": {"target_ids": [0, -1]},
        "feature_outside": {"nodes_featureids": [1_000_000, 0, 0]},
        "feature_negative": {"nodes_featureids": [-1, 0, 0]},
        "leaf_of_no_tree": {"target_treeids": [0, 5]},
        "base_values_length": {"base_values": [1.0, 2.0, 3.0]},
        "unknown_aggregate": {"aggregate_function": "MEDIAN"},
        "unknown_post": {"post_transform": "TANH"},
        "cycle": {
            "nodes_modes": ["BRANCH_LEQ", "BRANCH_LEQ", "LEAF"],
            "nodes_truenodeids": [1, 0, 0],
            "nodes_falsenodeids": [2, 2, 0],
        },
    }
    return {name: wrap([tree(**change)]) for name, change in broken.items()}


def operators() -> dict[str, ModelProto]:
    """Attributes and values that an operator cannot take."""
    ml = "ai.onnx.ml"
    three = [node("Scaler", ["X"], ["Y"], domain=ml, offset=[0.0, 0.0], scale=[1.0, 1.0, 1.0])]
    keys = [node("LabelEncoder", ["X"], ["Y"], domain=ml, keys_floats=[1.0, 2.0], values_floats=[3.0])]
    words = numpy_helper.from_array(np.array(["abc"], object), "s")
    cast = wrap([node("Cast", ["s"], ["Y"], to=FLOAT)])
    cast.graph.initializer.append(words)
    return {
        "scaler_lengths": wrap(three),
        "encoder_lengths": wrap(keys),
        "gather_outside": wrap([node("Gather", ["X", "k"], ["Y"], axis=1)], {"k": i64(9)}),
        "slice_step_zero": wrap(
            [node("Slice", ["X", "a", "b", "c", "d"], ["Y"])],
            {"a": i64(0), "b": i64(9), "c": i64(0), "d": i64(0)},
        ),
        "cast_text": cast,
        "reshape_impossible": wrap([node("Reshape", ["X", "n"], ["Y"])], {"n": i64(7, 11)}),
        "axis_outside": wrap([node("Softmax", ["X"], ["Y"], axis=5)]),
        "transpose_twice": wrap([node("Transpose", ["X"], ["Y"], perm=[0, 0])]),
    }


def legal() -> dict[str, ModelProto]:
    """Odd but allowed: these must score."""
    deep = 20_000
    path = tree(
        nodes_treeids=[0] * (2 * deep + 1),
        nodes_nodeids=list(range(2 * deep + 1)),
        nodes_featureids=[k % 3 for k in range(2 * deep + 1)],
        nodes_modes=["BRANCH_LEQ" if k < deep else "LEAF" for k in range(2 * deep + 1)],
        nodes_values=[float(k) for k in range(2 * deep + 1)],
        nodes_truenodeids=[deep + k if k < deep else 0 for k in range(2 * deep + 1)],
        nodes_falsenodeids=[
            (k + 1 if k < deep - 1 else 2 * deep) if k < deep else 0 for k in range(2 * deep + 1)
        ],
        target_treeids=[0] * (deep + 1),
        target_nodeids=list(range(deep, 2 * deep + 1)),
        target_ids=[0] * (deep + 1),
        target_weights=[1.0] * (deep + 1),
    )
    chain = [
        node("Relu", [f"c{k}" if k else "X"], [f"c{k + 1}" if k < 9_999 else "Y"]) for k in range(10_000)
    ]
    smallest = wrap(
        [node("Div", ["a", "b"], ["q"]), node("Cast", ["q"], ["Y"], to=FLOAT)],
        {"a": i64(-(1 << 63)), "b": i64(-1)},
    )
    return {"deep_tree": wrap([path]), "chain": wrap(chain), "smallest_by_minus_one": smallest}


BROKEN: tuple[Callable[[], dict[str, ModelProto]], ...] = (graphs, sizes, functions, trees, operators)
