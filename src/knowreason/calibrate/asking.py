"""The verifier is asked as in an audit: a few claims at a time, with as many threads as are of use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import NamedTuple, TypeVar

from knowreason.calibrate.sampling import Item
from knowreason.models.protocols import Entailer, Judge, Judgement, Thresholds
from knowreason.models.remote.counting import Counting
from knowreason.models.remote.session import Session
from knowreason.records import Unscored
from knowreason.verify import Checked, check_claims, judgements
from knowreason.verify.verdicts import premise

TOGETHER = 8  # claims of one call

Progress = Callable[[str, int, int | None], None]
T = TypeVar("T")


class Verifier(NamedTuple):
    """Who judges, and the probabilities that its verdicts need."""

    entailer: Entailer | Judge
    thresholds: Thresholds


class Asked(NamedTuple):
    """What came of every item, and of every claim that was shown no passage."""

    checked: list[Checked]
    alone: list[Judgement | Unscored]


def ask(verifier: Verifier, items: Sequence[Item], alone: Sequence[str], session: Session, show: Progress) -> Asked:
    """The verifier's word on every item, in order, and on the claims in `alone` without a passage.

    Neither the number of threads nor what else is asked changes an answer.
    """
    parts = [*_parts(items), *_parts(alone)]
    show("calibrate", 0, len(items) + len(alone))
    workers = max(os.cpu_count() or 1, session.workers)
    with ThreadPoolExecutor(workers) as pool:
        try:
            asked = [pool.submit(_ask, verifier, part) for part in parts]
            done: list[list[Checked | Judgement | Unscored]] = []
            for future in asked:
                done.append(future.result())
                show("calibrate", sum(map(len, done)), len(items) + len(alone))
        except BaseException:
            session.stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    found = list(chain.from_iterable(done))
    checked = [one for one in found[: len(items)] if isinstance(one, Checked)]
    return Asked(checked, [one for one in found[len(items) :] if not isinstance(one, Checked)])


def count_calls(stand_in: Counting, items: Sequence[Item], alone: Sequence[str]) -> None:
    """Puts every question to a stand-in, which counts it; what is asked with and without the source is asked once."""
    shown = [(premise(hit.passage), item.claim) for item in items for hit in item.hits if hit.above_floor]
    stand_in.judge(list(dict.fromkeys([*shown, *(("", claim) for claim in alone)])))


def _ask(verifier: Verifier, part: Sequence[Item | str]) -> list[Checked | Judgement | Unscored]:
    items = [one for one in part if isinstance(one, Item)]
    if items:
        claims = [item.claim for item in items]
        return list(check_claims(claims, [item.hits for item in items], verifier.entailer, verifier.thresholds))
    return list(judgements(verifier.entailer, [("", one) for one in part if isinstance(one, str)]))


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + TOGETHER] for start in range(0, len(items), TOGETHER))
