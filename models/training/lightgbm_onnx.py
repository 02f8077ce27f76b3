"""Exports LightGBM's trees to ONNX so that float32 inputs take the same leaves.

The usual converter rounds LightGBM's double thresholds to the nearest float32. Where that rounds up, a
value between the two thresholds changes sides and the probability jumps by whole leaf values. LightGBM
sends `x <= threshold` left; for an `x` that is itself a float32 this is the same as `x <= t`, `t` the
largest float32 that does not exceed the threshold. So thresholds are rounded down, and nothing moves.
(LightGBM also takes what lies within 1e-35 of zero for zero; ONNX has no such rule.)
"""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import onnx
from onnx import TensorProto, helper

OPSET_ML = 3
OPSET = 17


def round_down(threshold: float) -> float:
    """The largest float32 that is not above `threshold`."""
    with np.errstate(over="ignore"):  # LightGBM writes the largest double where only NaN goes right
        nearest = np.float32(threshold)
    if float(nearest) > threshold:
        nearest = np.nextafter(nearest, np.float32(-np.inf))
    return float(nearest)


class _Nodes:
    """The parallel attribute lists of one TreeEnsembleClassifier or TreeEnsembleRegressor."""

    def __init__(self, votes: str) -> None:
        self.votes = votes
        self.lists: dict[str, list[Any]] = {
            name: []
            for name in (
                "nodes_treeids nodes_nodeids nodes_featureids nodes_modes nodes_values nodes_hitrates "
                "nodes_truenodeids nodes_falsenodeids nodes_missing_value_tracks_true"
            ).split()
        }
        self.lists |= {f"{votes}_{name}": [] for name in ("treeids", "nodeids", "ids", "weights")}

    def add_tree(self, tree_id: int, root: dict[str, Any]) -> None:
        """Adds one tree of LightGBM's JSON dump, nodes numbered in preorder."""
        next_id = 0

        def visit(node: dict[str, Any]) -> int:
            nonlocal next_id
            node_id, next_id = next_id, next_id + 1
            if "leaf_value" in node:
                self._add(tree_id, node_id, "LEAF", 0, 0.0, missing_left=False)
                for name, value in (
                    ("treeids", tree_id),
                    ("nodeids", node_id),
                    ("ids", 0),
                    ("weights", float(np.float32(node["leaf_value"]))),
                ):
                    self.lists[f"{self.votes}_{name}"].append(value)
                return node_id
            if node["decision_type"] != "<=":
                raise ValueError(f"tree {tree_id}: only numerical splits are exported")
            threshold = float(node["threshold"])
            # LightGBM reads NaN as 0 where training saw no missing value at this feature.
            missing_left = bool(node["default_left"]) if node["missing_type"] == "NaN" else threshold >= 0.0
            value = round_down(threshold)
            place = self._add(
                tree_id, node_id, "BRANCH_LEQ", node["split_feature"], value, missing_left=missing_left
            )
            self.lists["nodes_truenodeids"][place] = visit(node["left_child"])
            self.lists["nodes_falsenodeids"][place] = visit(node["right_child"])
            return node_id

        visit(root)

    def _add(self, tree: int, node: int, mode: str, feature: int, value: float, *, missing_left: bool) -> int:
        row: dict[str, Any] = {
            "nodes_treeids": tree,
            "nodes_nodeids": node,
            "nodes_featureids": feature,
            "nodes_modes": mode,
            "nodes_values": value,
            "nodes_hitrates": 1.0,
            "nodes_truenodeids": 0,
            "nodes_falsenodeids": 0,
            "nodes_missing_value_tracks_true": int(missing_left),
        }
        for name, item in row.items():
            self.lists[name].append(item)
        return len(self.lists["nodes_treeids"]) - 1


def export_classifier(booster: lgb.Booster, *, name: str, doc: str) -> onnx.ModelProto:
    """The booster as one TreeEnsembleClassifier: input `X` [N, features] float32, outputs `label`
    int64 [N] and `probabilities` float32 [N, 2] (class 1 in the second column).
    """
    dump = booster.dump_model()
    if not dump["objective"].startswith("binary sigmoid:1"):
        raise ValueError(f"objective {dump['objective']!r}: only binary log-loss is exported")
    nodes = _nodes("class", dump)
    node = helper.make_node(
        "TreeEnsembleClassifier",
        ["X"],
        ["label", "probabilities"],
        name="trees",
        domain="ai.onnx.ml",
        classlabels_int64s=[0, 1],
        post_transform="LOGISTIC",
        **nodes.lists,
    )
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 2]),
    ]
    return _model([node], outputs, dump, name, doc)


def export_regressor(booster: lgb.Booster, *, name: str, doc: str) -> onnx.ModelProto:
    """The booster as one TreeEnsembleRegressor: input `X` [N, features] float32, outputs float32 [N, 1]
    `margin`, the sum of leaves, and `value`, its exp under a log link (Poisson, gamma, Tweedie), else the
    same.
    """
    dump = booster.dump_model()
    objective = dump["objective"].split()[0]
    if objective not in {"regression", "poisson", "gamma", "tweedie"}:
        raise ValueError(f"objective {objective!r}: not exported")
    trees = helper.make_node(
        "TreeEnsembleRegressor",
        ["X"],
        ["margin"],
        name="trees",
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function="SUM",
        **_nodes("target", dump).lists,
    )
    link = helper.make_node("Identity" if objective == "regression" else "Exp", ["margin"], ["value"])
    outputs = [
        helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", 1]) for output in ("margin", "value")
    ]
    return _model([trees, link], outputs, dump, name, doc)


def _nodes(votes: str, dump: dict[str, Any]) -> _Nodes:
    nodes = _Nodes(votes)
    for tree_id, tree in enumerate(dump["tree_info"]):
        nodes.add_tree(tree_id, tree["tree_structure"])
    return nodes


def _model(
    nodes: list[onnx.NodeProto],
    outputs: list[onnx.ValueInfoProto],
    dump: dict[str, Any],
    name: str,
    doc: str,
) -> onnx.ModelProto:
    width = dump["max_feature_idx"] + 1
    rows = helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", width])
    graph = helper.make_graph(nodes, name, [rows], outputs)
    model = helper.make_model(
        graph,
        producer_name="scorebox-models",
        doc_string=doc,
        ir_version=8,
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", OPSET_ML)],
    )
    onnx.checker.check_model(model)
    return model
