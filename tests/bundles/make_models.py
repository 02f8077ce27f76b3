"""Writes the models of the golden cases' bundles: a few nodes each, so that every number can be checked
with a pencil. Run it after a change, then pack the bundles (`tests/golden/bless.py --pack`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

HERE = Path(__file__).resolve().parent
ML = "ai.onnx.ml"
FLOAT, INT64, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING


def write(path: str, nodes: list[Any], inputs: list[Any], outputs: list[Any]) -> None:
    """Checks a graph and writes it."""
    graph = helper.make_graph(nodes, Path(path).stem, inputs, outputs)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(ML, 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="scorebox-tests")
    onnx.checker.check_model(model)
    (HERE / path).write_bytes(model.SerializeToString(deterministic=True))


def tensor(name: str, kind: int, *dims: int | str) -> onnx.ValueInfoProto:
    """A named tensor; the first axis is the batch."""
    return helper.make_tensor_value_info(name, kind, ["N", *dims])


def stump() -> None:
    """margin = income <= 1000.5 ? 1.5 : (risk_class <= 2 ? -2 : 0.25), and 0.5 more for few years."""
    tree = helper.make_node(
        "TreeEnsembleRegressor",
        ["X"],
        ["margin"],
        domain=ML,
        n_targets=1,
        post_transform="NONE",
        nodes_treeids=[0, 0, 0, 0, 0, 1, 1, 1],
        nodes_nodeids=[0, 1, 2, 3, 4, 0, 1, 2],
        nodes_featureids=[0, 0, 1, 0, 0, 2, 0, 0],
        nodes_values=[1000.5, 0.0, 2.0, 0.0, 0.0, 3.0, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LT", "LEAF", "LEAF"],
        nodes_truenodeids=[1, 0, 3, 0, 0, 1, 0, 0],
        nodes_falsenodeids=[2, 0, 4, 0, 0, 2, 0, 0],
        nodes_missing_value_tracks_true=[1, 0, 0, 0, 0, 0, 0, 0],
        target_treeids=[0, 0, 0, 1, 1],
        target_nodeids=[1, 3, 4, 1, 2],
        target_ids=[0, 0, 0, 0, 0],
        target_weights=[1.5, -2.0, 0.25, 0.5, 0.0],
    )
    write("stump/model.onnx", [tree], [tensor("X", FLOAT, 3)], [tensor("margin", FLOAT, 1)])


def linear() -> None:
    """Log odds = -1 + 0.002 account_days - 0.5 is_home + 0.125 name_length, as probabilities."""
    classifier = helper.make_node(
        "LinearClassifier",
        ["X"],
        ["label", "probabilities"],
        domain=ML,
        classlabels_ints=[0, 1],
        coefficients=[-0.002, 0.5, -0.125, 0.002, -0.5, 0.125],
        intercepts=[1.0, -1.0],
        multi_class=0,
        post_transform="LOGISTIC",
    )
    outputs = [tensor("label", INT64), tensor("probabilities", FLOAT, 2)]
    write("linear/model.onnx", [classifier], [tensor("X", FLOAT, 3)], outputs)


def labels() -> None:
    """A text and a number, fed apart; ZipMap with text keys."""
    encode = helper.make_node(
        "LabelEncoder",
        ["job"],
        ["job_code"],
        domain=ML,
        keys_strings=["worker", "clerk", "先生", "naïve"],
        values_floats=[1.0, 2.0, 3.0, 4.0],
        default_float=-1.0,
    )
    join = helper.make_node("Concat", ["job_code", "amount"], ["X"], axis=1)
    classifier = helper.make_node(
        "LinearClassifier",
        ["X"],
        ["label", "raw"],
        domain=ML,
        classlabels_strings=["good", "bad", "ugly"],
        coefficients=[0.5, 0.0, -0.25, 0.001, 0.0, -0.001],
        intercepts=[0.0, 0.5, 0.25],
        multi_class=1,
        post_transform="SOFTMAX",
    )
    zipped = helper.make_node(
        "ZipMap", ["raw"], ["scores"], domain=ML, classlabels_strings=["good", "bad", "ugly"]
    )
    maps = helper.make_value_info(
        "scores",
        helper.make_sequence_type_proto(
            helper.make_map_type_proto(STRING, helper.make_tensor_type_proto(FLOAT, None))
        ),
    )
    inputs = [tensor("job", STRING, 1), tensor("amount", FLOAT, 1)]
    for folder in ("labels", "customer"):
        outputs = [tensor("label", STRING), maps]
        write(f"{folder}/classes.onnx", [encode, join, classifier, zipped], inputs, outputs)


def value() -> None:
    """amount / 8 + 2.5 in float64."""
    nodes = [
        helper.make_node("Div", ["amount", "eight"], ["part"]),
        helper.make_node("Add", ["part", "two_and_a_half"], ["value"]),
    ]
    graph = helper.make_graph(
        nodes,
        "value",
        [tensor("amount", TensorProto.DOUBLE, 1)],
        [tensor("value", TensorProto.DOUBLE, 1)],
        [
            helper.make_tensor("eight", TensorProto.DOUBLE, [], [8.0]),
            helper.make_tensor("two_and_a_half", TensorProto.DOUBLE, [], [2.5]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    (HERE / "labels/value.onnx").write_bytes(model.SerializeToString(deterministic=True))


def regressor(path: str, coefficients: list[float], intercept: float, output: str, link: str | None) -> None:
    """A weighted sum as `output`, through a function where there is one."""
    sums = output if link is None else "margin"
    weights: dict[str, Any] = {"coefficients": coefficients, "intercepts": [intercept]}
    nodes = [helper.make_node("LinearRegressor", ["X"], [sums], domain=ML, **weights)]
    if link is not None:
        nodes.append(helper.make_node(link, ["margin"], [output]))
    write(path, nodes, [tensor("X", FLOAT, len(coefficients))], [tensor(output, FLOAT, 1)])


def towers() -> None:
    """scores = user times a table: item i likes taste as -1 to the i, and spend as (i - 3) / 4."""
    table = [[(-1.0) ** item for item in range(7)], [(item - 3) / 4 for item in range(7)]]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["user", "items"], ["scores"])],
        "towers",
        [tensor("user", FLOAT, 2)],
        [tensor("scores", FLOAT, 7)],
        [helper.make_tensor("items", FLOAT, [2, 7], [number for row in table for number in row])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    (HERE / "towers/towers.onnx").write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    stump()
    linear()
    labels()
    value()
    for name in ("customer", "gates"):
        regressor(f"{name}/risk.onnx", [0.5, -2.0], -0.25, "probability", "Sigmoid")
    regressor("ranker/ranker.onnx", [-0.01, 1.0, 0.25], 0.0, "score", None)
    towers()
