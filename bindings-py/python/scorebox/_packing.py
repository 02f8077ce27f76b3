"""Packing: from the files that an author writes to a bundle that scores."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from scorebox import _native
from scorebox._frames import lowered_columns


def pack(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    sample: Any = None,
    bless: bool = False,
) -> bytes:
    """Packs a bundle's folder: compiles and type-checks its rules, pins its files, writes its lock.

    source: the folder (or archive) with `bundle.json`.
    output: where to write the packed archive, if anywhere.
    sample: training rows (a frame or a dict of columns), from which the reference profile is made: node
        covers for the reasons, quantiles, bins. No row of it is kept.
    bless: writes the decisions that the bundle gives now into its golden records.

    Returns the packed archive's bytes, which `Bundle.load` takes. Raises `Error`: `manifest_invalid` and
    `rule_invalid` with the place of the fault, and the codes of `Bundle.load`.
    """
    columns, rows = (None, 0) if sample is None else lowered_columns(sample)
    packed = _native.pack(os.fspath(source), columns, rows, bless)
    if output is not None:
        Path(output).write_bytes(packed)
    return packed
