from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scorebox
from numpy.typing import NDArray

ROWS = np.array([[900, 1, 5], [1000.5, 3, 2], [2000, 2, 3], [2000, 3, 9]], dtype=np.float32)
MARGINS = [1.5, 2.0, -2.0, 0.25]


@pytest.fixture(scope="module")
def models(root: Path) -> Path:
    return root / "tests" / "bundles"


@pytest.fixture(scope="module")
def trees(models: Path) -> scorebox.Model:
    return scorebox.Model.load(models / "stump" / "model.onnx")


@pytest.fixture(scope="module")
def logit(models: Path) -> scorebox.Model:
    return scorebox.Model.load((models / "linear" / "model.onnx").read_bytes())


@pytest.fixture(scope="module")
def classes(models: Path) -> scorebox.Model:
    return scorebox.Model.load(str(models / "labels" / "classes.onnx"))


def test_ports_are_as_onnx_says_them(trees: scorebox.Model, classes: scorebox.Model) -> None:
    assert trees.inputs == (scorebox.Port("X", "tensor(float)", ("N", 3)),)
    assert trees.outputs == (scorebox.Port("margin", "tensor(float)", ("N", 1)),)
    assert [port.type for port in classes.inputs] == ["tensor(string)", "tensor(float)"]
    assert classes.outputs[1].type == "seq(map(string,float))"
    assert "X: tensor(float)" in repr(trees)


def test_run_gives_every_output(trees: scorebox.Model, logit: scorebox.Model) -> None:
    (margin,) = trees.run({"X": ROWS}).values()
    assert margin.dtype == np.float32
    assert margin.tolist() == [[value] for value in MARGINS]
    outputs = logit.run({"X": np.array([[500, 0, 0], [0, 1, 0]], dtype=np.float32)})
    assert outputs["label"].tolist() == [1, 0]
    assert outputs["label"].dtype == np.int64
    np.testing.assert_allclose(outputs["probabilities"][:, 1], [0.5, 1 / (1 + np.exp(1.5))], rtol=1e-6)


def test_strings_and_zipmaps(classes: scorebox.Model) -> None:
    feeds: dict[str, Any] = {
        "job": np.array([["clerk"], ["先生"]]),
        "amount": np.array([[0], [100]], np.float32),
    }
    outputs = classes.run(feeds)
    assert list(outputs["scores"][0]) == ["good", "bad", "ugly"]
    assert outputs["label"].tolist() == ["good", "good"]
    assert outputs["label"].dtype == object
    as_objects = classes.run(feeds | {"job": feeds["job"].astype(object)})
    assert as_objects["scores"] == outputs["scores"]
    as_bytes = classes.run(feeds | {"job": np.char.encode(feeds["job"], "utf-8")})
    assert as_bytes["scores"] == outputs["scores"]


def test_layout_of_an_array_does_not_matter(trees: scorebox.Model) -> None:
    variants: list[NDArray[Any]] = [
        np.asfortranarray(ROWS),
        np.repeat(ROWS, 2, axis=0)[::2],
        ROWS.astype(">f4"),
    ]
    packed = np.zeros(4, dtype=[("pad", "u1"), ("x", "f4", (3,))])
    packed["x"] = ROWS
    for variant in [*variants, packed["x"]]:
        assert trees.run({"X": variant})["margin"].ravel().tolist() == MARGINS
    read_only = ROWS.copy()
    read_only.flags.writeable = False
    assert trees.run({"X": read_only})["margin"].ravel().tolist() == MARGINS
    assert trees.run({"X": ROWS[:0]})["margin"].shape == (0, 1)


def test_predict_has_the_habits_of_scikit_learn(
    trees: scorebox.Model, logit: scorebox.Model, classes: scorebox.Model
) -> None:
    frame = pd.DataFrame(ROWS, columns=["income", "risk_class", "years"]).astype("float64")
    for rows in (ROWS, frame, pl.from_pandas(frame), ROWS.tolist()):
        assert trees.predict(rows).tolist() == MARGINS
    assert logit.predict([[500.0, 0, 0]]).tolist() == [1]
    assert logit.predict_proba([[500.0, 0, 0]]).tolist() == [[0.5, 0.5]]
    for table in (
        pd.DataFrame({"amount": [0, 100], "job": ["clerk", "先生"]}),
        pl.DataFrame({"amount": [0, 100], "job": ["clerk", "先生"]}),
        {"job": ["clerk", "先生"], "amount": [0, 100]},
    ):
        assert classes.predict(table).tolist() == ["good", "good"]
        assert classes.predict_proba(table).shape == (2, 3)


def test_several_inputs_are_taken_by_name(classes: scorebox.Model) -> None:
    with pytest.raises(scorebox.Error) as caught:
        classes.predict(pd.DataFrame({"job": ["clerk"]}))
    assert (caught.value.code, caught.value.path) == ("input_type", "amount")
    with pytest.raises(scorebox.Error) as caught:
        classes.predict([[1.0, 2.0]])
    assert caught.value.code == "request_invalid"
    with pytest.raises(scorebox.Error) as caught:
        classes.predict(pd.DataFrame({"job": ["clerk"], "amount": ["a lot"]}))
    assert (caught.value.code, caught.value.path) == ("input_type", "amount")


@pytest.mark.parametrize(
    ("feeds", "code"),
    [
        ({"X": ROWS.astype(np.float64)}, "input_type"),
        ({"X": ROWS.astype(str)}, "input_type"),
        ({"X": ROWS.astype(np.complex64)}, "input_type"),
        ({"X": np.array([[object()]])}, "input_type"),
        ({"X": ROWS[:, :2]}, "input_shape"),
        ({"X": ROWS[0]}, "input_shape"),
        ({}, "input_type"),
        ({"X": ROWS, "Y": ROWS}, "input_type"),
    ],
)
def test_wrong_inputs_are_named(trees: scorebox.Model, feeds: dict[str, Any], code: str) -> None:
    with pytest.raises(scorebox.Error) as caught:
        trees.run(feeds)
    assert caught.value.code == code


def test_a_model_without_probabilities_says_so(trees: scorebox.Model) -> None:
    with pytest.raises(scorebox.Error) as caught:
        trees.predict_proba(ROWS)
    assert caught.value.code == "request_invalid"


@pytest.mark.parametrize("length", [0, 1, 7, 100, 300])
def test_a_model_cut_short_is_an_error(models: Path, length: int) -> None:
    data = (models / "stump" / "model.onnx").read_bytes()
    with pytest.raises(scorebox.Error) as caught:
        scorebox.Model.load(data[:length])
    assert caught.value.code.startswith("model_")
