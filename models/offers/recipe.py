"""Trains and measures the offers bundle:
`python recipe.py <bank marketing .csv[.gz]> <telco ownership .csv[.gz]>`.

Two public sets, two models. Whether a customer takes a term deposit: Bank Marketing (S. Moro, P. Cortez, P. Rita,
UCI 222, https://archive.ics.uci.edu/dataset/222, CC BY 4.0), 41,188 calls, 4,640 deposits. Which service a
customer takes next: product ownership of IBM's telco set (Apache-2.0), 7,043 customers, ten services, by a small
two-tower network. Age, marital status, education and job are read for the fairness figures only.
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
from training.two_tower import TwoTower, ranks  # noqa: E402

SEED = 20261123
NOW = "2026-11-23T09:00:00Z"
CALL = [
    *["contact", "month", "campaign", "pdays", "previous", "poutcome", "default", "housing", "loan"],
    *["emp_var_rate", "cons_price_idx", "cons_conf_idx", "euribor3m", "nr_employed"],
]
DIRECTIONS = {
    "cellular": 1,
    "month_number": 0,
    "campaign": -1,
    "days_since_contact": 0,
    "contacted_before": 0,
    "earlier_contacts": 0,
    "took_before": 1,
    "no_default_known": 0,
    "has_housing": 0,
    "has_loan": 0,
    "emp_var_rate": 0,
    "cons_price_idx": 0,
    "cons_conf_idx": 0,
    "euribor3m": 0,
    "nr_employed": 0,
}
PARAMETERS: dict[str, Any] = {
    "num_leaves": 12,
    "n_estimators": 110,
    "learning_rate": 0.06,
    "min_child_samples": 60,
    "colsample_bytree": 0.6,
    "reg_lambda": 10.0,
}
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
SERVICES = [
    *["phone_service", "multiple_lines", "internet_service", "online_security", "online_backup"],
    *["device_protection", "tech_support", "streaming_tv", "streaming_movies", "paperless_billing"],
]
# What a service needs before it can be had, by place.
NEEDS = {1: 0, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2, 8: 2}


def read_calls(path: Path) -> pd.DataFrame:
    """All calls; fails if the file is not the set described above."""
    rows = pd.read_csv(path)
    rows.columns = [name.replace(".", "_") for name in rows.columns]
    if len(rows) != 41_188 or int((rows["y"] == "yes").sum()) != 4_640:
        raise SystemExit(f"{path}: expected 41,188 calls with 4,640 deposits")
    rows["took"] = (rows["y"] == "yes").astype(np.float64)
    return rows


def build_features(rows: pd.DataFrame) -> pd.DataFrame:
    """The propensity model's columns, as `bundle.json` writes them in CEL. The duration of the call is no
    feature: it is known only when the answer is.
    """
    days = rows["pdays"].where(rows["pdays"] < 999)
    columns = {
        "cellular": rows["contact"] == "cellular",
        "month_number": rows["month"].map({name: place + 1 for place, name in enumerate(MONTHS)}),
        "campaign": np.minimum(rows["campaign"], 20),
        "days_since_contact": days,
        "contacted_before": days.notna(),
        "earlier_contacts": np.minimum(rows["previous"], 6),
        "took_before": rows["poutcome"] == "success",
        "no_default_known": rows["default"] == "no",
        "has_housing": rows["housing"] == "yes",
        "has_loan": rows["loan"] == "yes",
    } | {
        name: rows[name]
        for name in ("emp_var_rate", "cons_price_idx", "cons_conf_idx", "euribor3m", "nr_employed")
    }
    return pd.DataFrame({name: np.asarray(columns[name], dtype=np.float32) for name in DIRECTIONS})


def read_owners(path: Path) -> pd.DataFrame:
    """Ownership of the ten services as 0 and 1, tenure and contract months."""
    rows = pd.read_csv(path)
    if len(rows) != 7_043:
        raise SystemExit(f"{path}: expected 7,043 customers")
    table = rows[[name for name in rows if name.startswith("has_")]].copy()
    table.columns = SERVICES
    table["tenure"] = rows["tenure"]
    table["contract_months"] = rows["Contract"].map(
        {"Month-to-month": 1.0, "One year": 12.0, "Two year": 24.0}
    )
    return table


def examples(owners: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """One row per owned service, with that service taken away: inputs, the service, and what is closed.

    Closed are services that are still owned and those that need one which is not owned.
    """
    owned = owners[SERVICES].to_numpy(dtype=np.float64)
    rows, wanted = np.nonzero(owned)
    left = owned[rows].copy()
    left[np.arange(len(rows)), wanted] = 0
    for service, need in NEEDS.items():  # taking the line away takes what runs over it away too
        left[wanted == need, service] = 0
    closed = left.astype(bool)
    for service, need in NEEDS.items():
        closed[:, service] |= left[:, need] == 0
    keep = ~closed[np.arange(len(rows)), wanted]
    x = np.column_stack([left, owners[["tenure", "contract_months"]].to_numpy(dtype=np.float64)[rows]])
    return x[keep], wanted[keep], closed[keep]


def train_towers(owners: pd.DataFrame, epochs: int = 25) -> tuple[TwoTower, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """The fitted network with the means and deviations of its inputs."""
    x, wanted, closed = examples(owners)
    means, deviations = x.mean(axis=0), x.std(axis=0)
    towers = TwoTower(x.shape[1], len(SERVICES), 32, 8, SEED)
    towers.fit(
        (x - means) / deviations, wanted, closed, epochs=epochs, batch=256, rate=0.005, decay=1e-4, seed=SEED
    )
    return towers, means, deviations


def recommendation_figures(train: pd.DataFrame, test: pd.DataFrame, fitted: Any) -> tuple[str, float, float]:
    """Leave-one-out figures of the towers, popularity and co-ownership."""
    towers, means, deviations = fitted
    x, wanted, closed = examples(test)
    share = train[SERVICES].mean().to_numpy()
    owned = train[SERVICES].to_numpy(dtype=np.float64)
    together = owned.T @ owned / np.maximum(owned.sum(axis=0), 1)[:, None]
    np.fill_diagonal(together, 0)
    lines = []
    for name, scores in (
        ("two-tower network", towers.scores((x - means) / deviations)),
        ("services owned together", x[:, : len(SERVICES)] @ np.log(together + 1e-3) + np.log(share)),
        ("most popular first", np.tile(share, (len(x), 1))),
    ):
        found = ranks(scores, wanted, closed)
        lines.append(
            {
                "model": name,
                "hit in 1": measures.hit_rate(found, 1),
                "hit in 3": measures.hit_rate(found, 3),
                "NDCG of 5": measures.ndcg(found, 5),
            }
        )
    text = finish.table(lines, {"model": "", "hit in 1": ".3f", "hit in 3": ".3f", "NDCG of 5": ".3f"})
    return text, float(lines[0]["hit in 1"]), float(lines[2]["hit in 1"])


def propensity_figures(
    train: pd.DataFrame, test: pd.DataFrame, decisions: pd.DataFrame
) -> tuple[str, float, float]:
    """Discrimination, lift, calibration and groups of the propensity."""
    took, score = test["took"].to_numpy(), decisions["deposit"].to_numpy(dtype=np.float64)
    low, high = measures.auc_interval(took, score, 500, SEED)
    bins = measures.calibration_bins(took, score)
    draw_calibration(bins, HERE / "calibration.svg", "takes a deposit")
    simple = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(
        build_features(train).fillna(0), train["took"]
    )
    plain = simple.predict_proba(build_features(test).fillna(0))[:, 1]
    lines = []
    for name, values in (("bundle", score), ("logistic regression", plain)):
        found = measures.discrimination(took, values)
        lines.append(
            {
                "model": name,
                "auc": found["auc"],
                "brier": found["brier"],
                "lift of the top 10 %": measures.lift(took, values, 0.1),
                "takers in the better half": 0.5 * measures.lift(took, values, 0.5),
            }
        )
    text = finish.table(
        lines,
        {
            "model": "",
            "auc": ".4f",
            "brier": ".4f",
            "lift of the top 10 %": ".2f",
            "takers in the better half": ".1%",
        },
    )
    text += (
        f"\n\n{len(test):,} held-out calls, {took.mean():.1%} took the deposit. AUC 95 % interval {low:.3f} to {high:.3f}; "
        f"calibration error {measures.expected_calibration_error(bins):.4f}."
    )
    offered = score >= np.quantile(score, 0.7)
    ages = pd.cut(
        test["age"], [0, 29, 44, 59, 120], labels=["to 29", "30 to 44", "45 to 59", "60 and over"]
    ).astype(str)
    groups: dict[str, Any] = {
        "age": ages,
        "marital": test["marital"],
        "education": test["education"].where(~test["education"].str.startswith("basic"), "basic"),
    }
    parts = []
    for name, values in groups.items():
        found = measures.by_group(took, score, offered, [f"{name}: {value}" for value in values])
        renamed = found[found["rows"] >= 50].rename(
            columns={"bad_rate": "took", "mean_pd": "predicted", "approval": "offered"}
        )
        parts.append(
            finish.table(
                renamed.to_dict("records"),
                {
                    "group": "",
                    "rows": ",d",
                    "took": ".1%",
                    "predicted": ".1%",
                    "auc": ".3f",
                    "offered": ".1%",
                },
            )
        )
    text += (
        "\n\n### Fairness\n\n*Offered* is the share among the 30 % with the highest propensity.\n\n"
        + "\n\n".join(parts)
    )
    return text, float(lines[0]["auc"]), float(lines[1]["auc"])


def main(bank: Path, telco: Path) -> None:
    """Reads, trains, exports, packs, measures through the module."""
    train, test = held_out(read_calls(bank), "took", share=0.25, seed=SEED)
    features, took = build_features(train), train["took"].to_numpy()
    a, b = boosting.fit_platt(boosting.out_of_fold(features, took, PARAMETERS, DIRECTIONS, SEED), took)
    model = boosting.classifier(PARAMETERS, DIRECTIONS, SEED).fit(features, took)
    doc = "Takes a term deposit; trained on UCI 222 (CC BY 4.0) by models/offers/recipe.py"
    onnx = to_bytes(export_classifier(model.booster_, name="deposit", doc=doc))
    held = build_features(test)
    boosting.check_export(onnx, "probabilities", held, model.predict_proba(held)[:, 1], 1e-6)
    (HERE / "deposit.onnx").write_bytes(onnx)
    finish.put_calibration(HERE, a, b, "deposit")

    owners, others = held_out(read_owners(telco), None, share=0.25, seed=SEED)
    fitted = train_towers(owners)
    doc = "Next service, two towers; trained on IBM's telco set (Apache-2.0) by models/offers/recipe.py"
    towers = to_bytes(fitted[0].export(fitted[1], fitted[2], name="services", doc=doc))
    x = examples(others)[0]
    boosting.check_export(
        towers, "scores", pd.DataFrame(x), fitted[0].scores((x - fitted[1]) / fitted[2])[:, -1], 1e-3
    )
    (HERE / "services.onnx").write_bytes(towers)
    write_sample(train, owners)

    sample = train[CALL].reset_index(drop=True)
    extra = owners.sample(len(sample), replace=True, random_state=SEED).reset_index(drop=True)
    sample = pd.concat([sample, extra.assign(**{name: extra[name] == 1 for name in SERVICES})], axis=1)
    bundle = finish.pack(HERE, sample.head(8_000).assign(customer_id="sample", now=NOW))
    asked = test[CALL].reset_index(drop=True)
    with_services = pd.concat(
        [
            asked.assign(customer_id="held out", consent=True, contacts="[]"),
            pd.concat([others] * 6, ignore_index=True).head(len(asked)),
        ],
        axis=1,
    )
    with_services[SERVICES] = with_services[SERVICES] == 1
    decisions = bundle.score(with_services, now=NOW)
    text, auc, plain = propensity_figures(train, test, decisions)
    second, hit, popular = recommendation_figures(owners, others, fitted)
    finish.put_figures(
        HERE,
        f"### Term deposit\n\n{text}\n\n### Next service\n\nOne owned service is hidden for each held-out customer in turn "
        f"({len(x):,} cases); the model ranks those that the customer could take.\n\n{second}",
    )
    finish.write_figures_file(
        HERE,
        {
            "data": "Bank Marketing (UCI 222, CC BY 4.0); IBM telco (Apache-2.0)",
            "rows": 41_188 + 7_043,
            "model": "LightGBM; two-tower network 12-32-8",
            "metric": f"AUC {auc:.3f}; hit in 1 {hit:.3f}",
            "baseline": f"{plain:.3f} logistic regression; {popular:.3f} most popular",
            "published": "AUC 0.80 (Moro and others 2014, later period, 22 features)",
        },
    )
    finish.write_sums(HERE)


def write_sample(calls: pd.DataFrame, owners: pd.DataFrame) -> None:
    """`customers.csv`: invented rows for a demo."""
    decimals = dict.fromkeys(["campaign", "pdays", "previous", "nr_employed"], 0) | {
        "emp_var_rate": 1,
        "cons_price_idx": 3,
        "cons_conf_idx": 1,
        "euribor3m": 3,
    }
    left = invent_rows(calls[CALL], decimals, 60, SEED)
    right = invent_rows(owners, dict.fromkeys([*SERVICES, "tenure", "contract_months"], 0), 60, SEED + 1)
    right[SERVICES] = right[SERVICES] == 1
    rows = pd.concat([left, right], axis=1)
    rng = np.random.default_rng(SEED)
    rows["tolerance"] = rng.integers(1, 6, 60)
    rows["consent"] = rng.random(60) < 0.8
    rows["do_not_contact"] = rng.random(60) < 0.03
    rows["overdue_days"] = np.where(rng.random(60) < 0.1, rng.integers(1, 60, 60), 0)
    rows["contacts"] = [
        '[{"at": "2026-11-20T10:00:00Z", "channel": "call"}]' if row % 9 == 4 else "[]" for row in range(60)
    ]
    rows.insert(0, "customer_id", [f"B{number:04d}" for number in range(1, 61)])
    for name in [*SERVICES, "consent", "do_not_contact"]:
        rows[name] = rows[name].map({True: "true", False: "false"})
    rows.to_csv(HERE / "customers.csv", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
