"""How much of a column is error: of the Knowledge Index, from how often its verifier is known to err.

Of a trace's m decided claims the share tau is true. The verifier supports a of the true and b of the false ones (of
those it decides), so that the index it gives is b + (a - b) tau on average, with the variance

    (tau a (1 - a) + (1 - tau) b (1 - b)) / m

around that. tau is taken to be that of all traces together. The reliability of the index is 1 - mean of that variance /
its own variance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from knowreason.frame import SCHEMAS
from knowreason.store import Store

Floats = NDArray[np.float64]

LEAST = 0.3
"""A column less reliable than this is not corrected: extrapolating over more error than truth says nothing."""


class Rates(NamedTuple):
    """The shares that a verifier supports of the true and of the false claims that it decides."""

    true_supported: float
    false_supported: float


def rates_of(run: Path) -> Rates | None:
    """How often the verifier of a run errs, from its manifest; None where it was not measured.

    Of several labelled sets that on which it tells true from false least. Raises StoreError for an unreadable manifest.
    """
    listed = (Store(run, SCHEMAS).manifest() or {}).get("reliability")
    found = [_rates(cast("Mapping[str, Any]", one)) for one in cast("list[object]", listed or [])]
    known = [one for one in found if one is not None]
    return min(known, key=lambda one: one.true_supported - one.false_supported) if known else None


def error_variances(
    runs: Sequence[str], supported: Floats, decided: Floats, rates: Mapping[str, Rates | None]
) -> Floats | None:
    """The variance of the error of each trace's index (n,), 0 where it has none; None where no rates are known.

    Where a verifier is no better than chance the variance is that of the whole index: nothing in it is reliable.
    """
    known = [rates.get(run) for run in runs]
    if not known or any(one is None for one in known):
        return None
    a = np.array([one.true_supported for one in known if one])
    b = np.array([one.false_supported for one in known if one])
    called = supported.sum() / max(decided.sum(), 1.0)
    better = a - b > 0
    tau = np.clip(np.divide(called - b, a - b, out=np.ones_like(a), where=better), 0, 1)
    one_claim = np.where(better, tau * a * (1 - a) + (1 - tau) * b * (1 - b), called * (1 - called))
    return np.divide(one_claim, decided, out=np.zeros_like(decided), where=decided > 0)


def reliability(knowledge: Floats, error: Floats | None) -> float | None:
    """The share of the variance of an index (NaN where there is none) that is no error, at least 0."""
    known = np.isfinite(knowledge)
    spread = float(np.var(knowledge[known])) if known.any() else 0.0
    if error is None or spread == 0:
        return None
    return max(0.0, 1.0 - float(error[known].mean()) / spread)


def _rates(labelled: Mapping[str, Any]) -> Rates | None:
    shares: list[float] = []
    for kind in ("true", "false"):
        supported, refuted = (labelled.get(f"{kind}_called_{verdict}") for verdict in ("supported", "refuted"))
        if not isinstance(supported, int | float) or not isinstance(refuted, int | float) or not supported + refuted:
            return None
        shares.append(supported / (supported + refuted))
    return Rates(*shares)
