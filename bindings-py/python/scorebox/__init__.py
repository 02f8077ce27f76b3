"""Score bundles and ONNX models inside a WebAssembly sandbox.

The package carries the same module that servers and browsers run, so a decision made here has the same
bytes everywhere.

>>> import scorebox
>>> bundle = scorebox.Bundle.load("models/credit")  # doctest: +SKIP
>>> bundle.score({"age": 34, "limit_bal": 120_000, "pay_0": 0, "bill_amt1": 9_000})  # doctest: +SKIP
"""

from scorebox._bundle import Bundle
from scorebox._decision import Decision
from scorebox._errors import Error
from scorebox._model import Model, Port
from scorebox._native import __version__
from scorebox._packing import pack

__all__ = ["Bundle", "Decision", "Error", "Model", "Port", "__version__", "pack"]
