"""The complaints bundle step by step; every line runs as a test.

>>> import scorebox
>>> bundle = scorebox.Bundle.load(FOLDER)
>>> def read(text, language="en", **more):
...     decision = bundle.score({"text": text, "language": language, "channel": "chat", **more})
...     fields = decision["view"]["fields"]
...     return decision["outcome"], fields["topic"]["value"], fields["queue"]["value"]
>>> read("How do I change my PIN?")
('approve', 'access', 'assistant')
>>> read("I lost my card on the train and somebody used it")
('review', 'other', 'complaints')
>>> read("This is unacceptable, you charged me twice and nobody helps me!")
('review', 'security', 'fraud desk')
>>> read("I will go to the ombudsman about the fee on my transfer")
('review', 'fees', 'executive complaints')
>>> read("xqzt wvfk")
('review', 'other', 'service desk')

Chinese messages go through a lexicon:

>>> read("等了两个小时没人理，态度恶劣，我要投诉", "zh")
('review', 'other', 'complaints')
>>> read("转账手续费是多少", "zh")
('approve', 'fees', 'service desk')

No machine answers somebody who needs care, whatever is asked:

>>> read("How do I change my PIN?", vulnerable=True)
('review', 'access', 'care')

The message itself is in no decision:

>>> "PIN" in str(bundle.score({"text": "How do I change my PIN?", "language": "en"}))
False
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
