"""The offers bundle step by step; every line runs as a test.

>>> import scorebox
>>> bundle = scorebox.Bundle.load(FOLDER)
>>> now = "2026-11-23T09:30:00Z"
>>> customer = {
...     "customer_id": "B1", "contact": "cellular", "month": "oct", "campaign": 1, "pdays": 6, "previous": 1,
...     "poutcome": "success", "default": "no", "housing": "yes", "loan": "no", "emp_var_rate": -1.1,
...     "cons_price_idx": 94.6, "cons_conf_idx": -38.3, "euribor3m": 0.95, "nr_employed": 4964.0, "tenure": 20,
...     "contract_months": 1, "phone_service": True, "multiple_lines": False, "internet_service": True,
...     "online_security": False, "online_backup": True, "device_protection": False, "tech_support": False,
...     "streaming_tv": True, "streaming_movies": False, "paperless_billing": True, "tolerance": 3, "consent": True,
...     "do_not_contact": False, "overdue_days": 0, "contacts": [],
... }
>>> decision = bundle.score(customer, now=now)
>>> decision["outcome"], round(decision["scores"]["deposit"], 2)
('approve', 0.78)
>>> for offer in decision["offers"]["top"]:
...     print(offer["id"], offer["channel"], offer["reason_text"])
term_deposit app Likely to want a safe place for savings
bond_fund app Fits the risk tolerance
consumer_loan app No consumer loan yet

Every other item says why it is held back:

>>> [(item["id"], item["cause"]) for item in decision["offers"]["held"]][:4]
[('stock_fund', 'unsuitable'), ('phone_service', 'ineligible'), ('multiple_lines', 'rank'), ('internet_service', 'ineligible')]

Ten days overdue: no credit, no funds. And without consent nothing at all:

>>> late = bundle.score({**customer, "overdue_days": 10}, now=now)
>>> [item["id"] for item in late["offers"]["held"] if item["cause"] == "gated"]
['bond_fund', 'stock_fund', 'consumer_loan']
>>> bundle.score({**customer, "consent": False}, now=now)["offers"]["top"]
[]
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
