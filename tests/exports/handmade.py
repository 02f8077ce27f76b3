"""Hand-built tree ensembles: every mode, aggregate, post transform, label and base-value form.

Inputs lie exactly on thresholds, one float32 step beside them, and at the ends of the number line, because
that is where evaluators differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from onnx import TensorProto, helper

from . import plain_trees
from .case import SEED, Case, hostile

MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")
POSTS = ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT")
AGGREGATES = ("SUM", "AVERAGE", "MIN", "MAX")


def grow(
    rng: np.random.Generator, trees: int, depth: int, features: int, modes: tuple[str, ...]
) -> dict[str, list]:
    """Complete binary trees with random splits, as the attributes of the standard name them."""
    nodes: dict[str, list] = {
        key: []
        for key in [
            "nodes_treeids",
            "nodes_nodeids",
            "nodes_featureids",
            "nodes_values",
            "nodes_modes",
            "nodes_truenodeids",
            "nodes_falsenodeids",
            "nodes_missing_value_tracks_true",
        ]
    }
    inner = 2**depth - 1
    for tree_id, node in product(range(trees), range(2 ** (depth + 1) - 1)):
        leaf = node >= inner
        nodes["nodes_treeids"].append(tree_id)
        nodes["nodes_nodeids"].append(node)
        nodes["nodes_featureids"].append(0 if leaf else int(rng.integers(features)))
        nodes["nodes_values"].append(0.0 if leaf else float(np.float32(rng.integers(-3, 4) * 0.3)))
        nodes["nodes_modes"].append("LEAF" if leaf else modes[int(rng.integers(len(modes)))])
        nodes["nodes_truenodeids"].append(0 if leaf else 2 * node + 1)
        nodes["nodes_falsenodeids"].append(0 if leaf else 2 * node + 2)
        nodes["nodes_missing_value_tracks_true"].append(0 if leaf else int(rng.integers(2)))
    return nodes


def leaves(nodes: dict[str, list], rng: np.random.Generator, prefix: str, ids: int) -> dict[str, list]:
    """One weight per leaf and id, quantised so that sums are exact in any order."""
    found = [
        (t, n)
        for t, n, mode in zip(
            nodes["nodes_treeids"], nodes["nodes_nodeids"], nodes["nodes_modes"], strict=True
        )
        if mode == "LEAF"
    ]
    rows = [(t, n, i) for (t, n) in found for i in range(ids)]
    word = "class" if prefix == "class" else "target"
    return {
        f"{word}_treeids": [t for t, _, _ in rows],
        f"{word}_nodeids": [n for _, n, _ in rows],
        f"{word}_ids": [i for _, _, i in rows],
        f"{word}_weights": [float(w) / 16 for w in rng.integers(-20, 21, len(rows))],
    }


def inputs(features: int) -> np.ndarray:
    """Values on every threshold, beside it, and hostile rows."""
    grid = np.float32(np.arange(-3, 4) * 0.3)
    on = np.stack([np.roll(np.resize(grid, 42), k) for k in range(features)], axis=1)
    rows = [on, np.nextafter(on, np.float32(9)), np.nextafter(on, np.float32(-9)), hostile(on[:, :features])]
    return np.concatenate(rows).astype(np.float32)


def model(operator: str, attributes: dict, features: int, outputs: list, double: bool = False) -> bytes:
    """One node as a model."""
    kind = TensorProto.DOUBLE if double else TensorProto.FLOAT
    node = helper.make_node(operator, ["X"], [o.name for o in outputs], domain="ai.onnx.ml", **attributes)
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("X", kind, [None, features])], outputs
    )
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def regressors() -> Iterator[Case]:
    """Modes by aggregates by post transforms, one and three targets, with and without base values."""
    rng = np.random.default_rng(SEED)
    x = inputs(4)
    y = helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, None])
    kinds = [*((m,) for m in MODES), MODES]
    for at, (modes, aggregate) in enumerate(product(kinds, AGGREGATES)):
        targets = 1 + 2 * (at % 2)
        post = POSTS[at % len(POSTS)] if targets > 1 else ("NONE", "LOGISTIC")[at % 4 // 2]
        nodes = grow(rng, 3, 3, 4, modes)
        attributes = nodes | leaves(nodes, rng, "target", targets)
        attributes |= {"n_targets": targets, "aggregate_function": aggregate, "post_transform": post}
        if at % 3:
            attributes["base_values"] = [0.25 * (k + 1) for k in range(targets)]
        name = f"trees/reg/{'mixed' if len(modes) > 1 else modes[0]}/{aggregate}/{post}/{targets}"
        sums = plain_trees.aggregated(plain_trees.votes(attributes, "target", x), targets, aggregate)
        answer = plain_trees.transformed(sums + attributes.get("base_values", [0.0] * targets), post)
        standard = {} if answer is None else {"Y": answer.astype(np.float32)}
        yield Case(name, model("TreeEnsembleRegressor", attributes, 4, [y]), {"X": x}, standard=standard)


def classifiers() -> Iterator[Case]:
    """Binary with one and two weight columns, three classes, integer and text labels, base values."""
    rng = np.random.default_rng(SEED + 1)
    x = inputs(4)
    scores = helper.make_tensor_value_info("P", TensorProto.FLOAT, [None, None])
    for post, classes, columns, text, base in product(
        ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"), (2, 3), (1, 2, 3), (False, True), (0, 1, 2)
    ):
        if columns > classes or (columns == 2 and classes == 3) or (columns == 1 and classes == 3):
            continue
        nodes = grow(rng, 2, 2, 4, ("BRANCH_LEQ", "BRANCH_LT"))
        attributes = nodes | leaves(nodes, rng, "class", columns)
        if columns == 1:
            attributes["class_ids"] = (
                [1] * len(attributes["class_ids"]) if base % 2 else attributes["class_ids"]
            )
        attributes["post_transform"] = post
        if text:
            attributes["classlabels_strings"] = ["good", "bad", "ugly"][:classes]
        else:
            attributes["classlabels_int64s"] = [0, 1, 7][:classes]
        if base:
            attributes["base_values"] = [
                0.5 - 0.25 * k for k in range(1 if base == 1 and columns == 1 else classes)
            ]
        kind = TensorProto.STRING if text else TensorProto.INT64
        label = helper.make_tensor_value_info("L", kind, [None])
        name = f"trees/cls/{post}/{classes}c{columns}w/{'text' if text else 'int'}/base{base}"
        standard = {}
        if columns == classes or len(attributes.get("base_values", [])) == classes:
            labels = attributes.get("classlabels_strings") or attributes["classlabels_int64s"]
            standard = by_the_standard(attributes, x, labels, post)
        yield Case(
            name,
            model("TreeEnsembleClassifier", attributes, 4, [label, scores]),
            {"X": x},
            standard=standard,
        )


def by_the_standard(attributes: dict, x: np.ndarray, labels: list, post: str) -> dict[str, np.ndarray]:
    """Labels and scores where votes and base values are for the classes that they name."""
    sums = plain_trees.aggregated(plain_trees.votes(attributes, "class", x), len(labels), "SUM")
    sums = sums + np.array(attributes.get("base_values", [0.0] * len(labels)))
    answer = plain_trees.transformed(sums, post)
    top = np.array(labels, object if isinstance(labels[0], str) else np.int64)[sums.argmax(1)]
    return {"L": top} | ({} if answer is None else {"P": answer.astype(np.float32)})
