"""The fraud bundle step by step; every line runs as a test.

>>> import scorebox
>>> bundle = scorebox.Bundle.load(FOLDER)
>>> now = "2026-11-23T09:00:00Z"
>>> def paid(day, amount, merchant, category, online=False, hour=12, minute=30, country="DE"):
...     return {"at": f"2026-11-{day:02d}T{hour:02d}:{minute:02d}:00Z", "amount": amount, "merchant": merchant,
...             "category": category, "country": country, "online": online}
>>> history = [paid(1, 31.5, "M1", "grocery"), paid(4, 24.0, "M2", "restaurant"), paid(8, 52.3, "M3", "fuel"),
...            paid(11, 28.9, "M1", "grocery"), paid(15, 12.99, "M4", "digital", True),
...            paid(18, 44.0, "M5", "clothing", True), paid(22, 19.8, "M2", "restaurant")]

The usual shop:

>>> payment = {"amount": 29.5, "merchant": "M1", "category": "grocery", "country": "DE", "home_country": "DE",
...            "online": False, "history": history}
>>> decision = bundle.score(payment, now=now)
>>> decision["outcome"], decision["view"]["fields"]["fraud_risk"]["band"]
('approve', 'low')

Five tiny payments within an hour, then a large one to a stranger:

>>> tests = [paid(23, 1.5, f"N{m}", "digital", True, 8, m, "US") for m in (15, 22, 31, 40, 52)]
>>> stolen = bundle.score({**payment, "amount": 390.0, "merchant": "N9", "category": "electronics", "country": "US",
...                        "online": True, "history": history + tests}, now=now)
>>> stolen["outcome"], stolen["policy"]["fired"], [alert["id"] for alert in stolen["view"]["alerts"]]
('decline', ['T03', 'T04', 'T11'], ['card_testing', 'takeover'])
>>> [reason["text"] for reason in stolen["reasons"]][:2]
['Looks like a test of a stolen card', "The payment may not be the customer's"]

Without a history the windows say nothing, and a person looks:

>>> blind = bundle.score({name: value for name, value in payment.items() if name != "history"}, now=now)
>>> blind["outcome"], blind["quality"]["verdict"]
('review', 'degraded')
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
