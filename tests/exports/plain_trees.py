"""Tree ensembles evaluated as the standard's text reads, one row and one node at a time: slow and obvious."""

from __future__ import annotations

import math
import operator
from collections import defaultdict

import numpy as np

COMPARE = {
    "BRANCH_LEQ": operator.le,
    "BRANCH_LT": operator.lt,
    "BRANCH_GTE": operator.ge,
    "BRANCH_GT": operator.gt,
    "BRANCH_EQ": operator.eq,
    "BRANCH_NEQ": operator.ne,
}


def leaf(nodes: dict[str, list], tree: int, row: np.ndarray) -> int:
    """The leaf that a row reaches. A missing value takes the branch that its node names, nothing else."""
    at = {
        n: i
        for i, (t, n) in enumerate(zip(nodes["nodes_treeids"], nodes["nodes_nodeids"], strict=True))
        if t == tree
    }
    node = 0
    while nodes["nodes_modes"][at[node]] != "LEAF":
        i = at[node]
        value = row[nodes["nodes_featureids"][i]]
        threshold = np.float32(nodes["nodes_values"][i])
        missing = bool(nodes["nodes_missing_value_tracks_true"][i])
        holds = missing if np.isnan(value) else COMPARE[nodes["nodes_modes"][i]](value, threshold)
        node = nodes["nodes_truenodeids" if holds else "nodes_falsenodeids"][i]
    return node


def votes(attributes: dict[str, list], word: str, x: np.ndarray) -> list[list[dict[int, float]]]:
    """For each row and tree: the weight of the reached leaf for each target or class."""
    weights: dict[tuple[int, int], dict[int, float]] = defaultdict(dict)
    names = [f"{word}_{part}" for part in ("treeids", "nodeids", "ids", "weights")]
    for tree, node, target, weight in zip(*(attributes[name] for name in names), strict=True):
        weights[tree, node][target] = weight
    trees = sorted(set(attributes["nodes_treeids"]))
    return [[weights[tree, leaf(attributes, tree, row)] for tree in trees] for row in x]


def aggregated(rows: list[list[dict[int, float]]], targets: int, how: str) -> np.ndarray:
    """Sum, mean, least or greatest over the trees; a mean is over all trees."""
    combine = {"SUM": sum, "AVERAGE": lambda list_: sum(list_) / len(list_), "MIN": min, "MAX": max}[how]
    return np.array([[combine([tree.get(k, 0.0) for tree in row]) for k in range(targets)] for row in rows])


def transformed(scores: np.ndarray, post: str) -> np.ndarray | None:
    """The scores after their transform; ``None`` for the one whose formula the standard leaves open."""
    if post == "NONE":
        return scores
    if post == "LOGISTIC":
        return 1 / (1 + np.exp(-scores))
    if post in ("SOFTMAX", "SOFTMAX_ZERO"):
        return np.array([softmax(row, post == "SOFTMAX_ZERO") for row in scores])
    return None


def softmax(row: np.ndarray, keep_zeros: bool) -> list[float]:
    """Softmax; with ``keep_zeros`` over what is not zero."""
    parts = [0.0 if keep_zeros and value == 0 else math.exp(value - max(row)) for value in row]
    return [part / sum(parts) for part in parts]
