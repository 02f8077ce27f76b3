"""Trains and measures the customer view: `python recipe.py`.

Needs no data: customers come from `training/simulate/customers.py`, whose parameters are published there. The
message models are those of `models/complaints`, byte for byte (intents: Banking77, CC BY 4.0; sentiment: templates
of our own). Sex is read for the fairness figures only; age reaches no model.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from training import boosting, finish, measures  # noqa: E402
from training.lightgbm_onnx import export_classifier  # noqa: E402
from training.onnx_write import to_bytes  # noqa: E402
from training.simulate.customers import simulate_customers  # noqa: E402
from training.splits import held_out  # noqa: E402

SEED = 20261123
NOW = "2026-11-23T09:00:00Z"
INPUTS = [
    *["tenure_months", "monthly_income", "average_balance", "overdraft_days_90d", "late_payments_12m"],
    *["card_utilisation", "debt_to_income", "products", "logins_30d", "salary_here", "balance_change_90d"],
    *["complaints_12m", "survey_score", "days_since_contact", "tolerance"],
]
# Model -> its columns with the direction in which each may move the answer (0: either way).
MODELS: dict[str, dict[str, int]] = {
    "default": {
        "late_payments_12m": 1,
        "overdraft_days_90d": 1,
        "card_utilisation": 1,
        "debt_to_income": 1,
        "average_balance": -1,
        "monthly_income": -1,
    },
    "leave": {
        "salary_here": -1,
        "complaints_12m": 1,
        "balance_change_90d": -1,
        "products": -1,
        "tenure_months": 0,
        "logins_30d": -1,
        "survey_score": 0,
        "days_since_contact": 0,
    },
    "loan": {
        "card_utilisation": 0,
        "salary_here": 0,
        "average_balance": 0,
        "logins_30d": 0,
        "debt_to_income": 0,
        "products": 0,
    },
    "fund": {
        "average_balance": 1,
        "tolerance": 1,
        "logins_30d": 0,
        "complaints_12m": -1,
        "monthly_income": 0,
        "products": 0,
    },
}
SCORES = {"default": "pd", "leave": "churn", "loan": "takes_loan", "fund": "takes_fund"}
PARAMETERS: dict[str, Any] = {
    "num_leaves": 6,
    "n_estimators": 70,
    "learning_rate": 0.08,
    "min_child_samples": 80,
    "reg_lambda": 10.0,
}


def main() -> None:
    """Simulates, trains, exports, packs, measures through the module."""
    rows = simulate_customers(SEED)
    train, test = held_out(rows, None, share=0.25, seed=SEED)
    for name, directions in MODELS.items():
        features, target = train[list(directions)].astype(np.float32), train[name].to_numpy()
        a, b = boosting.fit_platt(
            boosting.out_of_fold(features, target, PARAMETERS, directions, SEED), target
        )
        model = boosting.classifier(PARAMETERS, directions, SEED).fit(features, target)
        doc = f"Customer view: {name}; trained on simulated customers by models/customer360/recipe.py"
        onnx = to_bytes(export_classifier(model.booster_, name=name, doc=doc))
        held = test[list(directions)].astype(np.float32)
        boosting.check_export(onnx, "probabilities", held, model.predict_proba(held)[:, 1], 1e-6)
        (HERE / f"{name}.onnx").write_bytes(onnx)
        finish.put_calibration(HERE, a, b, name)
    for name in ("intent.onnx", "sentiment_en.onnx", "sentiment_zh.onnx"):
        shutil.copyfile(HERE.parent / "complaints" / name, HERE / name)
    theirs = json.loads((HERE.parent / "complaints" / "bundle.json").read_text(encoding="utf-8"))
    labels = next(model["output"]["labels"] for model in theirs["models"] if model["id"] == "intents")
    finish.put_in(HERE / "bundle.json", r'(?<="labels": )\["Refund.*?\]', json.dumps(labels))
    write_sample(test)
    bundle = finish.pack(HERE, train[INPUTS].iloc[:8_000])
    decisions = bundle.score(test[INPUTS], now=NOW)
    lines, first = [], {}
    for name, directions in MODELS.items():
        target, score = test[name].to_numpy(), decisions[SCORES[name]].to_numpy(dtype=np.float64)
        columns = list(directions)
        plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(
            train[columns].fillna(train[columns].median()), train[name]
        )
        simple = plain.predict_proba(test[columns].fillna(train[columns].median()))[:, 1]
        bins = measures.calibration_bins(target, score)
        lines.append(
            {
                "model": name,
                "rate": target.mean(),
                "auc": roc_auc_score(target, score),
                "logistic regression": roc_auc_score(target, simple),
                "the truth": roc_auc_score(target, test[f"true_{name}"]),
                "calibration error": measures.expected_calibration_error(bins),
            }
        )
        first[name] = lines[-1]
    text = f"{len(test):,} held-out customers.\n\n" + finish.table(
        lines,
        {
            "model": "",
            "rate": ".1%",
            "auc": ".3f",
            "logistic regression": ".3f",
            "the truth": ".3f",
            "calibration error": ".4f",
        },
    )
    lives = decisions["lifecycle"].value_counts(normalize=True)
    shares = pd.DataFrame(
        {
            "lifecycle": decisions["lifecycle"],
            "left": test["leave"].to_numpy(),
            "bad": test["default"].to_numpy(),
        }
    )
    table = shares.groupby("lifecycle").agg(
        share=("left", lambda part: len(part) / len(shares)), left=("left", "mean"), defaulted=("bad", "mean")
    )
    text += "\n\n### Lifecycle\n\n" + finish.table(
        table.reset_index().to_dict("records"),
        {"lifecycle": "", "share": ".1%", "left": ".1%", "defaulted": ".1%"},
    )
    assert len(lives) >= 3
    outcome = decisions["outcome"].value_counts(normalize=True)
    text += "\n\n### Outcomes\n\n" + finish.table(
        [{"outcome": key, "share": share} for key, share in outcome.items()], {"outcome": "", "share": ".1%"}
    )
    approved = (decisions["outcome"] == "approve").to_numpy()
    pd_, bad = decisions["pd"].to_numpy(dtype=np.float64), test["default"].to_numpy()
    bands = pd.cut(
        test["age"], [0, 29, 44, 64, 120], labels=["to 29", "30 to 44", "45 to 64", "65 and over"]
    ).astype(str)
    for groups in ([f"sex: {value}" for value in test["sex"]], [f"age: {value}" for value in bands]):
        found = measures.by_group(bad, pd_, approved, groups)
        text += (
            "\n\n"
            + ("### Fairness\n\n" if "sex" in groups[0] else "")
            + finish.table(
                found.to_dict("records"),
                {
                    "group": "",
                    "rows": ",d",
                    "bad_rate": ".1%",
                    "mean_pd": ".1%",
                    "auc": ".3f",
                    "approval": ".1%",
                    "impact_ratio": ".2f",
                },
            )
        )
    finish.put_figures(HERE, text)
    finish.write_figures_file(
        HERE,
        {
            "data": "simulation (published parameters); Banking77 for intents",
            "rows": len(rows),
            "model": "4 x LightGBM, text models of `complaints`",
            "metric": f"AUC default {first['default']['auc']:.3f}, churn {first['leave']['auc']:.3f}",
            "baseline": f"{first['default']['logistic regression']:.3f}, {first['leave']['logistic regression']:.3f} logistic regression",
            "published": f"{first['default']['the truth']:.3f}, {first['leave']['the truth']:.3f} are the simulation's truth",
        },
    )
    finish.write_sums(HERE)


def write_sample(test: pd.DataFrame) -> None:
    """`customers.csv`: simulated customers for a demo, with messages and faults."""
    rows = test[["age", *INPUTS]].head(40).reset_index(drop=True).astype("object")
    rows["salary_here"] = rows["salary_here"].map({True: "true", False: "false"})
    rows.insert(0, "customer_id", [f"V{number:04d}" for number in range(1, 41)])
    rows["message"], rows["language"], rows["consent"], rows["sanctions_hit"] = None, "en", "true", "false"
    for place, language, text in (
        (1, "en", "This is unacceptable, I was charged twice and nobody helps me. I will close my account."),
        (4, "en", "How do I change the PIN of my card?"),
        (7, "zh", "等了两个小时没人理，太差了，我要投诉"),
        (11, "en", "Thank you, the adviser was excellent and solved my problem."),
        (15, "zh", "服务很好，很满意，谢谢"),
    ):
        rows.loc[place, ["message", "language"]] = [text, language]
    rows.loc[20, "sanctions_hit"] = "true"
    rows.loc[21, "monthly_income"] = None
    rows.loc[22, "card_utilisation"] = -1
    rows.loc[23, "consent"] = "false"
    rows.to_csv(HERE / "customers.csv", index=False)


if __name__ == "__main__":
    main()
