"""The AML bundle step by step; every line runs as a test.

>>> import scorebox
>>> bundle = scorebox.Bundle.load(FOLDER)
>>> now = "2026-11-23T09:00:00Z"
>>> def moved(day, hour, direction, channel, amount, counterparty=None, country="DE"):
...     return {"at": f"2026-11-{day:02d}T{hour:02d}:00:00Z", "direction": direction, "channel": channel,
...             "amount": amount, "counterparty": counterparty, "country": country}
>>> daily = [moved(1, 6, "in", "transfer", 2800.0, "E1"), moved(3, 9, "out", "transfer", 850.0, "L1")]
>>> daily += [moved(day, 12, "out", "card", 35.0 + day, f"M{day % 5}") for day in range(1, 23)]
>>> account = {"declared_monthly": 2900.0, "opened_days": 2400, "customer_kind": "wage", "transactions": daily}
>>> decision = bundle.score(account, now=now)
>>> decision["outcome"], decision["view"]["fields"]["anomaly"]["band"]
('approve', 'ordinary')

Six cash deposits just below the reporting line; the evidence is part of the view:

>>> cash = [moved(day, 11, "in", "cash", 9000.0 + 100 * n) for n, day in enumerate((8, 10, 12, 15, 18, 20))]
>>> odd = bundle.score({**account, "transactions": daily + cash}, now=now)
>>> odd["outcome"], [(alert["id"], alert["severity"]) for alert in odd["view"]["alerts"]]
('review', [('structuring', 'high'), ('anomaly', 'medium')])
>>> fields = odd["view"]["fields"]
>>> fields["cash_deposits_near_line"]["value"], round(fields["times_declared"]["value"], 1)
(6, 20)

A firm that pays its staff looks like fan-out, and is none:

>>> firm = {"declared_monthly": 60000.0, "opened_days": 3000, "customer_kind": "firm", "transactions":
...         [moved(4, 9, "in", "transfer", 50000.0, "C1")]
...         + [moved(22, 8, "out", "transfer", 2600.0, f"S{number}") for number in range(12)]}
>>> [alert["id"] for alert in bundle.score(firm, now=now)["view"]["alerts"]]
[]
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
