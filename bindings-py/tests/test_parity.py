"""Parity: what is equal, what is off, and which trap it looks like."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import scorebox
from numpy.typing import NDArray
from scorebox import _traps

ROWS = np.array([[900, 1, 5], [1000.5, 3, 2], [2000, 2, 3], [2000, 3, 9]], dtype=np.float32)
MARGINS = [1.5, 2.0, -2.0, 0.25]
P: NDArray[np.float64] = np.array([0.1, 0.35, 0.5, 0.8, 0.97, 0.02])
WANT = np.column_stack([1 - P, P])


@pytest.fixture(scope="module")
def stump(root: Path) -> Path:
    return root / "tests" / "bundles" / "stump" / "model.onnx"


def test_equal_answers_are_equal(stump: Path) -> None:
    report = scorebox.verify(stump, ROWS, expected=MARGINS)
    assert report.ok
    assert report.rows == 4
    assert report.largest_ulp == 0
    assert report.trap is None
    certificate = json.loads(report.certificate())
    assert certificate["ok"]
    assert len(certificate["model_digest"]) == len(certificate["data_digest"]) == 64
    assert "result                  equal" in str(report)


def test_one_answer_off_is_found_and_measured(stump: Path) -> None:
    report = scorebox.verify(scorebox.Model.load(stump), ROWS, expected=[1.5, 2.25, -2.0, 0.25])
    assert not report.ok
    assert report.differing == (1,)
    assert report.largest_absolute == 0.25
    assert report.model_digest == ""
    assert "rows 1" in str(report)


def test_rows_on_a_threshold_are_found_by_moving_inputs(stump: Path) -> None:
    rows = [[x, y, z] for x in (900, 1000, 1500, 2000) for y in (1, 1.7, 2, 2.5, 3) for z in (2, 4.3, 5)]
    model = scorebox.Model.load(stump)
    report = scorebox.verify(model, rows, expected=model.predict(rows))
    near = set(report.near_threshold)
    assert report.ok
    assert near
    assert len(near) < len(rows)
    table = np.array(rows, np.float32)
    moved = [np.nextafter(table, np.float32(to)) for to in (np.inf, -np.inf)]
    for at in range(len(rows)):
        jumps = False
        for column in range(3):
            for other in moved:
                row = table[at : at + 1].copy()
                row[0, column] = other[at, column]
                jumps |= bool(model.predict(row)[0] != model.predict(table[at : at + 1])[0])
        assert jumps == (at in near)


def test_a_certificate_is_checked_again(stump: Path) -> None:
    certificate = scorebox.verify(stump, ROWS, expected=MARGINS).certificate()
    assert scorebox.recheck(certificate, stump, ROWS, MARGINS).ok
    for text, answers in ((certificate, [1.5, 2.0, -2.0, 0.5]), ("{}", MARGINS), ("", MARGINS)):
        with pytest.raises(scorebox.Error) as caught:
            scorebox.recheck(text, stump, ROWS, answers)
        assert caught.value.code == "request_invalid"


def test_the_estimator_is_asked(stump: Path) -> None:
    class Source:
        def predict(self, X: object) -> list[float]:
            return MARGINS

    assert scorebox.verify(stump, ROWS, estimator=Source()).ok


def test_labels_and_one_column_of_two_classes(root: Path) -> None:
    trees = root / "core" / "tests" / "fixtures" / "trees.onnx"
    rows = np.array([[1.5, 0.5, 2.0], [0.25, -1.0, 0.0], [7.0, 2.0, -3.5]], np.float32)
    p = 1 / (1 + np.exp(-np.array([-1.5, -0.5, 0.5])))
    assert scorebox.verify(trees, rows, expected=p).ok
    off = scorebox.verify(trees, rows, expected=np.where([True, False, False], 1 - p, p))
    assert (off.output, off.flips, off.differing) == ("probabilities", (0,), (0,))
    for expected, output in (([1, 0, 1], None), ([1.0, 0.0, 1.0], "label")):
        report = scorebox.verify(trees, rows, expected=expected, output=output)
        assert (report.output, report.flips, report.trap) == ("label", (0,), "threshold_rounding")
        assert report.largest_absolute is None
        assert json.loads(report.certificate())["largest_ulp"] is None
        assert "largest difference      -" in str(report)


def test_whole_numbers_are_compared_with_a_value(stump: Path) -> None:
    report = scorebox.verify(stump, ROWS, expected=[2, 2, -2, 0])
    assert report.differing == (0, 3)
    assert report.largest_absolute == 0.5


def test_nothing_to_compare_is_an_error(stump: Path) -> None:
    for answers in (None, [1.0]):
        with pytest.raises(scorebox.Error) as caught:
            scorebox.verify(stump, ROWS, expected=answers)
        assert caught.value.code == "request_invalid"


def squared(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(p**2 / (p**2).sum(axis=1, keepdims=True))


THREE = np.array([[0.7, 0.2, 0.4], [0.1, 0.9, 0.3], [0.5, 0.5, 0.2], [0.05, 0.3, 0.6]])
RAW = np.log(THREE / (1 - THREE))
VALUES = np.array([[0.5], [2.0], [7.5], [40.0]])


WHOLE: list[tuple[str | None, NDArray[np.float64], NDArray[np.float64]]] = [
    ("doubled_logits", squared(WANT), WANT),
    ("doubled_logits", squared(WANT)[:, 1:], WANT[:, 1:]),
    ("dropped_exp", np.log(VALUES), VALUES),
    ("dropped_logistic", np.log(WANT / (1 - WANT)), WANT),
    ("ova_softmax", np.exp(RAW) / np.exp(RAW).sum(axis=1, keepdims=True), THREE),
    ("not_normalised", THREE, THREE / THREE.sum(axis=1, keepdims=True)),
    ("scaled", WANT[:, 1:] * 0.15, WANT[:, 1:]),
    ("summed_forest", 1 / (1 + ((1 - P) / P) ** 4)[:, None] / 100, P[:, None]),
    ("shifted", VALUES + 0.5, VALUES),
    ("shifted_margin", 1 / (1 + np.exp(-(np.log(P / (1 - P)) + 0.8)))[:, None], P[:, None]),
    ("swapped_classes", WANT[:, ::-1], WANT),
    (None, WANT + np.array([[0.1, -0.1]]) * np.arange(6)[:, None] / 6, WANT),
]


@pytest.mark.parametrize(("trap", "got", "want"), WHOLE)
def test_traps_are_recognised(trap: str | None, got: NDArray[np.float64], want: NDArray[np.float64]) -> None:
    assert _traps.whole_answer(got, want) == trap


SOME: list[tuple[str | None, list[int], list[int], list[int], float, str]] = [
    ("threshold_rounding", [1, 0, 1], [0, 0, 0], [0, 0, 0], 0.3, ""),
    ("missing_values", [0, 0, 0], [1, 0, 1], [0, 0, 0], 0.3, ""),
    ("unicode_text", [0, 0, 0], [0, 0, 0], [1, 0, 1], 0.3, ""),
    ("float32_sums", [0, 0, 0], [0, 0, 0], [0, 0, 0], 5e-5, ""),
    (
        "distance_weights",
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
        0.3,
        "KNeighborsClassifier(weights='distance')",
    ),
    ("isotonic_steps", [0, 0, 0], [0, 0, 0], [0, 0, 0], 0.3, "CalibratedClassifierCV(method='isotonic')"),
    (None, [0, 0, 0], [0, 0, 0], [0, 0, 0], 0.3, ""),
]


@pytest.mark.parametrize(("trap", "near", "missing", "strange", "largest", "source"), SOME)
def test_traps_of_some_rows_are_recognised(
    trap: str | None, near: list[int], missing: list[int], strange: list[int], largest: float, source: str
) -> None:
    a, b, c = (np.array(values, np.bool_) for values in (near, missing, strange))
    assert _traps.some_rows(np.array([True, False, True]), a, b, c, largest, source) == trap


def test_every_trap_has_advice_and_a_test() -> None:
    tested = ({case[0] for case in WHOLE} | {case[0] for case in SOME}) - {None}
    assert tested == set(_traps.ADVICE)


def test_a_bundle_takes_the_certificate_of_its_own_model_only(
    root: Path, tmp_path: Path, stump: Path
) -> None:
    folder = tmp_path / "stump"
    shutil.copytree(stump.parent, folder)
    (folder / "parity").mkdir()
    certificate = folder / "parity" / "model.json"
    certificate.write_text(scorebox.verify(stump, ROWS, expected=MARGINS).certificate())
    (shown,) = scorebox.Bundle.load(scorebox.pack(folder)).describe()["parity"]
    assert shown["ok"]
    assert shown["rows"] == 4
    other = json.loads(certificate.read_text())
    other["model_digest"] = hashlib.sha256(
        (root / "models" / "credit" / "model.onnx").read_bytes()
    ).hexdigest()
    certificate.write_text(json.dumps(other))
    with pytest.raises(scorebox.Error, match=r"parity/model\.json") as caught:
        scorebox.pack(folder)
    assert caught.value.code == "bundle_not_packed"
