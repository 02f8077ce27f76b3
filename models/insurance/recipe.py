"""Trains and measures the insurance bundle: `python recipe.py [<beMTPL97 .csv[.gz]>]`.

Trains on the simulation of `training/simulate/motor.py`, whose parameters are published there. With the path
of a sample of beMTPL97 (CASdatasets, GPL: a real Belgian portfolio of 1997) the same recipe is tried on it and
its figures go into the card; nothing of it is shipped.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import GammaRegressor, LogisticRegression, PoissonRegressor, TweedieRegressor
from sklearn.metrics import average_precision_score, roc_auc_score

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from training import finish, measures  # noqa: E402
from training.charts import draw_lines  # noqa: E402
from training.onnx_write import log_linear, logistic, to_bytes  # noqa: E402
from training.simulate.motor import simulate_claims, simulate_policies  # noqa: E402
from training.splits import held_out  # noqa: E402

SEED = 20261123
NOW = "2026-11-23T09:00:00Z"
POLICY = ["driver_age", "bonus_malus", "vehicle_power_kw", "vehicle_age", "annual_km", "region", "fuel"]
CLAIM = [
    *["policy_years", "vehicle_value", "claim_amount", "claim_days_since_start", "claim_days_to_report"],
    *["claims_last_3y", "claim_witnesses", "claim_police_report", "claim_at_night", "claim_other_vehicles"],
]
FREQUENCY = [
    *["young", "old", "bonus_malus", "power", "young_power", "km_below", "km_above", "wear", "town", "city"],
    *["capital", "diesel"],
]
SEVERITY = ["young", "power", "wear", "city", "capital"]
TWEEDIE_POWER = 1.6


def policy_features(rows: pd.DataFrame) -> pd.DataFrame:
    """The tariff's columns, as `bundle.json` writes them in CEL; a test compares the two."""
    age, power = rows["driver_age"].astype(np.float64), rows["vehicle_power_kw"].astype(np.float64)
    young = np.clip((26 - age) / 8, 0, 1)
    columns = {
        "young": young,
        "old": np.clip((age - 72) / 15, 0, 1),
        "bonus_malus": rows["bonus_malus"],
        "power": (power - 75) / 50,
        "young_power": young * np.clip((power - 90) / 60, 0, 1),
        "km_below": np.minimum(rows["annual_km"], 12_000) / 12_000,
        "km_above": np.clip(rows["annual_km"] - 12_000, 0, 48_000) / 12_000,
        "wear": np.minimum(rows["vehicle_age"], 15) / 10,
        "town": rows["region"] == "town",
        "city": rows["region"] == "city",
        "capital": rows["region"] == "capital",
        "diesel": rows["fuel"] == "diesel",
    }
    return pd.DataFrame({name: np.asarray(columns[name], dtype=np.float64) for name in FREQUENCY})


def claim_features(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns of the fraud model, as `bundle.json` writes them in CEL."""
    columns = {
        "early_claim": rows["claim_days_since_start"] < 45,
        "late_report": rows["claim_days_to_report"] > 14,
        "claim_to_value": np.minimum(rows["claim_amount"] / rows["vehicle_value"], 1.2),
        "frequent_claims": np.minimum(rows["claims_last_3y"], 4),
        "no_witness": rows["claim_witnesses"] == 0,
        "no_police": rows["claim_police_report"] == 0,
        "alone_at_night": (rows["claim_at_night"] == 1) & (rows["claim_other_vehicles"] == 0),
        "loyalty": np.minimum(rows["policy_years"], 10),
    }
    return pd.DataFrame({name: np.asarray(values, dtype=np.float64) for name, values in columns.items()})


def try_belgian(path: Path) -> str:
    """The same method on beMTPL97: deviances of held-out policies, as Markdown."""
    rows = pd.read_csv(path)
    numbers = pd.DataFrame(
        {
            "young": np.clip((26 - rows["ageph"]) / 8, 0, 1),
            "old": np.clip((rows["ageph"] - 72) / 15, 0, 1),
            "bonus_malus": rows["bm"],
            "power": (rows["power"] - 55) / 50,
            "wear": np.minimum(rows["agec"], 15) / 10,
            "diesel": rows["fuel"] == "diesel",
            "full_cover": rows["coverage"] == "TPL++",
            "part_cover": rows["coverage"] == "TPL+",
            "work": rows["use"] == "work",
            "fleet": rows["fleet"] == 1,
        }
    ).astype(np.float64)
    rows = rows.assign(place=np.arange(len(rows)))
    train, test = held_out(rows, None, share=0.25, seed=SEED)
    x, z = numbers.loc[train.index], numbers.loc[test.index]
    model = PoissonRegressor(alpha=0, max_iter=1000).fit(
        x, train["nclaims"] / train["expo"], sample_weight=train["expo"]
    )
    expected = model.predict(z) * test["expo"].to_numpy()
    mean = train["nclaims"].sum() / train["expo"].sum() * test["expo"].to_numpy()
    counts = test["nclaims"].to_numpy(dtype=np.float64)
    paid, paid_test = train[train["nclaims"] > 0], test[test["nclaims"] > 0]
    cost = GammaRegressor(alpha=0, max_iter=1000).fit(
        x.loc[paid.index], paid["amount"] / paid["nclaims"], sample_weight=paid["nclaims"]
    )
    observed = (paid_test["amount"] / paid_test["nclaims"]).to_numpy()
    flat = np.full(len(observed), paid["amount"].sum() / paid["nclaims"].sum())
    gini = measures.concentration(counts, expected / test["expo"].to_numpy(), test["expo"].to_numpy())
    lines = [
        {
            "model": "one rate for all",
            "poisson": measures.poisson_deviance(counts, mean),
            "gini": 0.0,
            "gamma": measures.gamma_deviance(observed, flat),
        },
        {
            "model": "the recipe's generalised linear models",
            "poisson": measures.poisson_deviance(counts, expected),
            "gini": gini,
            "gamma": measures.gamma_deviance(observed, cost.predict(z.loc[paid_test.index])),
        },
    ]
    return (
        "### The same recipe on a real portfolio (not shipped)\n\nbeMTPL97, Belgium 1997, a sample of "
        f"{len(rows):,} policies, {len(test):,} held out; GPL, so that only these figures leave the test:\n\n"
        + finish.table(lines, {"model": "", "poisson": ".4f", "gini": ".3f", "gamma": ".3f"})
        + "\n\nSeverity is close to unpredictable from such fields, which is what actuaries report of this set too."
    )


def figures(test: pd.DataFrame, decisions: pd.DataFrame, train: pd.DataFrame) -> tuple[str, dict[str, Any]]:
    """Frequency, cost and premium on held-out policies."""
    exposure = test["exposure"].to_numpy()
    counts = test["claims"].to_numpy(dtype=np.float64)
    rate = decisions["claims_a_year"].to_numpy(dtype=np.float64)
    mean = train["claims"].sum() / train["exposure"].sum()
    truth = test["expected_claims"].to_numpy() / exposure
    cost = test["cost"].to_numpy()
    pure = decisions["expected_cost"].to_numpy(dtype=np.float64)
    average = train["cost"].sum() / train["exposure"].sum()
    tweedie = TweedieRegressor(power=TWEEDIE_POWER, alpha=0, link="log", max_iter=2000).fit(
        policy_features(train), train["cost"] / train["exposure"], sample_weight=train["exposure"]
    )
    direct = tweedie.predict(policy_features(test))
    rows = []
    for name, claims, money in (
        ("one rate for all", np.full(len(test), mean), np.full(len(test), average)),
        ("bundle: frequency x severity", rate, pure),
        ("Tweedie directly on cost", None, direct),
        ("the simulation's own expectation", truth, None),
    ):
        rows.append(
            {
                "model": name,
                "poisson deviance": ""
                if claims is None
                else f"{measures.poisson_deviance(counts, claims * exposure):.4f}",
                "tweedie deviance": ""
                if money is None
                else f"{measures.tweedie_deviance(cost / exposure, money, TWEEDIE_POWER):.2f}",
                "gini of cost": ""
                if money is None
                else f"{measures.concentration(cost, money, exposure):.3f}",
                "paid / expected": "" if money is None else f"{cost.sum() / (money * exposure).sum():.3f}",
            }
        )
    text = finish.table(rows, dict.fromkeys(rows[0], ""))
    order = np.argsort(pure, kind="stable")
    across = np.cumsum(exposure[order]) / exposure.sum()
    up = np.cumsum(cost[order]) / cost.sum()
    keep = np.linspace(0, len(order) - 1, 60).astype(int)
    draw_lines(
        {
            "bundle": (across[keep], up[keep]),
            "one rate for all": (np.array([0.0, 1.0]), np.array([0.0, 1.0])),
        },
        HERE / "concentration.svg",
        "Held-out policies, lowest expected cost first",
        "share of exposure",
        "share of claims cost",
    )
    deciles = pd.DataFrame(
        {"decile": pd.qcut(pure, 10, labels=False) + 1, "w": exposure, "p": pure * exposure, "c": cost}
    )
    sums = deciles.groupby("decile").sum()
    tenth = finish.table(
        [
            {
                "decile": int(decile),
                "expected a year": row["p"] / row["w"],
                "paid a year": row["c"] / row["w"],
            }
            for decile, row in sums.iterrows()
            if decile in (1, 3, 5, 8, 10)
        ],
        {"decile": "d", "expected a year": ".0f", "paid a year": ".0f"},
    )
    groups = []
    for sex, part in test.assign(rate=rate, premium=decisions["premium"].to_numpy(dtype=np.float64)).groupby(
        "sex"
    ):
        groups.append(
            {
                "group": sex,
                "policies": len(part),
                "claims a year": part["claims"].sum() / part["exposure"].sum(),
                "expected": float((part["rate"] * part["exposure"]).sum() / part["exposure"].sum()),
                "mean premium": float(part["premium"].mean()),
            }
        )
    fair = finish.table(
        groups,
        {"group": "", "policies": ",d", "claims a year": ".4f", "expected": ".4f", "mean premium": ".0f"},
    )
    headline = {
        "data": "simulation (published parameters)",
        "rows": len(train) + len(test),
        "model": "Poisson x gamma GLM, logistic fraud flag",
        "metric": f"Poisson deviance {rows[1]['poisson deviance']}",
        "baseline": f"{rows[0]['poisson deviance']} one rate for all",
        "published": f"{rows[3]['poisson deviance']} is the simulation's floor",
    }
    return f"{text}\n\n{tenth}\n\n### Fairness\n\n{fair}", headline


def fraud_figures(test: pd.DataFrame, decisions: pd.DataFrame) -> str:
    """The claims-fraud flag on held-out claims."""
    fraud, score = test["fraud"].to_numpy(), decisions["claims_fraud"].to_numpy(dtype=np.float64)
    rows = []
    for name, values in (
        ("bundle", score),
        ("largest claims first", test["claim_amount"].to_numpy()),
        ("the simulation's own expectation", test["expected_fraud"].to_numpy()),
    ):
        alert = measures.alert_figures(fraud, values, 0.05)
        rows.append(
            {
                "model": name,
                "auc": roc_auc_score(fraud, values),
                "average precision": average_precision_score(fraud, values),
                "precision at 5 %": alert["precision"],
                "recall at 5 %": alert["recall"],
            }
        )
    formats = {
        "model": "",
        "auc": ".3f",
        "average precision": ".3f",
        "precision at 5 %": ".1%",
        "recall at 5 %": ".1%",
    }
    quick = decisions["rules"].fillna("").str.contains("F07").to_numpy()
    return (
        f"### Claims fraud\n\n{len(test):,} held-out claims, {fraud.mean():.1%} fraudulent.\n\n"
        + finish.table(rows, formats)
        + f"\n\n{quick.mean():.1%} of the claims are paid at once (F07); {fraud[quick].mean():.1%} of those are fraudulent."
    )


def main(belgian: Path | None) -> None:
    """Simulates, fits, exports, packs, measures through the module."""
    rows = simulate_policies(SEED)
    train, test = held_out(rows, None, share=0.25, seed=SEED)
    x = policy_features(train)
    frequency = PoissonRegressor(alpha=0, max_iter=2000, tol=1e-7).fit(
        x, train["claims"] / train["exposure"], sample_weight=train["exposure"]
    )
    paid = (train["claims"] > 0).to_numpy()
    severity = GammaRegressor(alpha=0, max_iter=2000, tol=1e-7).fit(
        x.loc[paid, SEVERITY],
        (train["cost"] / train["claims"].clip(lower=1))[paid],
        sample_weight=train["claims"][paid],
    )
    claims = simulate_claims(SEED + 1)
    some, later = held_out(claims, "fraud", share=0.3, seed=SEED)
    fraud = LogisticRegression(C=1e6, max_iter=2000, tol=1e-7).fit(claim_features(some), some["fraud"])
    source = "by models/insurance/recipe.py on simulated rows"
    for name, model in (
        (
            "frequency",
            log_linear(
                frequency.coef_, frequency.intercept_, name="frequency", doc=f"Claims a year; {source}"
            ),
        ),
        (
            "severity",
            log_linear(severity.coef_, severity.intercept_, name="severity", doc=f"EUR a claim; {source}"),
        ),
        (
            "fraud",
            logistic(fraud.coef_[0], fraud.intercept_[0], name="fraud", doc=f"Fraud of a claim; {source}"),
        ),
    ):
        (HERE / f"{name}.onnx").write_bytes(to_bytes(model))
    write_sample(test, later)
    bundle = finish.pack(HERE, train[POLICY].iloc[:20_000])
    text, headline = figures(test, bundle.score(test[POLICY], now=NOW), train)
    policy = {
        "driver_age": 45,
        "bonus_malus": 3,
        "vehicle_power_kw": 75,
        "vehicle_age": 5,
        "annual_km": 12_000.0,
    }
    with_claim = later[CLAIM].assign(**policy, region="town", fuel="petrol", claim_reported=True)
    text += "\n\n" + fraud_figures(later, bundle.score(with_claim, now=NOW))
    terms = [
        {
            "term": name,
            "frequency": f"{np.exp(b):.3f}",
            "severity": f"{np.exp(dict(zip(SEVERITY, severity.coef_, strict=True)).get(name, 0.0)):.3f}",
        }
        for name, b in zip(FREQUENCY, frequency.coef_, strict=True)
    ]
    text += "\n\n### The tariff\n\nFactor per unit of each term (1 is no effect):\n\n" + finish.table(
        terms, {"term": "", "frequency": "", "severity": ""}
    )
    if belgian is not None:
        text += "\n\n" + try_belgian(belgian)
    finish.put_figures(HERE, text)
    finish.write_figures_file(HERE, headline)
    finish.write_sums(HERE)


def write_sample(policies: pd.DataFrame, claims: pd.DataFrame) -> None:
    """`policies.csv`: simulated rows for a demo, half of them with a claim, some with faults."""
    rows = policies[POLICY].head(40).reset_index(drop=True).astype("object")
    with_claim = claims[CLAIM].head(20).reset_index(drop=True)
    for name in CLAIM:
        rows[name] = with_claim[name].astype("object").reindex(range(40))
    for name in ("claim_police_report", "claim_at_night"):
        rows[name] = rows[name].map({0: "false", 1: "true"})
    rows["claim_reported"] = ["true"] * 20 + ["false"] * 20
    rows.insert(0, "policy_id", [f"P{number:04d}" for number in range(1, 41)])
    rows.loc[30, "driver_age"] = 17
    rows.loc[31, "bonus_malus"] = 20
    rows.loc[32, "annual_km"] = None
    rows.loc[33, "region"] = "moon"
    rows.to_csv(HERE / "policies.csv", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
