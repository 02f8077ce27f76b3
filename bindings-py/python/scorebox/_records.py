"""Records of Python values as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from scorebox._columns import time_text
from scorebox._errors import Error


def record_text(record: Any) -> str:
    """The record as JSON text: a mapping, a pandas Series, or JSON text itself.

    NaN, `NaT` and `NA` become null (missing), times RFC 3339 in UTC, NumPy scalars numbers.
    """
    if isinstance(record, str):
        return record
    if isinstance(record, (bytes, bytearray)):
        try:
            return record.decode("utf-8")
        except UnicodeDecodeError:
            raise Error("record_malformed", "the record is no UTF-8") from None
    if not isinstance(record, Mapping):
        record = record.to_dict()
    try:
        # Most records are plain already; json refuses what is not.
        return json.dumps(record, allow_nan=False)
    except (TypeError, ValueError):
        return json.dumps(_plain(record, "", 0))


_MAX_DEPTH = 32


def _plain(value: Any, place: str, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise Error("record_malformed", "the record is nested too deeply", place)
    if isinstance(value, Mapping):
        return {
            str(key): _plain(item, f"{place}.{key}" if place else str(key), depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{place}[{at}]", depth + 1) for at, item in enumerate(value)]
    if value is None or (isinstance(value, (bool, int, str)) and not isinstance(value, np.generic)):
        return value
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else time_text(value.astype("datetime64[ms]").item())
    if isinstance(value, np.generic):
        return _plain(value.item(), place, depth + 1)
    if isinstance(value, (float, Decimal)):
        number = float(value)
        if math.isinf(number):
            raise Error("record_malformed", "JSON has no infinite numbers", place)
        return None if math.isnan(number) else number
    if isinstance(value, date):
        return time_text(value)
    raise Error("record_malformed", f"a {type(value).__name__} is no value of a record", place)
