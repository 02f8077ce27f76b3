"""Motor policies with claims, and claims with fraud.

Expected claims a year of a policy are exp of the sum of the terms in `log_frequency`; claims are Poisson in
exposure. The cost of a claim is gamma with shape 1.1 around exp of `log_cost`. Fraud of a claim is Bernoulli
with the log odds of `log_odds_of_fraud`. The recipe can so compare a fitted model with the truth.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

POLICIES, CLAIMS = 60_000, 12_000
COST_SHAPE = 1.1
REGIONS = {"rural": 0.35, "town": 0.33, "city": 0.24, "capital": 0.08}
REGION_TERM = {"rural": 0.0, "town": 0.12, "city": 0.28, "capital": 0.45}


def log_frequency(rows: pd.DataFrame) -> Array:
    """The log of expected claims a year."""
    age = rows["driver_age"].to_numpy(dtype=np.float64)
    power = rows["vehicle_power_kw"].to_numpy(dtype=np.float64)
    young = np.clip(26 - age, 0, 8) / 8
    old = np.clip(age - 72, 0, 15) / 15
    return np.asarray(
        -2.30
        + 0.55 * young
        + 0.25 * old
        + 0.045 * rows["bonus_malus"].to_numpy(dtype=np.float64)
        + 0.30 * np.log(rows["annual_km"].to_numpy(dtype=np.float64) / 12_000)
        + 0.004 * (power - 75)
        + 0.50 * young * np.clip(power - 90, 0, 60) / 60
        - 0.012 * np.clip(rows["vehicle_age"].to_numpy(dtype=np.float64), 0, 15)
        + rows["region"].map(REGION_TERM).to_numpy(dtype=np.float64)
        + 0.10 * (rows["fuel"] == "diesel").to_numpy(dtype=np.float64)
    )


def log_cost(rows: pd.DataFrame) -> Array:
    """The log of the expected cost of one claim, in EUR."""
    age = rows["driver_age"].to_numpy(dtype=np.float64)
    return np.asarray(
        7.35
        + 0.004 * (rows["vehicle_power_kw"].to_numpy(dtype=np.float64) - 75)
        - 0.020 * np.clip(rows["vehicle_age"].to_numpy(dtype=np.float64), 0, 15)
        + 0.22 * np.clip(26 - age, 0, 8) / 8
        - 0.10 * rows["region"].isin(["city", "capital"]).to_numpy(dtype=np.float64)
    )


def simulate_policies(seed: int, count: int = POLICIES) -> pd.DataFrame:
    """Policies with `exposure` in years, `claims`, `cost` in EUR, and the true `expected_claims`."""
    rng = np.random.default_rng(seed)
    age = np.clip(rng.gamma(7.5, 6.4, count), 18, 95).round()
    rows = pd.DataFrame(
        {
            "driver_age": age.astype(np.int64),
            "bonus_malus": np.clip(rng.poisson(np.clip(7 - 0.09 * (age - 18), 0.5, 9)), 0, 22).astype(
                np.int64
            ),
            "vehicle_power_kw": np.clip(rng.normal(78, 24, count), 30, 220).round().astype(np.int64),
            "vehicle_age": np.clip(rng.gamma(2.2, 3.4, count), 0, 30).astype(np.int64),
            "annual_km": (np.clip(np.exp(rng.normal(9.35, 0.45, count)), 1_000, 80_000) / 500).round() * 500,
            "region": rng.choice(list(REGIONS), count, p=list(REGIONS.values())),
            "fuel": rng.choice(["petrol", "diesel", "electric"], count, p=[0.55, 0.33, 0.12]),
            "sex": rng.choice(["women", "men"], count),
        }
    )
    rows["exposure"] = np.where(rng.random(count) < 0.7, 1.0, rng.uniform(0.1, 1.0, count)).round(3)
    rows["expected_claims"] = np.exp(log_frequency(rows)) * rows["exposure"]
    rows["claims"] = rng.poisson(rows["expected_claims"])
    mean = np.exp(log_cost(rows))
    shape = COST_SHAPE * np.maximum(rows["claims"], 1)
    rows["cost"] = np.where(rows["claims"] > 0, rng.gamma(shape, mean / COST_SHAPE), 0.0).round(2)
    return rows


def log_odds_of_fraud(rows: pd.DataFrame) -> Array:
    """The log odds that a claim is fraudulent."""
    get = lambda name: rows[name].to_numpy(dtype=np.float64)  # noqa: E731
    return np.asarray(
        -4.1
        + 1.1 * (get("claim_days_since_start") < 45)
        + 0.9 * (get("claim_days_to_report") > 14)
        + 1.6 * np.clip(get("claim_amount") / get("vehicle_value"), 0, 1.2)
        + 0.55 * np.clip(get("claims_last_3y"), 0, 4)
        + 0.8 * (get("claim_witnesses") == 0)
        + 0.6 * (get("claim_police_report") == 0)
        + 0.9 * get("claim_at_night") * (get("claim_other_vehicles") == 0)
        - 0.15 * np.clip(get("policy_years"), 0, 10)
    )


def simulate_claims(seed: int, count: int = CLAIMS) -> pd.DataFrame:
    """Claims with what is known a day after they are reported, and whether they were `fraud`."""
    rng = np.random.default_rng(seed)
    years = np.clip(rng.exponential(4.5, count), 0, 30)
    value = np.clip(np.exp(rng.normal(9.3, 0.6, count)), 800, 90_000).round(-2)
    rows = pd.DataFrame(
        {
            "policy_years": years.round(1),
            "claim_days_since_start": (years * 365 * rng.uniform(0.02, 1, count)).astype(np.int64),
            "claim_days_to_report": np.clip(rng.exponential(5.5, count), 0, 200).astype(np.int64),
            "vehicle_value": value,
            "claim_amount": np.minimum(np.exp(rng.normal(7.6, 0.9, count)), value * 1.2).round(2),
            "claims_last_3y": rng.poisson(0.35, count),
            "claim_witnesses": rng.poisson(0.8, count),
            "claim_police_report": (rng.random(count) < 0.55).astype(np.int64),
            "claim_at_night": (rng.random(count) < 0.22).astype(np.int64),
            "claim_other_vehicles": rng.poisson(0.9, count),
        }
    )
    odds = log_odds_of_fraud(rows)
    rows["fraud"] = (rng.random(count) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    rows["expected_fraud"] = 1 / (1 + np.exp(-odds))
    return rows
