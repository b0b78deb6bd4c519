"""How sure one can be of a measured figure, or of a difference between two; scipy does the sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEVEL = 0.95
_RESAMPLES = 2_000
#: Intervals and tests of the same figures are the same every time.
_SEED = 20_250_902


@dataclass(frozen=True, slots=True)
class Interval:
    """From where to where a figure may be."""

    low: float
    high: float


def of_share(values: Sequence[float]) -> Interval:
    """Return Wilson's 95 % interval of a share; values are 0 and 1, at least one."""
    from scipy.stats import binomtest

    found = binomtest(round(sum(values)), len(values)).proportion_ci(_LEVEL, method="wilson")
    return Interval(float(found.low), float(found.high))


def of_mean(values: Sequence[float]) -> Interval:
    """Return the percentile bootstrap's 95 % interval of a mean; at least one value."""
    if len(set(values)) < 2:
        return Interval(values[0], values[0])
    import numpy as np
    from scipy.stats import bootstrap

    found = bootstrap(
        (np.asarray(values),),
        np.mean,
        n_resamples=_RESAMPLES,
        confidence_level=_LEVEL,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    ).confidence_interval
    return Interval(float(found.low), float(found.high))


def paired(before: Sequence[float], after: Sequence[float], *, shares: bool) -> float:
    """Return the two-sided p value of a difference over the same questions.

    Shares are tested by McNemar's exact test, other means by flipping signs at random.
    """
    differences = [new - old for old, new in zip(before, after, strict=True)]
    if not any(differences):
        return 1.0
    if shares:
        return _mcnemar(differences)
    return _sign_flips(differences)


def _mcnemar(differences: Sequence[float]) -> float:
    from scipy.stats import binomtest

    gained, lost = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    return float(binomtest(gained, gained + lost).pvalue)


def _sign_flips(differences: Sequence[float]) -> float:
    import numpy as np
    from scipy.stats import permutation_test

    found = permutation_test(
        (np.asarray(differences),),
        np.mean,
        permutation_type="samples",
        n_resamples=_RESAMPLES,
        rng=np.random.default_rng(_SEED),
    )
    return float(found.pvalue)
