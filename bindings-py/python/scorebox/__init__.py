"""Score bundles and ONNX models inside a WebAssembly sandbox.

The package carries the same module that servers and browsers run, so a decision made here has the same
bytes everywhere.

>>> import scorebox
>>> bundle = scorebox.Bundle.load("models/credit")
>>> decision = bundle.score(
...     {"age": 34, "limit_bal": 120_000, "pay_0": 2, "bill_amt1": 96_000}, now="2026-11-23T09:00:00Z"
... )
>>> decision["outcome"], decision["scores"]["grade"]
('decline', 'E')
>>> [reason["text"] for reason in decision["reasons"]][:3]
['Score is below the minimum', 'Payment history is too short', 'Recent payments were late']

>>> model = scorebox.Model.load("tests/bundles/stump/model.onnx")
>>> model.predict([[2000, 2, 10], [900, 3, 1]])
array([-2.,  2.], dtype=float32)
"""

from scorebox import offpolicy
from scorebox._bundle import Bundle
from scorebox._decision import Decision
from scorebox._errors import Error
from scorebox._model import Model, Port
from scorebox._monitoring import Counts, Monitoring
from scorebox._native import __version__
from scorebox._packing import pack
from scorebox._parity import Parity, recheck, verify

__all__ = [
    "Bundle",
    "Counts",
    "Decision",
    "Error",
    "Model",
    "Monitoring",
    "Parity",
    "Port",
    "__version__",
    "offpolicy",
    "pack",
    "recheck",
    "verify",
]
