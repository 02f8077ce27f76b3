"""Counts of what was decided on, and the report on what has moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from scorebox._errors import Error


class Counts(Mapping[str, Any]):
    """Counts of some records: whole numbers without values of records, which add up in any order.

    >>> monday = Counts({"format": 1, "bundle": "sha256:aa", "rows": 2, "mix": {"outcomes": {"approve": 2}}})
    >>> tuesday = Counts({"format": 1, "bundle": "sha256:aa", "rows": 1, "mix": {"outcomes": {"decline": 1}}})
    >>> both = monday + tuesday
    >>> both["rows"], both["mix"]["outcomes"], both == tuesday + monday
    (3, {'approve': 2, 'decline': 1}, True)
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = dict(fields)

    def __getitem__(self, key: str) -> Any:
        return self._fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __add__(self, other: Counts) -> Counts:
        """The counts of both. Raises `Error` with `request_invalid` where they are of different bundles."""
        if not isinstance(other, Counts):
            return NotImplemented
        if any(self.get(key) != other.get(key) for key in ("format", "bundle")):
            raise Error("request_invalid", "these are counts of another bundle")
        sums = _sum({**self, "format": 0}, {**other, "format": 0})
        return Counts({**sums, "format": self["format"]})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and self._fields == dict(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<scorebox.Counts of {self.get('rows', 0)} records>"


def _sum(own: Any, other: Any) -> Any:
    if isinstance(own, dict) and isinstance(other, dict):
        merged = dict(own)
        for key, more in other.items():
            merged[key] = _sum(own[key], more) if key in own else more
        return merged
    if isinstance(own, list) and isinstance(other, list) and len(own) == len(other):
        return [_sum(mine, more) for mine, more in zip(own, other, strict=True)]
    if isinstance(own, int) and isinstance(other, int):
        return own + other
    if own == other:
        return own
    raise Error("request_invalid", "the counts are of different shapes")


@dataclass(frozen=True)
class Monitoring:
    """The sum of some counts, and what it says. `docs/manifest/monitoring.md` explains the report."""

    #: The sum.
    counts: Counts
    #: The report, as the module gives it.
    report: dict[str, Any]

    @property
    def level(self) -> str:
        """The worst of all: `ok`, `watch`, `alert`; `few` or `unknown` where nothing can be said."""
        return str(self.report["level"])

    def rows(self) -> list[dict[str, Any]]:
        """The report as flat rows, for a DataFrame: `pandas.DataFrame(monitoring.rows())`.

        `part` is `field`, `quality` or `mix`; `name` the field, `detail` the issue or nothing; `index` and
        `noise` the stability index and what chance explains, `share` and `sample` shares now and in the
        sample (of missing values for fields).
        """
        rows: list[dict[str, Any]] = []
        for own in self.report["fields"]:
            rows.append(_row("field", own["field"], own["role"], own, own["missing"]))
        for own in self.report["quality"]:
            rows.append(_row("quality", own["field"], own["issue"], own, own))
        for name, own in self.report["mix"].items():
            rows.append(_row("mix", name, None, own, {}))
            rows.extend(_row("mix", name, part["name"], {}, part) for part in own["shares"])
        return rows

    def to_frame(self) -> Any:
        """`rows` as a pandas DataFrame; needs pandas."""
        return import_module("pandas").DataFrame(self.rows())


def _row(
    part: str, name: str, detail: str | None, own: Mapping[str, Any], shares: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "part": part,
        "name": name,
        "detail": detail,
        "level": own.get("level"),
        "index": own.get("index"),
        "noise": own.get("noise"),
        "share": shares.get("share"),
        "sample": shares.get("sample"),
    }
