"""What the last 30 days of an account look like: the features of the AML bundle, for many accounts at once.

The same definitions stand in `bundle.json`, over the list `transactions` of a record; a test compares the two
through the scoring module. A window holds what lies less than so many days before `now`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

DAY = 86_400
LINE, NEAR_LINE = 10_000.0, 7_000.0
RISK_COUNTRIES = ["AE", "PA", "CY", "TR", "HK"]
CAP = 20.0
FEATURES = [
    "turnover_to_declared",
    "in_out_balance",
    "cash_share",
    "cash_near_line",
    "payers_5d",
    "payees_3d",
    "largest_in_to_declared",
    "in_3d_to_declared",
    "passed_on_2d",
    "risk_country_share",
    "account_years",
]


def build_features(accounts: pd.DataFrame, transactions: pd.DataFrame) -> pd.DataFrame:
    """One row per account, seen at its `seen_at`, in the order of `accounts` and in float32."""
    rows = transactions.merge(accounts[["account", "seen_at"]], on="account")
    rows["age"] = (rows["seen_at"] - rows["at"]).dt.total_seconds()
    rows = rows[(rows["age"] >= 0) & (rows["age"] < 30 * DAY)]
    came, transfer = rows["direction"] == "in", rows["channel"] == "transfer"
    names = accounts["account"]

    def total(mask: pd.Series) -> pd.Series:
        return rows[mask].groupby("account")["amount"].sum().reindex(names, fill_value=0.0)

    def distinct(mask: pd.Series) -> pd.Series:
        return rows[mask].groupby("account")["counterparty"].nunique().reindex(names, fill_value=0)

    def share(part: pd.Series, whole: pd.Series, cap: float) -> pd.Series:
        return (part / whole.where(whole > 0)).fillna(0.0).clip(upper=cap)

    declared = accounts.set_index("account")["declared_monthly"]
    money_in, money_out, in_3d = total(came), total(~came), total(came & (rows["age"] < 3 * DAY))
    cash = came & (rows["channel"] == "cash")
    near = cash & (rows["amount"] >= NEAR_LINE) & (rows["amount"] < LINE)
    values = {
        "turnover_to_declared": share(money_in, declared, CAP),
        "in_out_balance": share(np.minimum(money_in, money_out), np.maximum(money_in, money_out), 1.0),
        "cash_share": share(total(cash), money_in, 1.0),
        "cash_near_line": rows[near].groupby("account").size().reindex(names, fill_value=0),
        "payers_5d": distinct(came & transfer & (rows["age"] < 5 * DAY)),
        "payees_3d": distinct(~came & transfer & (rows["age"] < 3 * DAY)),
        "largest_in_to_declared": share(
            rows[came].groupby("account")["amount"].max().reindex(names, fill_value=0.0), declared, CAP
        ),
        "in_3d_to_declared": share(in_3d, declared, CAP),
        "passed_on_2d": share(total(~came & transfer & (rows["age"] < 2 * DAY)), in_3d, 2.0),
        "risk_country_share": share(total(rows["country"].isin(RISK_COUNTRIES)), money_in + money_out, 1.0),
        "account_years": (accounts.set_index("account")["opened_days"] / 365.0).clip(upper=CAP),
    }
    return pd.DataFrame({name: np.asarray(values[name], dtype=np.float32) for name in FEATURES})
