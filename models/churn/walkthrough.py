"""The churn bundle step by step; every line runs as a test.

>>> import scorebox
>>> bundle = scorebox.Bundle.load(FOLDER)

A customer of four months, without a contract, who pays for fibre and has nobody to call:

>>> customer = {
...     "tenure": 4, "contract": "Month-to-month", "monthly_charges": 89.5, "total_charges": 350.0,
...     "internet_service": "Fiber optic", "phone_service": "Yes", "multiple_lines": "No",
...     "online_security": "No", "online_backup": "No", "device_protection": "No", "tech_support": "No",
...     "streaming_tv": "Yes", "streaming_movies": "No", "paperless_billing": "Yes",
...     "payment_method": "Electronic check",
... }
>>> decision = bundle.score(customer)
>>> decision["outcome"], round(decision["scores"]["churn"], 2)
('review', 0.75)
>>> for reason in decision["reasons"]:
...     print(reason["code"], reason["text"])
K01 Valuable customer who is likely to leave
K03 At risk in the first half-year
K04 Internet without anybody to help
K06 Pays each bill by hand
R01 Has not been a customer for long
R02 Is bound by no contract
R05 Kind of internet service

What would a two-year contract and technical support do? Nothing else changes:

>>> kept = bundle.score({**customer, "contract": "Two year", "tech_support": "Yes"})
>>> kept["outcome"], round(kept["scores"]["churn"], 2)
('approve', 0.2)

A record that contradicts itself does not get a silent score:

>>> odd = bundle.score({**customer, "internet_service": "No"})
>>> odd["outcome"], odd["quality"]["verdict"], odd["quality"]["issues"][0]["text"]
('review', 'degraded', 'Internet products without internet')
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
