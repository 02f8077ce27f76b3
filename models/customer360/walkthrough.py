"""The customer view step by step; every line runs as a test.

>>> import scorebox
>>> bundle = scorebox.Bundle.load(FOLDER)
>>> customer = {
...     "age": 44, "tenure_months": 80, "monthly_income": 2600.0, "average_balance": 4200.0, "overdraft_days_90d": 1,
...     "late_payments_12m": 0, "card_utilisation": 0.3, "debt_to_income": 0.2, "products": 3, "logins_30d": 12,
...     "salary_here": True, "balance_change_90d": 0.02, "complaints_12m": 0, "survey_score": 8,
...     "days_since_contact": 60, "tolerance": 3, "consent": True, "sanctions_hit": False,
... }
>>> now = "2026-11-23T09:00:00Z"
>>> decision = bundle.score(customer, now=now)
>>> view = decision["view"]
>>> decision["outcome"], decision["scores"]["grade"], view["lifecycle"], view["tags"]
('approve', 'A', 'mature', ['main_bank', 'valuable', 'digital'])
>>> [(name, view["fields"][name]["band"]) for name in ("pd", "value", "churn", "satisfaction")]
[('pd', 'low'), ('value', 'valuable'), ('churn', 'low'), ('satisfaction', 'content')]

What may be offered, and why the rest is not:

>>> [(offer["id"], offer["reason_text"]) for offer in decision["offers"]["top"]]
[('personal_loan', 'Often needs more than the account holds'), ('mixed_fund', 'Has savings that earn nothing')]
>>> [(item["id"], item["cause"]) for item in decision["offers"]["held"]]
[('card_upgrade', 'ineligible'), ('money_market_fund', 'rank'), ('stock_fund', 'ineligible'), ('overdraft_help', 'ineligible'), ('loyalty_rate', 'ineligible')]

The same customer takes the salary elsewhere, empties the account and writes in anger:

>>> angry = bundle.score({
...     **customer, "salary_here": False, "balance_change_90d": -0.7, "complaints_12m": 3, "average_balance": 30000.0,
...     "message": "This is unacceptable, I was charged twice and nobody helps me", "language": "en",
... }, now=now)
>>> angry["outcome"], angry["view"]["lifecycle"], [alert["id"] for alert in angry["view"]["alerts"]]
('review', 'leaving', ['valuable_leaving', 'complaint'])
>>> for reason in angry["reasons"]:
...     print(reason["code"], reason["text"])
K08 A valuable customer may leave
K09 A complaint is open
L01 May leave within six months
R04 Debt for the income

Late payments are another matter:

>>> late = bundle.score({**customer, "late_payments_12m": 4, "card_utilisation": 0.95}, now=now, lang="zh")
>>> late["outcome"], [reason["text"] for reason in late["reasons"]][:3]
('decline', ['违约风险', '多次逾期', '预期损失需人工审批'])
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
