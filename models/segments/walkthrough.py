"""The segments bundle step by step; every line runs as a test.

>>> import scorebox
>>> bundle = scorebox.Bundle.load(FOLDER)
>>> now = "2026-11-23T09:00:00Z"
>>> def order(day, amount):
...     return {"at": f"{day}T10:00:00Z", "amount": amount, "items": 5}

Eight large orders, the last one a week ago:

>>> champion = {
...     "orders_list": [order("2026-03-01", 400.0), order("2026-04-10", 380.0), order("2026-06-01", 450.0),
...                     order("2026-07-05", 390.0), order("2026-08-20", 500.0), order("2026-10-01", 420.0),
...                     order("2026-10-30", 460.0), order("2026-11-15", 480.0)],
...     "distinct_items": 70, "consent": True,
... }
>>> decision = bundle.score(champion, now=now)
>>> fields = decision["view"]["fields"]
>>> decision["outcome"], fields["segment"]["value"], fields["next_step"]["value"], fields["distance"]["band"]
('approve', 'champions', 'thank and preview', 'typical')

One small order half a year ago:

>>> once = bundle.score({"orders_list": [order("2026-06-01", 60.0)], "distinct_items": 4, "consent": True}, now=now)
>>> once["view"]["fields"]["segment"]["value"]
'one-time'

Two of three teacups are in the basket; a mined rule names the third:

>>> basket = bundle.score({**champion, "basket": "22698 22699"}, now=now)
>>> basket["policy"]["fired"], [reason["text"] for reason in basket["reasons"]]
(['A01'], ['Goes with: Green regency teacup and saucer'])
>>> bundle.score({**champion, "basket": "22698 22699 22697"}, now=now)["policy"]["fired"]
[]
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
