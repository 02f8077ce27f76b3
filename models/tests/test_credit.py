"""The credit bundle: two definitions of its features, its pinned files, and what it must not know."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scorebox

CREDIT = Path(__file__).resolve().parents[1] / "credit"
sys.path.insert(0, str(CREDIT))

from features import INPUTS, MODEL_FEATURES, build_features  # noqa: E402

NOW = "2026-11-23T09:00:00Z"


@pytest.fixture(scope="module")
def manifest() -> dict[str, object]:
    text = (CREDIT / "bundle.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


@pytest.fixture(scope="module")
def applicants() -> pd.DataFrame:
    rows = pd.read_csv(CREDIT / "applicants.csv", dtype={"bill_amt1": "str"})
    rows["bill_amt1"] = pd.to_numeric(rows["bill_amt1"], errors="coerce")
    return rows


def test_features_are_the_same_in_the_recipe_and_in_the_bundle(applicants: pd.DataFrame) -> None:
    bundle = scorebox.Bundle.load(CREDIT)
    decisions = bundle.score(applicants, now=NOW)
    scored = (decisions["quality"] != "refuse").to_numpy()
    assert scored.sum() > 290
    model = scorebox.Model.load(CREDIT / "model.onnx")
    raw = model.predict_proba(build_features(applicants[scored][INPUTS]))[:, 1].astype(np.float64)
    (spec,) = json.loads((CREDIT / "bundle.json").read_text(encoding="utf-8"))["models"]
    a, b = spec["calibration"]["a"], spec["calibration"]["b"]
    calibrated = 1 / (1 + np.exp(a * np.log(raw / (1 - raw)) + b))
    found = decisions.loc[scored, "pd"].to_numpy(dtype=np.float64)
    assert np.abs(found - calibrated).max() < 1e-12


def test_every_outcome_occurs_among_the_applicants(applicants: pd.DataFrame) -> None:
    counts = scorebox.Bundle.load(CREDIT).score(applicants, now=NOW)["outcome"].value_counts()
    assert set(counts.index) == {"approve", "review", "decline", "refuse"}
    assert counts["approve"] > 100


def test_protected_attributes_do_not_reach_the_model(manifest: dict[str, object]) -> None:
    text = json.dumps(manifest)
    for name in ("sex", "gender", "marriage", "education"):
        assert f'"{name}"' not in text
    assert "age" not in MODEL_FEATURES
    features = manifest["features"]
    assert isinstance(features, list)
    assert not any("age" in feature["expr"].replace(".", " ").split() for feature in features)
    policy = manifest["policy"]
    assert isinstance(policy, dict)
    assert [rule["id"] for rule in policy["rules"] if "age" in rule["when"].split()] == ["P01"]


def test_every_feature_has_a_reason_in_both_languages(manifest: dict[str, object]) -> None:
    reasons = manifest["reasons"]
    assert isinstance(reasons, dict)
    explained = [feature for code in reasons["codes"] for feature in code["features"]]
    assert sorted(explained) == sorted(MODEL_FEATURES)
    assert all({"en", "zh"} <= code["text"].keys() for code in reasons["codes"])


def test_files_are_those_of_the_recipe() -> None:
    for line in (CREDIT / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((CREDIT / name).read_bytes()).hexdigest() == digest, name
