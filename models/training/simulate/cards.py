"""Card transactions with four kinds of fraud.

Customers buy at their own pace, hours and price level, mostly at a handful of merchants that they know; some
travel, some buy something large now and then. A share of the cards is compromised once, by one of

- `testing`: 4 to 9 online payments of under 5 within half an hour, then 1 to 3 large ones;
- `takeover`: 2 to 5 online payments of 2 to 7 times the usual amount within a day, merchants never used;
- `skimming`: 3 to 7 payments in a foreign country within six hours, 1 to 3 times the usual amount;
- `slow`: one online payment a day for 4 to 9 days, of usual amounts, merchants never used.

`slow` looks like a customer who tries a new shop, and is meant to be hard. Half of the compromised cards
are noticed and blocked before the scheme is complete.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

CUSTOMERS, DAYS, MERCHANTS = 1_500, 75, 900
START = pd.Timestamp("2026-06-01T00:00:00Z")
COUNTRIES = {"DE": 0.30, "FR": 0.22, "NL": 0.14, "IT": 0.12, "ES": 0.10, "US": 0.07, "CN": 0.05}
# Category -> (share of merchants, median amount in EUR, share that sells online)
CATEGORIES = {
    "grocery": (0.22, 28.0, 0.1),
    "restaurant": (0.18, 22.0, 0.1),
    "fuel": (0.08, 48.0, 0.0),
    "clothing": (0.12, 45.0, 0.5),
    "electronics": (0.08, 110.0, 0.6),
    "travel": (0.06, 160.0, 0.8),
    "health": (0.08, 30.0, 0.2),
    "leisure": (0.10, 26.0, 0.4),
    "digital": (0.08, 12.0, 1.0),
}
PACE_A_DAY = (0.9, 0.6)  # median and log deviation of purchases a day
LEVEL_LOG_DEVIATION, AMOUNT_LOG_DEVIATION = 0.35, 0.55
KNOWN_MERCHANTS, LOYALTY = 18, 0.82
TRAVEL_SHARE, TRAVEL_DAYS = 0.12, (3, 12)
LARGE_SHARE, LARGE_TIMES = 0.006, (3.0, 9.0)
COMPROMISED = 0.13
SCHEMES = {"testing": 0.30, "takeover": 0.28, "skimming": 0.22, "slow": 0.20}
BLOCKED_EARLY = 0.5


def draw_merchants(rng: np.random.Generator) -> pd.DataFrame:
    """Merchants with their category, country and whether they sell online."""
    names = list(CATEGORIES)
    shares = np.array([CATEGORIES[name][0] for name in names])
    category = rng.choice(names, MERCHANTS, p=shares / shares.sum())
    online = rng.random(MERCHANTS) < np.array([CATEGORIES[name][2] for name in category])
    country = rng.choice(list(COUNTRIES), MERCHANTS, p=list(COUNTRIES.values()))
    names = [f"M{number:04d}" for number in range(MERCHANTS)]
    return pd.DataFrame({"merchant": names, "category": category, "country": country, "online": online})


def simulate_cards(seed: int, customers: int = CUSTOMERS, days: int = DAYS) -> pd.DataFrame:
    """All transactions in order of time: `customer, home_country, at, merchant, category, country, online,
    amount, fraud, scheme`; amounts in EUR, `at` in UTC to the second.
    """
    rng = np.random.default_rng(seed)
    merchants = draw_merchants(rng)
    kinds = merchants["category"].to_numpy()
    medians = np.array([CATEGORIES[kind][1] for kind in kinds])
    online = merchants["online"].to_numpy()
    place = merchants["country"].to_numpy()
    frames = []
    for customer in range(customers):
        home = rng.choice(list(COUNTRIES), p=list(COUNTRIES.values()))
        level = np.exp(rng.normal(0, LEVEL_LOG_DEVIATION))
        count = rng.poisson(PACE_A_DAY[0] * np.exp(rng.normal(0, PACE_A_DAY[1])) * days)
        near = np.flatnonzero((place == home) | online)
        known = rng.choice(near, min(KNOWN_MERCHANTS, len(near)), replace=False)
        shop = np.where(rng.random(count) < LOYALTY, rng.choice(known, count), rng.choice(near, count))
        day = rng.integers(0, days, count)
        hour = np.clip(rng.normal(rng.normal(14.5, 1.5), 3.6, count), 0.0, 23.99)
        if rng.random() < TRAVEL_SHARE:
            first = rng.integers(0, days)
            there = rng.choice([country for country in COUNTRIES if country != home])
            away = (day >= first) & (day < first + rng.integers(*TRAVEL_DAYS)) & ~online[shop]
            shop = np.where(away, rng.choice(np.flatnonzero((place == there) & ~online), count), shop)
        amount = medians[shop] * level * np.exp(rng.normal(0, AMOUNT_LOG_DEVIATION, count))
        large = rng.random(count) < LARGE_SHARE
        amount = np.where(large, amount * rng.uniform(*LARGE_TIMES, count), amount)
        seconds = (day * 86_400 + hour * 3_600).astype(np.int64)
        parts = [(seconds, shop, amount, np.zeros(count, bool), np.full(count, ""))]
        if rng.random() < COMPROMISED:
            parts.append(_scheme(rng, days, online, place, home, known, medians, level))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        frames.append(
            pd.DataFrame(
                dict(zip(("seconds", "shop", "amount", "fraud", "scheme"), columns, strict=True))
            ).assign(customer=f"C{customer:05d}", home_country=home)
        )
    rows = pd.concat(frames, ignore_index=True).sort_values(["seconds", "customer"], kind="stable")
    shop = rows["shop"].to_numpy()
    for name in ("merchant", "category", "country", "online"):
        rows[name] = merchants[name].to_numpy()[shop]
    rows["at"] = START + pd.to_timedelta(rows["seconds"], unit="s")
    rows["amount"] = rows["amount"].clip(lower=0.5).round(2)
    names = ["customer", "home_country", "at", "merchant", "category", "country", "online", "amount"]
    return rows[[*names, "fraud", "scheme"]].reset_index(drop=True)


def _scheme(rng, days, online, place, home, known, medians, level):  # type: ignore[no-untyped-def]
    """One compromised card: seconds, merchants, amounts, marks and the scheme's name."""
    kind = rng.choice(list(SCHEMES), p=list(SCHEMES.values()))
    start = rng.integers(10, days) * 86_400 + rng.integers(0, 86_400)
    fresh = np.setdiff1d(np.flatnonzero(online), known)
    usual = 35.0 * level
    if kind == "testing":
        tests, large = rng.integers(4, 10), rng.integers(1, 4)
        seconds = np.concatenate([rng.integers(0, 1_800, tests), 1_800 + rng.integers(0, 5_400, large)])
        shop = rng.choice(fresh, tests + large)
        amount = np.concatenate([rng.uniform(0.5, 5.0, tests), usual * rng.uniform(3.0, 10.0, large)])
    elif kind == "takeover":
        count = rng.integers(2, 6)
        seconds, shop = rng.integers(0, 86_400, count), rng.choice(fresh, count)
        amount = usual * rng.uniform(2.0, 7.0, count)
    elif kind == "skimming":
        count = rng.integers(3, 8)
        foreign = rng.choice([country for country in COUNTRIES if country != home])
        seconds = rng.integers(0, 21_600, count)
        shop = rng.choice(np.flatnonzero((place == foreign) & ~online), count)
        amount = usual * rng.uniform(1.0, 3.0, count)
    else:
        count = rng.integers(4, 10)
        seconds = np.arange(count) * 86_400 + rng.integers(0, 43_200, count)
        shop = rng.choice(fresh, count)
        amount = medians[shop] * level * np.exp(rng.normal(0.15, AMOUNT_LOG_DEVIATION, count))
    if rng.random() < BLOCKED_EARLY:
        kept = np.argsort(seconds, kind="stable")[: max(2, len(seconds) * 2 // 3)]
        seconds, shop, amount = seconds[kept], shop[kept], amount[kept]
    seconds = start + seconds
    inside = seconds < days * 86_400
    count = int(inside.sum())
    return seconds[inside], shop[inside], amount[inside], np.ones(count, bool), np.full(count, kind)
