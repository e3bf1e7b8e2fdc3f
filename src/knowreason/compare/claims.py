"""Pruning or adding: which claims a training left out, said anew or kept, and what each did to the Knowledge Index.

The change of the index of a question pair splits exactly. With S and R the supported and refuted claims of a side,
D = S + R, K = S / D, d for candidate minus baseline and bars for the means of the two sides,

    dK = [(1 - Kbar) dS - Kbar dR] / Dbar

(from d(K D) = Kbar dD + Dbar dK), and dS and dR are sums over claims newly said, no longer said, and judged otherwise.
A model whose claims are not said any more need not have lost what they state: only questions put without a text
could tell.

A claim newly said in one trace may be one that the baseline states on other tries: then a training chose it more often
and added nothing. With `MIN_SAMPLES` traces a question on both sides the two are told apart by all tries of the
other side: `learned` are supported claims that no try of the baseline states (less those that no try of the candidate
states any more), `dropped` are the refuted claims no longer said beyond those learned in their place. Both count
claims on topic only, and every question: who said nothing that could be decided has learned what it states now.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from knowreason.compare.comparison import ClaimChange, ClaimOutcome
from knowreason.compare.meaning import Meaning, Said, sameness
from knowreason.compare.sides import Pair
from knowreason.records import Interval, Unscored
from knowreason.stats import Permuted, benjamini_hochberg, limits, mean_difference, sign_flip, too_few

Floats = NDArray[np.float64]

PARTS = tuple(
    f"{label}_{change}" for label in ("supported", "refuted") for change in ("newly_said", "no_longer_said", "rejudged")
)
MIN_SAMPLES = 4
"""Traces a question on each side from which on a claim learned is told from one that is only said more often."""
_ALPHA = 0.05
_TESTED = ("supported_p", "refuted_p", "learned_p", "dropped_p")
_LONGER = 4  # letters: shorter words are mostly shared by chance
_WORD = re.compile(r"[^\W_]+(?:\.\d+)?")
_EMPTY = frozenset({"a", "an", "the"})


class Matched(NamedTuple):
    """The claims of one trace against those of another on the same question.

    `unread` pairs were too long for the model that matches by meaning: they are matched by their words only.
    """

    newly_said: tuple[Said, ...]
    no_longer_said: tuple[Said, ...]
    kept: tuple[tuple[Said, Said], ...]
    unread: int = 0


def match(before: Sequence[Said], after: Sequence[Said], meaning: Meaning | None = None) -> Matched:
    """Pairs claims that state the same fact, each at most once: by their words, then by their meaning.

    Words are compared without case, punctuation and articles, in their order.
    """
    left, right = list(range(len(before))), list(range(len(after)))
    found: list[tuple[int, int]] = []
    unread = 0
    for one in list(left):
        same = next((other for other in right if _words(before[one].text) == _words(after[other].text)), None)
        if same is not None:
            found.append((one, same))
            left.remove(one)
            right.remove(same)
    if meaning is not None and left and right:
        more, unread = _by_meaning(before, after, left, right, meaning=meaning)
        found += more
    kept = {one for one, _ in found}, {other for _, other in found}
    return Matched(
        newly_said=tuple(claim for n, claim in enumerate(after) if n not in kept[1]),
        no_longer_said=tuple(claim for n, claim in enumerate(before) if n not in kept[0]),
        kept=tuple((before[one], after[other]) for one, other in sorted(found)),
        unread=unread,
    )


def split(matched: Matched) -> dict[str, float] | None:
    """What each part adds to the change of the index; they sum to it. None where a side has no decided claim."""
    before = _tally([*matched.no_longer_said, *(one for one, _ in matched.kept)])
    after = _tally([*matched.newly_said, *(other for _, other in matched.kept)])
    decided = [side["supported"] + side["refuted"] for side in (before, after)]
    if not all(decided):
        return None
    share = sum(side["supported"] / d for side, d in zip((before, after), decided, strict=True)) / 2
    middle = sum(decided) / 2
    weights = {"supported": (1 - share) / middle, "refuted": -share / middle}
    new, gone = _tally(matched.newly_said), _tally(matched.no_longer_said)
    parts: dict[str, float] = {}
    for label, weight in weights.items():
        rejudged = sum((other.verdict == label) - (one.verdict == label) for one, other in matched.kept)
        parts[f"{label}_newly_said"] = weight * new[label]
        parts[f"{label}_no_longer_said"] = -weight * gone[label]
        parts[f"{label}_rejudged"] = weight * rejudged
    return parts


def claim_change(
    pair: Pair, claims: Mapping[str, Sequence[Said]], *, seed: int, draws: int, meaning: Meaning | None = None
) -> ClaimChange | Unscored:
    """The split at one place, its means over questions with intervals; p are not yet adjusted (see `decided`).

    Traces are matched by question and sample. Unscored under `MIN_QUESTIONS` questions with decided claims on both
    sides, unless all tries of so many questions tell what was learned.
    """
    counts: Counter[str] = Counter()
    rows: dict[str, list[dict[str, float]]] = {}
    alone = unread = 0
    tries = _Tries()
    for question, one, other in _trace_pairs(pair):
        matched = match(claims.get(one, ()), claims.get(other, ()), meaning)
        counts += _counted(matched)
        unread += matched.unread
        tries.note(question, matched, claims.get(one, ()), claims.get(other, ()))
        parts = split(matched)
        alone += parts is None
        if parts is not None:
            rows.setdefault(question, []).append(parts)
    told = tries.told()
    refusal = too_few(len(rows))
    if refusal and (not told or too_few(len(told[0]))):
        return Unscored(reason=refusal.reason, detail=f"{len(rows)} questions have decided claims on both sides")
    table = {part: _by_question(part, rows) for part in PARTS}
    said = [_sum(table, f"{label}_newly_said", f"{label}_no_longer_said") for label in ("supported", "refuted")]
    p = [f.p if isinstance(f := sign_flip(values, seed=seed), Permuted) else 1.0 for values in (*said, *told)]
    return ClaimChange(
        questions=len(rows),
        pairs_without_decided=alone,
        claim_pairs_unread=unread,
        counts=dict(sorted(counts.items())),
        total=_mean(_sum(table, *PARTS), seed=seed, draws=draws),
        parts={part: _mean(values, seed=seed, draws=draws) for part, values in table.items()},
        supported_said=_mean(said[0], seed=seed, draws=draws),
        refuted_said=_mean(said[1], seed=seed, draws=draws),
        supported_p=p[0],
        refuted_p=p[1],
        outcome="not_enough_evidence",
        samples=tries.least,
        learned=_mean(told[0], seed=seed, draws=draws) if told else Unscored(reason="too_few_samples"),
        dropped=_mean(told[1], seed=seed, draws=draws) if told else Unscored(reason="too_few_samples"),
        learned_p=p[2] if told else None,
        dropped_p=p[3] if told else None,
    )


def decided(found: Sequence[ClaimChange | Unscored]) -> list[ClaimChange | Unscored]:
    """The same with their p adjusted over all places, and what they show: pruning, adding, both, or not enough."""
    known = [change for change in found if isinstance(change, ClaimChange)]
    names = [[name for name in _TESTED if getattr(change, name) is not None] for change in known]
    tested = [getattr(change, name) for change, some in zip(known, names, strict=True) for name in some]
    adjusted = iter(benjamini_hochberg(tested))
    mended = iter(
        [
            msgspec.structs.replace(change, **{name: float(next(adjusted)) for name in some})
            for change, some in zip(known, names, strict=True)
        ]
    )
    return [_decided(next(mended)) if isinstance(change, ClaimChange) else change for change in found]


def _decided(change: ClaimChange) -> ClaimChange:
    if change.samples >= MIN_SAMPLES:
        adds = _shown(change.learned, change.learned_p)
        prunes = _shown(change.refuted_said, change.refuted_p) and _shown(change.dropped, change.dropped_p)
    else:
        adds = _shown(change.supported_said, change.supported_p)
        prunes = _shown(change.refuted_said, change.refuted_p)
    outcome: ClaimOutcome = "not_enough_evidence"
    if adds or prunes:
        outcome = "prunes_and_adds" if adds and prunes else "adds" if adds else "prunes"
    return msgspec.structs.replace(change, outcome=outcome)


def _shown(measure: Interval | Unscored, p: float | None) -> bool:
    return p is not None and p <= _ALPHA and isinstance(measure, Interval) and measure.lower > 0


class _Tries:
    """What all paired tries of each side state about a question, and what of it the other side never states.

    Only paired traces count, as many on one side as on the other: who has more tries states more by chance.
    """

    def __init__(self) -> None:
        self._noted: dict[str, list[tuple[Matched, Sequence[Said], Sequence[Said]]]] = {}

    @property
    def least(self) -> int:
        """The least number of pairs of traces a question."""
        return min(map(len, self._noted.values()), default=0)

    def note(self, question: str, matched: Matched, one: Sequence[Said], other: Sequence[Said]) -> None:
        """One pair of traces with its claims."""
        self._noted.setdefault(question, []).append((matched, one, other))

    def told(self) -> tuple[Floats, ...]:
        """Claims learned and dropped, means a trace by question; nothing where there are too few tries to tell.

        What was learned is taken from the refuted claims that went only where something was learned on the whole:
        supported claims that went, too, are no refuted ones.
        """
        if self.least < MIN_SAMPLES:
            return ()
        learned = np.array([_learned(self._noted[q]) for q in sorted(self._noted)], dtype=np.float64)
        gone = np.array([_gone(self._noted[q]) for q in sorted(self._noted)], dtype=np.float64)
        return learned, gone - learned if learned.mean() > 0 else gone


def _learned(tries: Sequence[tuple[Matched, Sequence[Said], Sequence[Said]]]) -> float:
    """Supported claims a trace that no try of the baseline states, less those that no try of the candidate does."""
    before = {_words(claim.text) for _, said, _ in tries for claim in said}
    after = {_words(claim.text) for _, _, said in tries for claim in said}
    new = sum(_never(matched.newly_said, before) for matched, _, _ in tries)
    return (new - sum(_never(matched.no_longer_said, after) for matched, _, _ in tries)) / len(tries)


def _gone(tries: Sequence[tuple[Matched, Sequence[Said], Sequence[Said]]]) -> float:
    """Refuted claims a trace that are no longer said, less those newly said."""
    return sum(_refuted(m.no_longer_said) - _refuted(m.newly_said) for m, _, _ in tries) / len(tries)


def _never(claims: Sequence[Said], stated: Collection[tuple[str, ...]]) -> int:
    """How many supported claims on topic are stated nowhere in what was stated."""
    new = (c for c in claims if c.verdict == "supported" and c.on_topic)
    return sum(_words(claim.text) not in stated for claim in new)


def _refuted(claims: Sequence[Said]) -> int:
    """How many claims on topic are refuted."""
    return sum(claim.verdict == "refuted" and claim.on_topic for claim in claims)


def _by_question(part: str, rows: Mapping[str, Sequence[Mapping[str, float]]]) -> Floats:
    """The mean of a part over the trace pairs of each question."""
    return np.array([sum(one[part] for one in found) / len(found) for found in rows.values()], dtype=np.float64)


def _sum(table: Mapping[str, Floats], *parts: str) -> Floats:
    return np.asarray(np.sum([table[part] for part in parts], axis=0), dtype=np.float64)


def _mean(values: Floats, *, seed: int, draws: int) -> Interval | Unscored:
    found = mean_difference(values, np.arange(len(values)), seed=seed, draws=draws)
    if isinstance(found, Unscored):
        return found
    ends = limits(found)
    return Interval(estimate=found.estimate, lower=ends.lower, upper=ends.upper, level=ends.level, n=found.clusters)


def _trace_pairs(pair: Pair) -> list[tuple[str, str, str]]:
    """(question, trace of the baseline, trace of the candidate), in the order of questions."""
    columns = ("question_key", "trace_id")
    sides = [
        rows.select(*columns).sort(columns).with_columns(pl.int_range(pl.len()).over("question_key").alias("place"))
        for rows in (pair.baseline, pair.candidate)
    ]
    joined = sides[0].join(sides[1], on=["question_key", "place"], suffix="_other").sort("question_key", "place")
    return joined.select("question_key", "trace_id", "trace_id_other").rows()


def _by_meaning(
    before: Sequence[Said], after: Sequence[Said], left: Sequence[int], right: Sequence[int], *, meaning: Meaning
) -> tuple[list[tuple[int, int]], int]:
    """The surest pairs first, each claim once, and how many were not read.

    Only pairs that share a word and of which one is decided are asked.
    """
    pairs = [(one, other) for one in left for other in right if _worth_asking(before[one], after[other])]
    if not pairs:
        return [], 0
    said = sameness([(before[one], after[other]) for one, other in pairs], meaning)
    sure = {pair: found for pair, found in zip(pairs, said, strict=True) if isinstance(found, float)}
    found: list[tuple[int, int]] = []
    for pair in sorted(sure, key=lambda pair: (-sure[pair], pair)):
        if all(pair[0] != one and pair[1] != other for one, other in found):
            found.append(pair)
    return found, sum(isinstance(found, Unscored) for found in said)


def _worth_asking(one: Said, other: Said) -> bool:
    """A pair of undecided claims changes no index; claims that share no longer word hardly state one fact."""
    if one.verdict == other.verdict == "undecided":
        return False
    return any(len(word) >= _LONGER for word in {*_words(one.text)} & {*_words(other.text)})


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in _WORD.findall(text.casefold()) if word not in _EMPTY)


def _tally(claims: Sequence[Said]) -> Counter[str]:
    return Counter(claim.verdict for claim in claims)


def _counted(matched: Matched) -> Counter[str]:
    counts = Counter(f"{claim.verdict}_newly_said" for claim in matched.newly_said)
    counts += Counter(f"{claim.verdict}_no_longer_said" for claim in matched.no_longer_said)
    return counts + Counter(f"{other.verdict}_kept" for _, other in matched.kept)
