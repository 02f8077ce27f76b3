"""Trains the credit model: `python recipe.py <default of credit card clients .csv[.gz]>`.

Writes beside itself `model.onnx`, the calibration in `bundle.json`, and `applicants.csv`; and into
`--work` (not committed) LightGBM's own `model.txt`, the search log, and `sample.csv`, the training rows
from which `scorebox pack models/credit --sample` makes the reference profile.

Sex, marriage and education are read for the fairness figures only (`evaluate.py`); age is read for the
eligibility rule. None of them is an input of the model.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import onnxruntime
import pandas as pd
from scipy.optimize import minimize
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from applicants import invent_applicants  # noqa: E402
from data import SEED, TARGET, read_rows, shorten_histories, split_rows  # noqa: E402
from features import INPUTS, MODEL_FEATURES, Column, build_features  # noqa: E402
from training.lightgbm_onnx import export_classifier  # noqa: E402

FOLDS = 5
SHORT_SHARE = 0.15
SEARCH_ROUNDS = 16
APPLICANTS = 300
FIXED: dict[str, Any] = {
    "objective": "binary",
    "subsample_freq": 1,
    "monotone_constraints": list(MODEL_FEATURES.values()),
    "n_jobs": 2,
    "random_state": SEED,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
SPACE: dict[str, list[Any]] = {
    "num_leaves": [6, 8, 12, 16],
    "learning_rate": [0.04, 0.06, 0.08],
    "n_estimators": [120, 160, 220],
    "min_child_samples": [40, 80, 160],
    "subsample": [0.7, 0.85],
    "colsample_bytree": [0.4, 0.6, 0.8],
    "reg_lambda": [1.0, 10.0, 40.0],
}


def margin(model: lgb.LGBMClassifier, features: pd.DataFrame) -> Column:
    """The model's raw score: log odds of default."""
    return np.asarray(model.predict(features, raw_score=True), dtype=np.float64)


def cross_validate(rows: pd.DataFrame, parameters: dict[str, Any]) -> Column:
    """Out-of-fold margins; folds train on partly shortened histories and predict on full ones."""
    bad = rows[TARGET].to_numpy()
    margins = np.zeros(len(rows))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for fold, (fit, validate) in enumerate(folds.split(rows, bad)):
        shortened = shorten_histories(rows.iloc[fit], SHORT_SHARE, SEED + fold)
        model = lgb.LGBMClassifier(**FIXED, **parameters)
        model.fit(build_features(shortened), bad[fit])
        margins[validate] = margin(model, build_features(rows.iloc[validate]))
    return margins


def search(rows: pd.DataFrame) -> tuple[dict[str, Any], Column, list[dict[str, Any]]]:
    """Random search; the best cross-validated log loss wins. Gives its parameters and margins."""
    rng = np.random.default_rng(SEED)
    bad = rows[TARGET].to_numpy()
    best: tuple[float, dict[str, Any], Column] | None = None
    log = []
    for _ in range(SEARCH_ROUNDS):
        draw = {name: values[int(rng.integers(len(values)))] for name, values in SPACE.items()}
        margins = cross_validate(rows, draw)
        loss = float(log_loss(bad, 1 / (1 + np.exp(-margins))))
        log.append({**draw, "log_loss": loss, "auc": float(roc_auc_score(bad, margins))})
        print(json.dumps(log[-1]))
        if best is None or loss < best[0]:
            best = (loss, draw, margins)
    assert best is not None
    return best[1], best[2], log


def fit_platt(margins: Column, bad: Column) -> tuple[float, float]:
    """a and b of `p = 1 / (1 + exp(a * margin + b))` by maximum likelihood (Platt 1999)."""

    def loss(ab: Column) -> float:
        z = ab[0] * margins + ab[1]
        return float(np.mean(np.logaddexp(0.0, np.where(bad == 1, z, -z))))

    found = minimize(loss, np.array([-1.0, 0.0]), method="BFGS")
    return round(float(found.x[0]), 6), round(float(found.x[1]), 6)


def write_calibration(path: Path, a: float, b: float) -> None:
    """Puts a and b into bundle.json, leaving the rest of the hand-written file as it is."""
    text = path.read_text(encoding="utf-8")
    line = f'"calibration": {{"method": "platt", "a": {a}, "b": {b}}}'
    text, count = re.subn(r'"calibration": \{[^{}]*\}', line, text)
    if count != 1:
        raise SystemExit(f"{path}: expected one calibration, found {count}")
    path.write_text(text, encoding="utf-8")


def check_export(path: Path, model: lgb.LGBMClassifier, features: pd.DataFrame) -> float:
    """The largest difference between ONNX Runtime's and LightGBM's probabilities; fails above 1e-6."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    ours = session.run(["probabilities"], {"X": features.to_numpy(dtype=np.float32)})[0][:, 1]
    gap = float(np.max(np.abs(ours - np.asarray(model.predict_proba(features))[:, 1])))
    if gap > 1e-6:
        raise SystemExit(f"the exported model differs from LightGBM by {gap}")
    return gap


def main() -> None:
    """Reads, searches, calibrates, fits on all training rows, exports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the UCI 350 table as CSV")
    parser.add_argument(
        "--work", type=Path, default=HERE.parents[1] / "target" / "credit", help="for what is not committed"
    )
    arguments = parser.parse_args()
    work: Path = arguments.work
    work.mkdir(parents=True, exist_ok=True)

    train, test = split_rows(read_rows(arguments.data))
    parameters, margins, log = search(train)
    bad = train[TARGET].to_numpy(dtype=np.float64)
    a, b = fit_platt(margins, bad)

    model = lgb.LGBMClassifier(**FIXED, **parameters)
    model.fit(build_features(shorten_histories(train, SHORT_SHARE, SEED)), bad)
    onnx_model = export_classifier(
        model.booster_,
        name="credit_default",
        doc="Probability of default next month; trained on UCI 350 (CC BY 4.0) by models/credit/recipe.py",
    )
    (HERE / "model.onnx").write_bytes(onnx_model.SerializeToString(deterministic=True))
    model.booster_.save_model(str(work / "model.txt"))
    gap = check_export(HERE / "model.onnx", model, build_features(shorten_histories(test, 0.3, SEED)))

    write_calibration(HERE / "bundle.json", a, b)
    # The policy has dates, so every row needs the time that it was seen at.
    sample = shorten_histories(train, SHORT_SHARE, SEED)[INPUTS].assign(now="2005-10-01T00:00:00Z")
    sample.to_csv(work / "sample.csv", index=False, float_format="%.15g")
    invent_applicants(train, APPLICANTS, SEED).to_csv(HERE / "applicants.csv", index=False)
    report = {"parameters": parameters, "a": a, "b": b, "export_gap": gap, "search": log}
    (work / "search.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    print(json.dumps({key: report[key] for key in ("parameters", "a", "b", "export_gap")}))


if __name__ == "__main__":
    main()
