"""The market bundle step by step; every line runs as a test.

>>> import scorebox
>>> bundle = scorebox.Bundle.load(FOLDER)

A balanced portfolio of 100,000 EUR, for somebody of tolerance C3 who needs the money in twelve years:

>>> portfolio = {
...     "cash": 8000.0, "government_bonds": 27000.0, "corporate_bonds": 15000.0, "equity_home": 12000.0,
...     "equity_world": 25000.0, "equity_emerging": 5000.0, "property": 6000.0, "commodities": 2000.0,
...     "tolerance": 3, "horizon_years": 12.0, "experience_years": 6, "asked_at": "2026-06-01",
... }
>>> decision = bundle.score(portfolio, now="2026-11-23T09:00:00Z")
>>> decision["outcome"], round(decision["scores"]["var_99"]), round(decision["scores"]["es_97_5"])
('approve', 1234, 1318)
>>> fields = decision["view"]["fields"]
>>> fields["es_share"]["band"], fields["worst_scenario"]["value"], round(fields["headroom"]["value"], 4)
('R3', 'equity crash', 0.0038)

The same holdings do not suit everybody:

>>> careful = bundle.score({**portfolio, "tolerance": 1}, now="2026-11-23T09:00:00Z")
>>> careful["outcome"], careful["policy"]["fired"], [alert["id"] for alert in careful["view"]["alerts"]]
('decline', ['S01', 'S03'], ['limit'])
>>> careful["limits"]["binding"], round(careful["limits"]["headroom"], 4), careful["limits"]["breached"]
('shortfall', -0.0092, True)
>>> soon = bundle.score({**portfolio, "horizon_years": 2.0}, now="2026-11-23T09:00:00Z")
>>> soon["outcome"], [reason["text"] for reason in soon["reasons"]]
('decline', ['Too much equity for when the money is needed'])

Risk is homogeneous: twice the portfolio, twice the loss (to the rounding of float32).

>>> names = ["cash", "government_bonds", "corporate_bonds", "equity_home", "equity_world", "equity_emerging",
...          "property", "commodities"]
>>> double = bundle.score({**portfolio, **{name: 2 * portfolio[name] for name in names}}, now="2026-11-23T09:00:00Z")
>>> abs(double["scores"]["es_97_5"] - 2 * decision["scores"]["es_97_5"]) < 0.01
True
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
