"""Exports scikit-learn's isolation forest as one TreeEnsembleRegressor, so that it can be explained.

Score of a row: 2^(-E(h) / c(n)), with h the depth at which a tree has isolated the row plus c(rows left in
the leaf), and c(n) the mean depth of an unsuccessful search in a binary tree of n rows (Liu, Ting, Zhou,
"Isolation forest", 2008, equations 1 and 2). 0.5 is ordinary, near 1 is odd. Leaves hold h / (trees * c(n)),
so the margin is the mean depth over its expectation, and the value is 2 to the power of minus it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.ensemble import IsolationForest

from .lightgbm_onnx import OPSET, OPSET_ML, round_down


def mean_depth(rows: int) -> float:
    """c(n): 2 (H(n - 1) - (n - 1) / n) with H(i) = ln i + 0.5772156649."""
    if rows <= 1:
        return 0.0
    if rows == 2:
        return 1.0
    return 2.0 * (np.log(rows - 1.0) + np.euler_gamma) - 2.0 * (rows - 1.0) / rows


def export_isolation_forest(forest: IsolationForest, *, name: str, doc: str) -> onnx.ModelProto:
    """Input `X` [N, features] float32, outputs `margin` and `anomaly`, both [N, 1] float32."""
    scale = 1.0 / (len(forest.estimators_) * mean_depth(forest.max_samples_))
    lists: dict[str, list[Any]] = {
        f"nodes_{key}": []
        for key in "treeids nodeids featureids modes values truenodeids falsenodeids".split()
    } | {f"target_{key}": [] for key in "treeids nodeids ids weights".split()}
    for number, (estimator, columns) in enumerate(
        zip(forest.estimators_, forest.estimators_features_, strict=True)
    ):
        tree = estimator.tree_

        def visit(
            node: int, depth: int, number: int = number, tree: Any = tree, columns: Any = columns
        ) -> None:
            left, right = int(tree.children_left[node]), int(tree.children_right[node])
            leaf = left < 0
            row = {
                "treeids": number,
                "nodeids": node,
                "featureids": 0 if leaf else int(columns[tree.feature[node]]),
                "modes": "LEAF" if leaf else "BRANCH_LEQ",
                "values": 0.0 if leaf else round_down(float(tree.threshold[node])),
                "truenodeids": 0 if leaf else left,
                "falsenodeids": 0 if leaf else right,
            }
            for key, value in row.items():
                lists[f"nodes_{key}"].append(value)
            if leaf:
                length = depth + mean_depth(int(tree.n_node_samples[node]))
                weight = float(np.float32(length * scale))
                for key, value in {"treeids": number, "nodeids": node, "ids": 0, "weights": weight}.items():
                    lists[f"target_{key}"].append(value)
            else:
                visit(left, depth + 1)
                visit(right, depth + 1)

        visit(0, 0)
    nodes = [
        helper.make_node(
            "TreeEnsembleRegressor",
            ["X"],
            ["margin"],
            name="trees",
            domain="ai.onnx.ml",
            n_targets=1,
            **lists,
        ),
        helper.make_node("Neg", ["margin"], ["power"], name="power"),
        helper.make_node("Pow", ["base", "power"], ["anomaly"], name="anomaly"),
    ]
    width = forest.n_features_in_
    outputs = [
        helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", 1]) for output in ("margin", "anomaly")
    ]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", width])],
        outputs,
        [numpy_helper.from_array(np.array([2.0], np.float32), "base")],
    )
    model = helper.make_model(
        graph,
        producer_name="scorebox-models",
        doc_string=doc,
        ir_version=8,
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", OPSET_ML)],
    )
    onnx.checker.check_model(model)
    return model
