"""Trains and measures the churn bundle: `python recipe.py <telco churn .csv[.gz]> [--check]`.

Data: IBM, *Telco customer churn*, https://github.com/IBM/telco-customer-churn-on-icp4d
(`data/Telco-Customer-Churn.csv`), Apache-2.0: 7,043 customers of an invented company, 1,869 of whom left
within the last month. Sex, age, partner and dependents are read for the fairness figures only.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from training import boosting, finish, measures  # noqa: E402
from training.charts import draw_calibration  # noqa: E402
from training.invent import invent_rows  # noqa: E402
from training.lightgbm_onnx import export_classifier  # noqa: E402
from training.onnx_write import to_bytes  # noqa: E402
from training.splits import held_out  # noqa: E402

SEED = 20261123
TARGET = "left"
NOW = "2026-11-23T09:00:00Z"
PROTECTED = ["gender", "senior_citizen", "partner", "dependents"]
INPUTS = [
    *["tenure", "contract", "monthly_charges", "total_charges", "internet_service", "phone_service"],
    *["multiple_lines", "online_security", "online_backup", "device_protection", "tech_support"],
    *["streaming_tv", "streaming_movies", "paperless_billing", "payment_method"],
]
# Feature -> direction in which the probability of leaving may move with it (0: either way).
DIRECTIONS = {
    "tenure": -1,
    "contract_months": -1,
    "monthly_charges": 0,
    "price_change": 0,
    "fiber": 0,
    "internet": 0,
    "support": -1,
    "protection": -1,
    "streaming": 0,
    "lines": 0,
    "phone": 0,
    "paperless": 0,
    "electronic_check": 0,
    "automatic": 0,
}
PARAMETERS: dict[str, Any] = {
    "num_leaves": 6,
    "n_estimators": 150,
    "learning_rate": 0.05,
    "min_child_samples": 40,
    "colsample_bytree": 0.5,
    "reg_lambda": 10.0,
}


def read_rows(path: Path) -> pd.DataFrame:
    """All rows, with the names of `bundle.json`; fails if the file is not the set described above."""
    rows = pd.read_csv(path)
    rows.columns = [
        "".join(
            f"_{c.lower()}" if c.isupper() and at and not name[at - 1].isupper() else c.lower()
            for at, c in enumerate(name)
        ).strip("_")
        for name in rows.columns
    ]
    if len(rows) != 7043 or int((rows["churn"] == "Yes").sum()) != 1869:
        raise SystemExit(f"{path}: expected 7,043 rows, 1,869 of them left")
    rows["total_charges"] = pd.to_numeric(rows["total_charges"], errors="coerce")
    rows[TARGET] = (rows["churn"] == "Yes").astype(np.float64)
    return rows


def build_features(rows: pd.DataFrame) -> pd.DataFrame:
    """The model's columns, as `bundle.json` writes them in CEL; a test compares the two."""

    def yes(*names: str) -> pd.Series:
        return sum((rows[name] == "Yes").astype(np.float64) for name in names)

    tenure = rows["tenure"].astype(np.float64)
    per_month = rows["total_charges"] / tenure.where(tenure > 0)
    columns = {
        "tenure": tenure,
        "contract_months": rows["contract"].map({"Month-to-month": 1.0, "One year": 12.0, "Two year": 24.0}),
        "monthly_charges": rows["monthly_charges"],
        "price_change": np.where(tenure > 0, rows["monthly_charges"] - per_month, 0.0),
        "fiber": (rows["internet_service"] == "Fiber optic").astype(np.float64),
        "internet": (rows["internet_service"] != "No").astype(np.float64),
        "support": yes("online_security", "tech_support"),
        "protection": yes("online_backup", "device_protection"),
        "streaming": yes("streaming_tv", "streaming_movies"),
        "lines": yes("multiple_lines"),
        "phone": yes("phone_service"),
        "paperless": yes("paperless_billing"),
        "electronic_check": (rows["payment_method"] == "Electronic check").astype(np.float64),
        "automatic": rows["payment_method"].str.endswith("(automatic)").astype(np.float64),
    }
    return pd.DataFrame({name: np.asarray(columns[name], dtype=np.float32) for name in DIRECTIONS})


def baseline(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Logistic regression on the same columns; gaps become 0."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(build_features(train).fillna(0), train[TARGET])
    return np.asarray(model.predict_proba(build_features(test).fillna(0))[:, 1])


def figures(test: pd.DataFrame, decisions: pd.DataFrame, simple: Any) -> tuple[str, dict[str, Any]]:
    """The card's figures as Markdown, and the headline."""
    left = test[TARGET].to_numpy()
    churn = decisions["churn"].to_numpy(dtype=np.float64)
    low, high = measures.auc_interval(left, churn, 1000, SEED)
    bins = measures.calibration_bins(left, churn)
    draw_calibration(bins, HERE / "calibration.svg", "churn")
    rows = []
    by_tenure = -test["tenure"].to_numpy(dtype=np.float64)
    for name, score in (
        ("bundle", churn),
        ("logistic regression", simple),
        ("shortest tenure first", by_tenure),
    ):
        found = measures.discrimination(
            left, np.clip(score, 0, 1) if name != "shortest tenure first" else (score + 100) / 100
        )
        rows.append(
            {"model": name, "auc": found["auc"], "ks": found["ks"], "brier": found["brier"]}
            | {"lift of the top 10 %": measures.lift(left, score, 0.1)}
        )
    rows[2]["brier"] = float("nan")
    accuracy = float(((churn >= 0.5) == (left == 1)).mean())
    parts = [
        finish.table(
            rows, {"model": "", "auc": ".4f", "ks": ".4f", "brier": ".4f", "lift of the top 10 %": ".2f"}
        ),
        f"{len(test):,} held-out rows, {left.mean():.1%} left. AUC 95 % interval {low:.3f} to {high:.3f}; "
        f"calibration error {measures.expected_calibration_error(bins):.4f}; accuracy at 0.5 {accuracy:.1%} "
        f"(always staying: {1 - left.mean():.1%}). Largest difference of the module to LightGBM's own "
        "probability: below 1e-6.",
        "### Lifecycle and decisions",
    ]
    stage = np.select(
        [test["tenure"] < 6, test["tenure"] < 24, test["contract"] == "Month-to-month"],
        ["onboarding", "growing", "settled"],
        "loyal",
    )
    kept = (decisions["outcome"] == "approve").to_numpy()
    frame = pd.DataFrame({"stage": stage, "left": left, "churn": churn, "called": ~kept})
    table = frame.groupby("stage").agg(
        rows=("left", "size"), left=("left", "mean"), predicted=("churn", "mean"), called=("called", "mean")
    )
    formats = {"stage": "", "rows": ",d", "left": ".1%", "predicted": ".1%", "called": ".1%"}
    parts.append(finish.table(table.reset_index().to_dict("records"), formats))
    called = frame[frame["called"]]
    parts.append(
        f"{len(called) / len(frame):.1%} of the customers get a retention action; {called['left'].mean():.1%} of "
        f"them left, and they are {called['left'].sum() / left.sum():.1%} of all who left."
    )
    parts.append(
        "### Fairness\n\n*Called* is the share that gets a retention action (a benefit, if it is one)."
    )
    for name in PROTECTED:
        groups = [f"{name.replace('_', ' ')}: {value}" for value in test[name]]
        found = measures.by_group(left, churn, ~kept, groups)
        renamed = found.rename(
            columns={
                "bad_rate": "left",
                "mean_pd": "predicted",
                "approval": "called",
                "approval_of_good": "called of stayers",
            }
        )
        columns = {
            "group": "",
            "rows": ",d",
            "left": ".1%",
            "predicted": ".1%",
            "auc": ".3f",
            "called": ".1%",
        }
        parts.append(finish.table(renamed.to_dict("records"), {**columns, "called of stayers": ".1%"}))
    headline = {
        "data": "IBM telco, Apache-2.0",
        "rows": 7043,
        "model": "LightGBM, 150 trees of 6 leaves",
        "metric": f"AUC {rows[0]['auc']:.3f}",
        "baseline": f"{rows[1]['auc']:.3f} logistic regression",
        "published": f"accuracy {accuracy:.1%} against about 80 to 82 % of public notebooks",
    }
    return "\n\n".join(parts), headline


def main(path: Path) -> None:
    """Reads, trains, exports, packs, measures through the module."""
    train, test = held_out(read_rows(path), TARGET, share=0.25, seed=SEED)
    left = train[TARGET].to_numpy()
    features = build_features(train)
    margin = boosting.out_of_fold(features, left, PARAMETERS, DIRECTIONS, SEED)
    a, b = boosting.fit_platt(margin, left)
    model = boosting.classifier(PARAMETERS, DIRECTIONS, SEED).fit(features, left)
    doc = "Probability that a customer leaves; trained on IBM's telco set (Apache-2.0) by models/churn/recipe.py"
    onnx = to_bytes(export_classifier(model.booster_, name="churn", doc=doc))
    held = build_features(test)
    boosting.check_export(onnx, "probabilities", held, model.predict_proba(held)[:, 1], 1e-6)
    (HERE / "model.onnx").write_bytes(onnx)
    finish.put_calibration(HERE, a, b, "leave")

    decimals = {"tenure": 0, "monthly_charges": 2, "total_charges": 2}
    invented = invent_rows(
        train[INPUTS].assign(total_charges=train["total_charges"].fillna(0)), decimals, 60, SEED
    )
    invented.insert(0, "customer_id", [f"T{number:04d}" for number in range(1, 61)])
    faulty = invented.astype("object")
    faulty.loc[7, "contract"] = None
    faulty.loc[19, "online_security"] = None
    faulty.loc[33, "monthly_charges"] = -5
    faulty.loc[41, ["internet_service", "streaming_tv"]] = ["No", "Yes"]
    faulty.to_csv(HERE / "customers.csv", index=False)

    bundle = finish.pack(HERE, train[INPUTS])
    decisions = bundle.score(test[INPUTS], now=NOW)
    raw = np.log(model.predict_proba(held)[:, 1] / (1 - model.predict_proba(held)[:, 1]))
    gap = np.abs(1 / (1 + np.exp(a * raw + b)) - decisions["churn"].to_numpy(dtype=np.float64)).max()
    if not gap < 1e-6:
        raise SystemExit(f"the bundle differs from LightGBM by {gap}")
    text, headline = figures(test, decisions, baseline(train, test))
    finish.put_figures(HERE, text)
    finish.write_figures_file(HERE, headline)
    finish.write_sums(HERE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
