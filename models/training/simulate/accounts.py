"""Account transactions with four kinds of money laundering and three kinds of honest look-alikes.

An account belongs to a person with a wage, a pensioner, a student, a shop that pays in its takings, a landlord
with many tenants, or a firm that pays many people. The last three do honestly what launderers imitate: cash
below the reporting line, money from many, money to many. A share of the accounts launders for some days:

- `structuring`: 3 to 8 cash deposits of 3,500 to 9,950 within 14 days, below the reporting line of 10,000;
- `fan_in`: 5 to 14 transfers from as many strangers within 5 days, then one or two transfers abroad;
- `fan_out`: one large transfer in, then 5 to 14 transfers to as many strangers within 3 days;
- `rapid`: 2 to 5 transfers in, each passed on within 2 to 30 hours but for 1 to 5 percent.

Private accounts have honest oddities too: a club's treasurer collects from many and pays one bill, some send
money to family abroad every month, and a quarter sees one large sum come and mostly go.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

ACCOUNTS, DAYS = 8_000, 60
START = pd.Timestamp("2026-08-01T00:00:00Z")
REPORTING_LINE = 10_000.0
# Kind -> (share, median monthly money in, log deviation, card payments a month, outgoing transfers a month)
KINDS = {
    "wage": (0.52, 2_800.0, 0.40, 24, 6),
    "pension": (0.17, 1_700.0, 0.30, 14, 4),
    "student": (0.13, 900.0, 0.40, 20, 3),
    "shop": (0.08, 21_000.0, 0.50, 10, 22),
    "landlord": (0.05, 12_000.0, 0.50, 8, 8),
    "firm": (0.05, 60_000.0, 0.60, 6, 30),
}
LAUNDERING = 0.025
TREASURER, REMITTER, LUMP = 0.05, 0.06, 0.25
SCHEMES = {"structuring": 0.30, "fan_in": 0.25, "fan_out": 0.20, "rapid": 0.25}
ABROAD = ["CH", "AE", "PA", "CY", "TR", "HK"]


def simulate_accounts(seed: int, accounts: int = ACCOUNTS) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The accounts (`account, kind, declared_monthly, opened_days, launders, scheme, seen_at`) and their
    transactions in order of time (`account, at, direction, channel, amount, counterparty, country`), amounts
    in EUR. `seen_at` is when a daily job looks: some hours after the scheme's last transaction, or at any time
    after the 35th day for the others.
    """
    rng = np.random.default_rng(seed)
    people, rows = [], []
    for number in range(accounts):
        kind = rng.choice(list(KINDS), p=[values[0] for values in KINDS.values()])
        _, median, deviation, cards, transfers = KINDS[kind]
        monthly = median * np.exp(rng.normal(0, deviation))
        scheme = rng.choice(list(SCHEMES), p=list(SCHEMES.values())) if rng.random() < LAUNDERING else ""
        # Launderers are newer customers, and declare less than what goes through.
        opened = int(rng.exponential(1_000 if scheme else 2_200)) + 20
        declared = round(float(monthly * np.exp(rng.normal(0.05, 0.25))), -2)
        name = f"A{number:05d}"
        found = _honest(rng, kind, monthly, cards, transfers)
        seen = int(rng.integers(35 * 86_400, DAYS * 86_400))
        if scheme:
            laundered = _launder(rng, scheme)
            found += laundered
            seen = min(max(row[0] for row in laundered) + int(rng.integers(600, 80_000)), DAYS * 86_400)
        people.append((name, kind, max(declared, 300.0), opened, bool(scheme), scheme, seen))
        rows += [(name, *row) for row in found if 0 <= row[0] < DAYS * 86_400]
    names = ["account", "seconds", "direction", "channel", "amount", "counterparty", "country"]
    table = pd.DataFrame(rows, columns=names).sort_values(["account", "seconds"], kind="stable")
    table.insert(1, "at", START + pd.to_timedelta(table.pop("seconds"), unit="s"))
    table["amount"] = table["amount"].round(2)
    columns = ["account", "kind", "declared_monthly", "opened_days", "launders", "scheme", "seen_at"]
    found_people = pd.DataFrame(people, columns=columns)
    found_people["seen_at"] = START + pd.to_timedelta(found_people["seen_at"], unit="s")
    return found_people, table.reset_index(drop=True)


def _honest(rng, kind, monthly, cards, transfers):  # type: ignore[no-untyped-def]
    rows, months, second = [], DAYS / 30, lambda: int(rng.integers(0, DAYS * 86_400))
    friends = [f"P{rng.integers(0, 40_000):05d}" for _ in range(12)]
    if kind in ("wage", "pension", "student"):
        payer, day = f"E{rng.integers(0, 3_000):04d}", rng.integers(0, 28)
        for month in range(int(np.ceil(months))):
            at = int((day + 30 * month) * 86_400 + 30_000)
            rows.append((at, "in", "transfer", monthly * rng.uniform(0.97, 1.03), payer, "DE"))
    elif kind == "shop":
        cash, every = rng.uniform(0.3, 0.8), int(rng.choice([1, 2, 3, 7]))
        for day in range(int(rng.integers(0, every)), DAYS, every):
            takings = monthly * cash / 30 * every * np.exp(rng.normal(0, 0.25))
            rows.append((day * 86_400 + 64_000, "in", "cash", takings, "", "DE"))
        for _ in range(rng.poisson(18 * months)):
            rows.append((second(), "in", "transfer", monthly * (1 - cash) / 18, rng.choice(friends), "DE"))
    elif kind == "landlord":
        tenants = rng.integers(5, 22)
        for tenant in range(tenants):
            day = rng.integers(0, 5)
            for month in range(int(np.ceil(months))):
                at = int((day + 30 * month) * 86_400 + rng.integers(0, 86_400))
                rows.append((at, "in", "transfer", monthly / tenants, f"T{tenant:02d}{friends[0]}", "DE"))
    else:
        for _ in range(rng.poisson(14 * months)):
            rows.append(
                (
                    second(),
                    "in",
                    "transfer",
                    monthly / 14 * np.exp(rng.normal(0, 0.5)),
                    rng.choice(friends),
                    "DE",
                )
            )
        staff = rng.integers(6, 25)
        for month in range(int(np.ceil(months))):
            at = int((25 + 30 * month) * 86_400)
            for person in range(staff):
                rows.append(
                    (
                        at + person * 40,
                        "out",
                        "transfer",
                        monthly * 0.6 / staff,
                        f"S{person:02d}{friends[1]}",
                        "DE",
                    )
                )
    share = 0.25 if kind == "firm" else 0.85
    count = rng.poisson(cards * months)
    for _ in range(count):
        rows.append(
            (
                second(),
                "out",
                "card",
                monthly * share * 0.35 / cards * np.exp(rng.normal(0, 0.7)),
                f"M{rng.integers(0, 900):03d}",
                "DE",
            )
        )
    for _ in range(rng.poisson(transfers * months)):
        country = rng.choice(["DE", "FR", "NL", "PL", *ABROAD[:2]], p=[0.88, 0.04, 0.04, 0.02, 0.01, 0.01])
        amount = monthly * share * 0.6 / transfers * np.exp(rng.normal(0, 0.7))
        rows.append((second(), "out", "transfer", amount, rng.choice(friends), country))
    private = kind in ("wage", "pension", "student")
    if private and rng.random() < TREASURER:
        first, fee = int(rng.integers(0, (DAYS - 7) * 86_400)), rng.uniform(15, 120)
        members = rng.integers(6, 20)
        for member in range(members):
            rows.append(
                (
                    first + int(rng.integers(0, 6 * 86_400)),
                    "in",
                    "transfer",
                    fee,
                    f"K{member:02d}{friends[2]}",
                    "DE",
                )
            )
        rows.append((first + 7 * 86_400, "out", "transfer", fee * members * 0.95, friends[3], "DE"))
    if private and rng.random() < REMITTER:
        home = rng.choice(ABROAD)
        for month in range(int(np.ceil(months))):
            at = int((rng.integers(0, 28) + 30 * month) * 86_400 + 40_000)
            rows.append((at, "out", "transfer", monthly * rng.uniform(0.05, 0.25), friends[4], home))
    if rng.random() < LUMP:  # a car or an inheritance: one large sum comes in and most of it leaves
        at, amount = second(), monthly * rng.uniform(2, 6)
        rows.append(
            (at, "in", rng.choice(["transfer", "cash"], p=[0.8, 0.2]), amount, rng.choice(friends), "DE")
        )
        rows.append(
            (
                at + int(rng.integers(1, 20) * 86_400),
                "out",
                "transfer",
                amount * rng.uniform(0.5, 0.95),
                f"D{rng.integers(0, 400):03d}",
                "DE",
            )
        )
    return rows


def _launder(rng, scheme):  # type: ignore[no-untyped-def]
    rows, start = [], int(rng.integers(30, 52) * 86_400)
    stranger = lambda: f"X{rng.integers(0, 90_000):05d}"  # noqa: E731
    if scheme == "structuring":
        for _ in range(rng.integers(3, 9)):
            rows.append(
                (start + int(rng.integers(0, 14 * 86_400)), "in", "cash", rng.uniform(3_500, 9_950), "", "DE")
            )
        total = sum(row[3] for row in rows)
        rows.append(
            (
                start + 14 * 86_400,
                "out",
                "transfer",
                total * rng.uniform(0.7, 0.95),
                stranger(),
                rng.choice(ABROAD),
            )
        )
    elif scheme == "fan_in":
        for _ in range(rng.integers(5, 15)):
            rows.append(
                (
                    start + int(rng.integers(0, 5 * 86_400)),
                    "in",
                    "transfer",
                    rng.uniform(150, 1_500),
                    stranger(),
                    "DE",
                )
            )
        total, times = sum(row[3] for row in rows), rng.integers(1, 3)
        for _ in range(times):
            rows.append(
                (
                    start + 5 * 86_400 + int(rng.integers(0, 40_000)),
                    "out",
                    "transfer",
                    total * 0.93 / times,
                    stranger(),
                    rng.choice(ABROAD),
                )
            )
    elif scheme == "fan_out":
        total = rng.uniform(3_000, 25_000)
        rows.append((start, "in", "transfer", total, stranger(), rng.choice(ABROAD)))
        count = rng.integers(5, 15)
        for _ in range(count):
            rows.append(
                (
                    start + int(rng.integers(3_600, 3 * 86_400)),
                    "out",
                    "transfer",
                    total * 0.95 / count,
                    stranger(),
                    "DE",
                )
            )
    else:
        for _ in range(rng.integers(2, 6)):
            at, amount = start + int(rng.integers(0, 10 * 86_400)), rng.uniform(800, 9_000)
            rows.append((at, "in", "transfer", amount, stranger(), rng.choice(["DE", *ABROAD])))
            rows.append(
                (
                    at + int(rng.uniform(2, 30) * 3_600),
                    "out",
                    "transfer",
                    amount * rng.uniform(0.95, 0.99),
                    stranger(),
                    rng.choice(["DE", *ABROAD]),
                )
            )
    return rows
