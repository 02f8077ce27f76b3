"""Customers of a retail bank, with what becomes of them: default, departure, and what they buy.

Four hidden traits of a customer, standard normal (means, care, engagement, mood), drive both what the bank sees
and what happens. Outcomes are Bernoulli with the log odds of `log_odds`, which depend on the hidden traits as
well as on what is seen: so even the best model of the seen fields cannot reach the AUC of the truth.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

CUSTOMERS = 24_000
OUTCOMES = ("default", "leave", "loan", "fund")


def simulate_customers(seed: int, count: int = CUSTOMERS) -> pd.DataFrame:
    """One row per customer: what the bank sees, `sex` for the fairness figures, and the four outcomes."""
    rng = np.random.default_rng(seed)
    means, care, engagement, mood = rng.standard_normal((4, count))
    age = np.clip(18 + rng.gamma(3.2, 9.0, count), 18, 95).round()
    prime = 1 - ((age - 48) / 45) ** 2
    income = np.exp(7.55 + 0.38 * means + 0.25 * prime + rng.normal(0, 0.18, count)).round(-1)
    tenure = np.minimum(rng.exponential(55 + 25 * (mood > 0), count), (age - 16) * 12).round()
    balance = (
        income * np.exp(0.55 + 0.75 * care + 0.35 * means + rng.normal(0, 0.6, count)) - income * 0.8
    ).round(0)
    rows = pd.DataFrame(
        {
            "age": age.astype(np.int64),
            "sex": rng.choice(["women", "men"], count),
            "tenure_months": tenure.astype(np.int64),
            "monthly_income": income,
            "average_balance": balance,
            "overdraft_days_90d": np.clip(rng.poisson(np.exp(0.7 - 1.0 * care - 0.3 * means)), 0, 90),
            "late_payments_12m": np.clip(rng.poisson(np.exp(-1.5 - 0.8 * care)), 0, 12),
            "card_utilisation": np.clip(
                1 / (1 + np.exp(0.7 + 0.8 * care + rng.normal(0, 0.8, count))), 0, 1.5
            ).round(3),
            "debt_to_income": np.clip(np.exp(-1.7 - 0.25 * care + rng.normal(0, 0.5, count)), 0, 3).round(3),
            "products": np.clip(1 + rng.poisson(np.exp(0.15 + 0.35 * engagement)), 1, 9),
            "logins_30d": rng.poisson(np.exp(1.9 + 0.7 * engagement - 0.01 * (age - 45))),
            "salary_here": rng.random(count) < 1 / (1 + np.exp(-0.6 - 0.8 * engagement)),
            "balance_change_90d": np.clip(rng.normal(0.02 + 0.10 * mood, 0.25, count), -1, 2).round(3),
            "complaints_12m": rng.poisson(np.exp(-1.7 - 0.8 * mood)),
            "survey_score": np.where(
                rng.random(count) < 0.45,
                np.clip((6.9 + 1.8 * mood + rng.normal(0, 1.3, count)).round(), 0, 10),
                np.nan,
            ),
            "days_since_contact": np.minimum(rng.exponential(140, count), 2_000).round().astype(np.int64),
            "tolerance": np.clip(
                (2.7 + 0.7 * means + 0.4 * (age < 50) + rng.normal(0, 0.8, count)).round(), 1, 5
            ).astype(np.int64),
        }
    )
    odds = log_odds(rows, care, engagement, mood)
    for name in OUTCOMES:
        chance = 1 / (1 + np.exp(-odds[name]))
        rows[f"true_{name}"] = chance
        rows[name] = (rng.random(count) < chance).astype(np.float64)
    return rows


def log_odds(rows: pd.DataFrame, care: Array, engagement: Array, mood: Array) -> dict[str, Array]:
    """The log odds of default in 12 months, of leaving in 6, and of taking a loan or a fund in 3."""
    get = lambda name: rows[name].to_numpy(dtype=np.float64)  # noqa: E731
    balance = np.sign(get("average_balance")) * np.log1p(np.abs(get("average_balance")) / 1_000)
    late = np.minimum(get("late_payments_12m"), 6)
    return {
        "default": -4.9
        - 0.6 * care
        + 0.5 * late
        + 1.4 * get("card_utilisation")
        + 0.9 * get("debt_to_income")
        + 0.02 * get("overdraft_days_90d")
        - 0.25 * balance
        + 0.5 * (late > 1) * (get("card_utilisation") > 0.6),
        "leave": -2.9
        - 0.7 * mood
        - 0.35 * engagement
        - 0.9 * get("salary_here")
        + 0.45 * np.minimum(get("complaints_12m"), 4)
        - 1.1 * get("balance_change_90d")
        - 0.20 * get("products")
        + 0.9 * (get("tenure_months") < 12)
        + 0.5 * (get("logins_30d") < 2),
        "loan": -3.2
        + 1.2 * get("card_utilisation")
        + 0.5 * (get("age") < 40)
        + 0.3 * get("salary_here")
        - 0.15 * balance
        + 0.25 * engagement
        + 0.2 * np.log1p(get("logins_30d")),
        "fund": -4.0
        + 0.55 * balance
        + 0.35 * get("tolerance")
        + 0.25 * engagement
        + 0.2 * np.log1p(get("logins_30d"))
        - 0.3 * np.minimum(get("complaints_12m"), 4),
    }
