"""Trains and measures the fraud bundle: `python recipe.py [<Handbook transactions .csv[.gz]>]`.

Trains on the simulation of `training/simulate/cards.py`, whose parameters are published there: 40 days to learn
from, five days' pause (labels come late), 20 days to measure. With the path of the Fraud Detection Handbook's
simulated transactions (CC BY-SA and GPL, licence of the file unverified) the recipe is tried on them as well; of
that nothing but the figures leaves the test.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from card_windows import DIRECTIONS, build_features  # noqa: E402
from training import boosting, finish, measures  # noqa: E402
from training.charts import draw_lines  # noqa: E402
from training.lightgbm_onnx import export_classifier  # noqa: E402
from training.onnx_write import to_bytes  # noqa: E402
from training.simulate.cards import SCHEMES, simulate_cards  # noqa: E402

SEED = 20261123
LEARN, PAUSE = (10, 50), 55
PARAMETERS: dict[str, Any] = {
    "num_leaves": 12,
    "n_estimators": 120,
    "learning_rate": 0.06,
    "min_child_samples": 30,
    "colsample_bytree": 0.6,
    "reg_lambda": 10.0,
}
ALERTS = 0.01
PAST = ["at", "amount", "merchant", "category", "country", "online"]


def as_records(rows: pd.DataFrame, places: Any) -> list[dict[str, Any]]:
    """Requests' records for the transactions at these places: the payment and the 30 days before it."""
    records = []
    for place in places:
        row = rows.iloc[place]
        since = row["at"] - pd.Timedelta(days=30)
        past = rows[(rows["customer"] == row["customer"]) & (rows["at"] < row["at"]) & (rows["at"] > since)]
        history = past[PAST].assign(at=past["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_dict("records")
        records.append(
            {
                "transaction_id": f"X{place:06d}",
                "amount": float(row["amount"]),
                **{name: str(row[name]) for name in ("merchant", "category", "country", "home_country")},
                "online": bool(row["online"]),
                "history": [
                    {**item, "amount": float(item["amount"]), "online": bool(item["online"])}
                    for item in history
                ],
                "now": row["at"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )
    return records


def try_handbook(path: Path) -> str:
    """The same method on the Handbook's transactions, with what they have: amounts, times, customers, terminals."""
    rows = pd.read_csv(path, parse_dates=["TX_DATETIME"])
    table = pd.DataFrame(
        {
            "customer": rows["CUSTOMER_ID"],
            "at": rows["TX_DATETIME"].dt.tz_localize("UTC"),
            "merchant": rows["TERMINAL_ID"],
            "category": "none",
            "country": "none",
            "home_country": "none",
            "online": False,
            "amount": rows["TX_AMOUNT"],
        }
    )
    fraud = rows["TX_FRAUD"].to_numpy(dtype=np.float64)
    day = (rows["TX_DATETIME"] - rows["TX_DATETIME"].min()).dt.days.to_numpy()
    learn, measure = (day >= 14) & (day < 42), day >= 49
    features = build_features(table)
    model = boosting.classifier(PARAMETERS, DIRECTIONS, SEED).fit(features[learn], fraud[learn])
    score = model.predict_proba(features[measure])[:, 1]
    amount = table["amount"].to_numpy()[measure]
    plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(
        features[learn].fillna(0), fraud[learn]
    )
    simple = plain.predict_proba(features[measure].fillna(0))[:, 1]
    lines = [
        {
            "model": name,
            "auc": roc_auc_score(fraud[measure], values),
            "average precision": average_precision_score(fraud[measure], values),
        }
        for name, values in (
            ("the recipe's trees", score),
            ("logistic regression", simple),
            ("largest amount first", amount),
        )
    ]
    return (
        f"### The same recipe on the Handbook's simulation (not shipped)\n\n{len(rows):,} transactions of an eighth of the "
        f"customers, {int(fraud.sum())} frauds, {int(fraud[measure].sum())} in the measured days. Only windows over the "
        "customer are used: what a terminal saw of other customers is not in a customer's record, and most of that "
        "set's frauds are told by it. So these figures cannot be set beside the Handbook's own.\n\n"
        + finish.table(lines, {"model": "", "auc": ".3f", "average precision": ".3f"})
    )


def main(handbook: Path | None) -> None:
    """Simulates, trains, exports, packs, measures."""
    rows = simulate_cards(SEED)
    features = build_features(rows)
    day = (rows["at"] - rows["at"].min()).dt.days.to_numpy()
    fraud = rows["fraud"].to_numpy(dtype=np.float64)
    learn, measure = (day >= LEARN[0]) & (day < LEARN[1]), day >= PAUSE
    groups = rows["customer"].to_numpy()[learn]
    margin = boosting.out_of_fold(features[learn], fraud[learn], PARAMETERS, DIRECTIONS, SEED, groups)
    a, b = boosting.fit_platt(margin, fraud[learn])
    model = boosting.classifier(PARAMETERS, DIRECTIONS, SEED).fit(features[learn], fraud[learn])
    doc = "Fraud of a card payment; trained on simulated transactions by models/fraud/recipe.py"
    onnx = to_bytes(export_classifier(model.booster_, name="fraud", doc=doc))
    boosting.check_export(
        onnx, "probabilities", features[measure], model.predict_proba(features[measure])[:, 1], 1e-6
    )
    (HERE / "model.onnx").write_bytes(onnx)
    finish.put_calibration(HERE, a, b, "fraud")

    score = 1 / (1 + np.exp(a * boosting.margins(model, features[measure]) + b))
    wrong = fraud[measure]
    places = np.flatnonzero(measure)
    rng = np.random.default_rng(SEED)
    frauds = places[wrong == 1]
    shown = np.sort(
        np.concatenate(
            [rng.choice(frauds, 12, replace=False), rng.choice(places[wrong == 0], 28, replace=False)]
        )
    )
    finish.write_records(HERE / "payments.csv", as_records(rows, shown))
    sample_places = np.sort(rng.choice(np.flatnonzero(learn), 1_500, replace=False))
    bundle = finish.pack(HERE, finish.frame(as_records(rows, sample_places)))

    checked = np.sort(np.concatenate([frauds, rng.choice(places[wrong == 0], 900, replace=False)]))
    decisions = bundle.score(finish.frame(as_records(rows, checked)))
    by_place = dict(zip(places, score, strict=True))
    gap = np.abs(
        decisions["fraud_risk"].to_numpy(dtype=np.float64) - np.array([by_place[place] for place in checked])
    ).max()
    if not gap < 1e-6:
        raise SystemExit(f"the bundle differs from LightGBM by {gap}")
    plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(
        features[learn].fillna(0), fraud[learn]
    )
    simple = plain.predict_proba(features[measure].fillna(0))[:, 1]
    amount = rows["amount"].to_numpy()[measure]
    lines = []
    for name, values in (
        ("bundle", score),
        ("logistic regression", simple),
        ("largest amount first", amount),
    ):
        alert = measures.alert_figures(wrong, values, ALERTS)
        lines.append(
            {
                "model": name,
                "auc": roc_auc_score(wrong, values),
                "average precision": average_precision_score(wrong, values),
                "precision at 1 %": alert["precision"],
                "recall at 1 %": alert["recall"],
            }
        )
    text = (
        f"{measure.sum():,} payments of the 20 days, {int(wrong.sum())} frauds ({wrong.mean():.2%}).\n\n"
        + finish.table(
            lines,
            {
                "model": "",
                "auc": ".3f",
                "average precision": ".3f",
                "precision at 1 %": ".1%",
                "recall at 1 %": ".1%",
            },
        )
    )
    threshold = measures.alert_figures(wrong, score, ALERTS)["threshold"]
    kinds = rows["scheme"].to_numpy()[measure]
    caught = [
        {
            "scheme": kind,
            "payments": int((kinds == kind).sum()),
            "found": float((score[kinds == kind] >= threshold).mean()),
        }
        for kind in SCHEMES
    ]
    text += "\n\nBy scheme, at one alert per hundred payments:\n\n" + finish.table(
        caught, {"scheme": "", "payments": "d", "found": ".1%"}
    )
    truth = fraud[checked]
    shares = []
    for outcome in ("approve", "review", "decline"):
        mine = (decisions["outcome"] == outcome).to_numpy()
        shares.append(
            {
                "outcome": outcome,
                "of frauds": float(mine[truth == 1].mean()),
                "of genuine payments": float(mine[truth == 0].mean()),
            }
        )
    text += (
        f"\n\nDecisions of the whole bundle, rules included, on all {int(truth.sum())} frauds and {int((truth == 0).sum())} genuine payments:\n\n"
        + finish.table(shares, {"outcome": "", "of frauds": ".1%", "of genuine payments": ".1%"})
        + f"\n\nLargest difference of the module to LightGBM on windows computed in pandas: {gap:.1e}."
    )
    draw(wrong, score, simple)
    if handbook is not None:
        text += "\n\n" + try_handbook(handbook)
    finish.put_figures(HERE, text)
    finish.write_figures_file(
        HERE,
        {
            "data": "simulation (published parameters)",
            "rows": len(rows),
            "model": "LightGBM, 120 trees of 12 leaves, 19 velocity features",
            "metric": f"average precision {lines[0]['average precision']:.3f}, AUC {lines[0]['auc']:.3f}",
            "baseline": f"{lines[1]['average precision']:.3f}, {lines[1]['auc']:.3f} logistic regression",
            "published": "-",
        },
    )
    finish.write_sums(HERE)


def draw(wrong: Any, score: Any, simple: Any) -> None:
    """Recall over the share of payments that are looked at."""
    lines = {}
    for name, values in (("bundle", score), ("logistic regression", simple)):
        order = np.argsort(-values, kind="stable")
        found = np.cumsum(wrong[order]) / wrong.sum()
        share = np.arange(1, len(order) + 1) / len(order)
        keep = np.unique(np.geomspace(1, len(order) * 0.1, 60).astype(int)) - 1
        lines[name] = (share[keep] * 100, found[keep] * 100)
    draw_lines(
        lines,
        HERE / "alerts.svg",
        "Frauds found, measured days",
        "% of payments looked at",
        "% of frauds found",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
