"""The insurance bundle step by step; every line runs as a test.

>>> import scorebox
>>> bundle = scorebox.Bundle.load(FOLDER)
>>> policy = {
...     "driver_age": 45, "bonus_malus": 3, "vehicle_power_kw": 75, "vehicle_age": 5, "annual_km": 12000.0,
...     "region": "town", "fuel": "petrol",
... }
>>> decision = bundle.score(policy)
>>> scores = decision["scores"]
>>> decision["outcome"], round(scores["claims_a_year"], 4), round(scores["cost_a_claim"]), scores["premium"]
('approve', 0.124, 1384, 272)

Frequency times cost is the expected cost, always:

>>> abs(scores["claims_a_year"] * scores["cost_a_claim"] - scores["expected_cost"]) < 1e-9
True

Somebody of twenty in a strong vehicle:

>>> young = bundle.score({**policy, "driver_age": 20, "vehicle_power_kw": 140, "bonus_malus": 11})
>>> young["outcome"], young["scores"]["premium"], [reason["text"] for reason in young["reasons"]]
('review', 1316, ['Expected cost needs an underwriter', 'Young driver in a strong vehicle', 'Young driver', 'Bonus-malus step', 'Power and fuel of the vehicle'])

A claim is reported. Small and clear is paid at once, red flags go to people:

>>> claim = {
...     **policy, "claim_reported": True, "policy_years": 4.0, "vehicle_value": 12000.0, "claim_amount": 1800.0,
...     "claim_days_since_start": 900, "claim_days_to_report": 2, "claims_last_3y": 0, "claim_witnesses": 1,
...     "claim_police_report": True, "claim_at_night": False, "claim_other_vehicles": 1,
... }
>>> small = bundle.score(claim)
>>> small["outcome"], small["policy"]["fired"], round(small["scores"]["claims_fraud"], 3)
('approve', ['F07'], 0.011)
>>> odd = bundle.score({
...     **claim, "claim_days_since_start": 20, "policy_years": 0.1, "claim_days_to_report": 40, "claims_last_3y": 3,
...     "claim_witnesses": 0, "claim_police_report": False, "claim_at_night": True, "claim_other_vehicles": 0,
... })
>>> odd["outcome"], odd["policy"]["fired"], round(odd["scores"]["claims_fraud"], 2)
('decline', ['F01', 'F05'], 0.86)
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
