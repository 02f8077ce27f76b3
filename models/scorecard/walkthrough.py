"""The scorecard bundle step by step; every line runs as a test.

>>> import scorebox
>>> bundle = scorebox.Bundle.load(FOLDER)
>>> application = {
...     "duration_months": 18, "credit_amount": 2400, "installment_rate": 2, "age": 35, "checking_status": "none",
...     "credit_history": "paid so far", "purpose": "electronics", "savings": "below 100",
...     "employment_since": "4 to 7 years", "other_debtors": "none", "property": "car",
...     "other_installment_plans": "none", "housing": "own",
... }
>>> decision = bundle.score(application)
>>> decision["outcome"], decision["scores"]["points"], decision["scores"]["grade"]
('approve', 549, 'C')

Points per characteristic; the total is their sum, always:

>>> card = decision["explanation"]["scorecard"]
>>> for row in card["characteristics"][:4]:
...     print(f'{row["name"]:18} {row["points"]:4}')
checking_status      97
duration_months      38
credit_history       33
savings              26
>>> card["start"] + sum(row["points"] for row in card["characteristics"]) == decision["scores"]["points"]
True

Reasons are the points lost against the best bin of each characteristic:

>>> weak = bundle.score({**application, "checking_status": "overdrawn", "duration_months": 48, "credit_amount": 7000})
>>> weak["outcome"], weak["scores"]["points"]
('decline', 373)
>>> [(reason["code"], reason["text"]) for reason in weak["reasons"]][:3]
[('K02', 'Points below the cut-off'), ('K06', 'Account is overdrawn and savings are small'), ('R01', 'Checking account')]
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
