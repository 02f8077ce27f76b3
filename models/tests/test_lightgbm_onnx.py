"""The export takes LightGBM's own leaves, where rounding to the nearest float32 would not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
import scorebox

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training.lightgbm_onnx import export_classifier, round_down


def train(missing: bool, seed: int = 5) -> tuple[lgb.Booster, np.ndarray[Any, np.dtype[np.float32]]]:
    rng = np.random.default_rng(seed)
    rows = np.round(rng.normal(scale=1000, size=(4000, 5)), 3).astype(np.float32)
    rows[:, 1] = np.round(rows[:, 1] / 500)
    bad = (rows[:, 0] + 400 * rows[:, 1] + rng.normal(scale=500, size=4000) > 0).astype(np.int64)
    if missing:
        rows[rng.random(rows.shape) < 0.1] = np.nan
    parameters = {"objective": "binary", "num_leaves": 15, "verbose": -1, "seed": 1, "num_threads": 1}
    return lgb.train(parameters, lgb.Dataset(rows.astype(np.float64), bad), 30), rows


@pytest.mark.parametrize("missing", [False, True])
def test_probabilities_are_lightgbms(missing: bool) -> None:
    booster, rows = train(missing)
    thresholds = sorted(
        {
            round_down(float(node["threshold"]))
            for tree in booster.dump_model()["tree_info"]
            for node in branches(tree["tree_structure"])
        }
    )
    # Rows exactly at each threshold and at the next float32, where a rounding mistake shows.
    edges = np.array(thresholds, dtype=np.float32)
    edges = edges[(np.abs(edges) > 1e-30) & (np.abs(edges) < 1e30)]
    probes = np.concatenate([edges, np.nextafter(edges, np.float32(np.inf))])
    extra = np.repeat(rows[:1], len(probes), axis=0)
    parts = [rows, np.full((1, 5), np.nan, np.float32), np.full((1, 5), np.inf, np.float32)]
    for column in range(5):
        part = extra.copy()
        part[:, column] = probes
        parts.append(part)
    every = np.concatenate(parts)
    model = scorebox.Model.load(export_classifier(booster, name="t", doc="").SerializeToString())
    found = model.predict_proba(every)[:, 1]
    wanted = np.asarray(booster.predict(every.astype(np.float64)))
    assert np.abs(found - wanted).max() < 1e-6


def branches(node: dict[str, Any]) -> list[dict[str, Any]]:
    if "leaf_value" in node:
        return []
    return [node, *branches(node["left_child"]), *branches(node["right_child"])]


@pytest.mark.parametrize("threshold", [0.1, -0.1, 1e-35, 16777217.0, 1.7976931348623157e308, -2.5])
def test_rounding_is_down(threshold: float) -> None:
    rounded = round_down(threshold)
    assert rounded == np.float32(rounded)
    assert rounded <= threshold
    with np.errstate(over="ignore"):
        assert float(np.nextafter(np.float32(rounded), np.float32(np.inf))) > threshold
