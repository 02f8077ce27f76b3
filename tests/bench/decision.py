"""The whole decision with reasons: as a bundle, and composed in Python from onnxruntime, shap and rules.

The Python version does less than the bundle (no digests, no verdict on quality beyond ranges) and its rules
are plain functions, faster than any engine for rules.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import lightgbm as lgb
import numpy as np
import onnxruntime
import scorebox
import shap

from .models import COLUMNS, Models

NAMES = [f"x{at:02}" for at in range(COLUMNS)]
TOP = 4


def write_bundle(models: Models, booster: Path) -> Path:
    """Packs the bundle around a LightGBM classifier; the reasons' covers come from the training rows."""
    folder = models.folder / f"decision-{booster.stem}"
    folder.mkdir(exist_ok=True)
    manifest = {
        "format": 1,
        "name": "bench",
        "version": "1.0.0",
        "inputs": [{"name": n, "type": "number", "required": True, "min": -100, "max": 100} for n in NAMES],
        "models": [
            {
                "id": "default",
                "file": "model.txt",
                "inputs": {"X": NAMES},
                "output": {"name": "probabilities", "kind": "probability", "class": 1},
                "margin": {"name": "margin"},
            }
        ],
        "scores": {"pd": {"model": "default"}},
        "scorecard": {
            "score": "pd", "base_points": 600, "base_odds": 20, "pdo": 40, "floor": 300, "cap": 850
        },
        "policy": {
            "hit_policy": "collect",
            "default": {"outcome": "approve"},
            "on_error": "review",
            "on_degraded": "review",
            "rules": [
                *({"id": f"P{at:02}", "when": f"{name} > 3.5", "outcome": "review", "reason": "K1"}
                  for at, name in enumerate(NAMES[:10])),
                {"id": "P10", "when": "points < 500", "outcome": "decline", "reason": "K2"},
                {"id": "P11", "when": "points >= 500 && points < 520", "outcome": "review", "reason": "K2"},
            ],
        },
        "reasons": {
            "model": "default",
            "method": "tree_shap",
            "top": TOP,
            "direction": "increase",
            "codes": [
                *({"code": f"R{at:02}", "features": [n], "text": {"en": f"Because of {n}"}}
                  for at, n in enumerate(NAMES)),
                {"code": "K1", "features": [], "text": {"en": "A value is far outside"}},
                {"code": "K2", "features": [], "text": {"en": "Points below the cut-off"}},
            ],
        },
    }  # fmt: skip
    (folder / "bundle.json").write_text(json.dumps(manifest))
    (folder / "model.txt").write_bytes(booster.read_bytes())
    packed = models.folder / f"{folder.name}.zip"
    # Packed anew each time: the package under test may be another one than last time.
    sample = {name: models.X[:, at].astype(np.float64) for at, name in enumerate(NAMES)}
    scorebox.pack(folder, packed, sample=sample)
    return packed


def write_records(models: Models) -> Path:
    """The first rows as records: a JSON array of JSON texts."""
    path = models.folder / "records.json"
    rows = models.X[:2000].astype(np.float64).tolist()
    path.write_text(json.dumps([json.dumps(dict(zip(NAMES, row, strict=True))) for row in rows]))
    return path


def composed(records: list[str], booster: Path, graph: Path) -> Callable[[int, int], list[float]]:
    """The same decision in Python; gives the probabilities of default."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    probabilities = next(o.name for o in session.get_outputs() if "float" in o.type)
    model = lgb.Booster(model_file=booster, params={"num_threads": 1})
    explainer = shap.TreeExplainer(model)
    factor = 40 / math.log(2)
    offset = 600 - factor * math.log(20)
    rules = [(f"P{at:02}", "review", lambda r, p, n=name: r[n] > 3.5) for at, name in enumerate(NAMES[:10])]
    rules.append(("P10", "decline", lambda r, p: p < 500))
    rules.append(("P11", "review", lambda r, p: 500 <= p < 520))

    def decide(text: str) -> tuple[str, float]:
        record = json.loads(text)
        issues = [name for name in NAMES if not -100 <= record[name] <= 100]
        row = np.array([[record[name] for name in NAMES]], dtype=np.float32)
        pd = float(session.run([probabilities], {"X": row})[0][0, 1])
        points = round(min(850, max(300, offset + factor * math.log((1 - pd) / pd))))
        fired = [(name, outcome) for name, outcome, when in rules if when(record, points)]
        outcomes = {outcome for _, outcome in fired}
        worst = "decline" if "decline" in outcomes else "review" if "review" in outcomes else "approve"
        shares = explainer.shap_values(row.astype(np.float64), check_additivity=False)
        order = np.argsort(-np.asarray(shares).reshape(-1))[:TOP]
        decision = {
            "outcome": worst,
            "issues": issues,
            "scores": {"pd": pd},
            "points": points,
            "rules": [name for name, _ in fired],
            "reasons": [{"code": f"R{at:02}", "text": f"Because of {NAMES[at]}"} for at in order],
        }
        return json.dumps(decision), pd

    return lambda first, rows: [decide(text)[1] for text in records[first : first + rows]]
