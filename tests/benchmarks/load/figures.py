"""Pure: figures with their bars, as a table and as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Figure:
    """One figure, and what it may be at most where something was promised."""

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None

    @property
    def met(self) -> bool:
        """Tell whether it is within its bar, if it has one."""
        return self.at_most is None or self.value <= self.at_most


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile of some values, nan where there are none: a nan meets no bar."""
    return float(np.percentile(values, share)) if values else float("nan")


def growth(sizes: Sequence[float]) -> tuple[float, float]:
    """Return the median of the second sixth of some sizes and of the last: early, warm, and late."""
    sixth = max(1, len(sizes) // 6)
    return percentile(sizes[sixth : 2 * sixth], 50), percentile(sizes[-sixth:], 50)


def table(figures: Sequence[Figure]) -> str:
    """Return figures as lines; those that miss their bar say so."""
    return "\n".join(
        f"  {one.name:44} {one.value:10.4g} {one.unit:4}"
        + (f" at most {one.at_most:.4g}: {'met' if one.met else 'MISSED'}" if one.at_most is not None else "")
        for one in figures
    )


def dumps(figures: Sequence[Figure]) -> str:
    """Return figures as one line of JSON."""
    found = {
        one.name: {"value": one.value, "unit": one.unit, "at_most": one.at_most, "met": one.met}
        for one in figures
    }
    return json.dumps(found, ensure_ascii=False)
