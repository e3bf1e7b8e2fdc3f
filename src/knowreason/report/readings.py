"""What the figures say in sentences, and what they do not: verdicts first, each with its interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from math import hypot
from statistics import NormalDist
from typing import NamedTuple

from knowreason.frame import Cell, Measure, Summary
from knowreason.records import Interval, Unscored
from knowreason.report.words import MEASURES, counted, percent, reason_words, share_text

_LOW_COVERAGE = 0.5


class Benchmark(NamedTuple):
    """The cells of one benchmark, asked in one way; `title` also names the way where it is not the usual one."""

    title: str
    domain: str
    questions: str
    cells: tuple[Cell, ...]


class Reading(NamedTuple):
    """The sentences about one benchmark."""

    title: str
    sentences: tuple[str, ...]


def benchmarks(summary: Summary) -> list[Benchmark]:
    """The cells grouped by benchmark and condition, in the summary's order of domains and benchmarks."""
    order = sorted(summary.cells, key=lambda c: (c.domain, c.benchmark, c.condition, c.model, c.variant))
    groups = groupby(order, key=lambda c: (c.domain, c.benchmark, c.condition))
    return [_benchmark(domain, name, condition, tuple(cells)) for (domain, name, condition), cells in groups]


def _benchmark(domain: str, name: str, condition: str, cells: tuple[Cell, ...]) -> Benchmark:
    fewest, most = min(c.questions for c in cells), max(c.questions for c in cells)
    questions = counted(most, "question") if fewest == most else f"{fewest:,} to {most:,} questions"
    return Benchmark(
        title=benchmark_title(name, condition),
        domain=domain,
        questions=questions,
        cells=cells,
    )


def benchmark_title(name: str, condition: str) -> str:
    """The benchmark, with the way it was asked where that is not the usual one."""
    return name if condition == "cot" else f"{name} ({condition.replace('_', ' ')})"


def model_name(cell: Cell) -> str:
    """The model, with its variant where that adds something."""
    return variant_name(cell.model, cell.variant)


def variant_name(model: str, variant: str) -> str:
    """The model, with its variant where that adds something."""
    return f"{model} ({variant})" if variant not in ("", "unknown") and variant not in model else model


def readings(summary: Summary) -> list[Reading]:
    """Two or three sentences a benchmark; a difference is named only where `apart` finds one."""
    groups = benchmarks(summary)
    pairs = 2 * sum(len(group.cells) * (len(group.cells) - 1) // 2 for group in groups)
    return [Reading(group.title, tuple(_sentences(group.cells, pairs))) for group in groups]


def apart(high: Interval, low: Interval, pairs: int) -> bool:
    """Whether `high` is above `low` for a reader who looks at `pairs` pairs: a cautious, unpaired test.

    The intervals must not meet, and the difference must exceed z(1 - (1 - level) / (2 pairs)) standard errors
    (Bonferroni; standard errors from the halves of the intervals that face each other).
    """
    if low.upper >= high.lower:
        return False
    tail, normal = (1 - high.level) / 2, NormalDist()
    spread = hypot(high.estimate - high.lower, low.upper - low.estimate) / normal.inv_cdf(1 - tail)
    return high.estimate - low.estimate > normal.inv_cdf(1 - tail / max(pairs, 1)) * spread


def _sentences(cells: Sequence[Cell], pairs: int) -> Iterable[str]:
    yield _ranked(
        cells,
        pairs,
        lambda c: c.accuracy,
        one="{name} answers {share} right.",
        best="{name} answers most questions right: {share}",
        alike="Right answers do not tell the models apart",
        none="Accuracy was not measured: {why}.",
    )
    yield _ranked(
        cells,
        pairs,
        lambda c: c.knowledge.ki,
        one="Of the claims that the corpus decides, {share} of those of {name} hold.",
        best="Of the claims that the corpus decides, those of {name} hold most often: {share}",
        alike="The share of decided claims that hold does not tell the models apart",
        none="Knowledge was not measured: {why}.",
    )
    thin = [c for c in cells if _below(c.knowledge.coverage, _LOW_COVERAGE) and isinstance(c.knowledge.ki, Interval)]
    if thin:
        shares = [c.knowledge.coverage.estimate for c in thin if isinstance(c.knowledge.coverage, Interval)]
        low, high = percent(min(shares)), percent(max(shares))
        yield (
            f"Only {low if low == high else f'{low} to {high}'} of the claims "
            f"{'' if len(thin) == len(cells) else f'of {_listed([model_name(c) for c in thin])} '}could be decided: "
            "read the share that holds with its bounds."
        )


def _ranked(
    cells: Sequence[Cell],
    pairs: int,
    measure: Callable[[Cell], Measure],
    *,
    one: str,
    best: str,
    alike: str,
    none: str,
) -> str:
    found = [(cell, m) for cell in cells if isinstance(m := measure(cell), Interval)]
    if not found:
        reasons = Counter(m.reason for cell in cells if isinstance(m := measure(cell), Unscored))
        return none.format(why=reason_words(reasons.most_common(1)[0][0]))
    top, highest = max(found, key=lambda pair: pair[1].estimate)
    said = {"name": model_name(top), "share": share_text(highest)}
    if len(found) == 1:
        return one.format(**said)
    others = [(model_name(cell), m) for cell, m in found if cell is not top]
    below = [f"{name} ({share_text(m)})" for name, m in others if apart(highest, m, pairs)]
    near = [f"{name} ({share_text(m)})" for name, m in others if not apart(highest, m, pairs)]
    if not below:
        return f"{alike}: {_listed([f'{model_name(top)} ({share_text(highest)})', *near])}."
    clauses = [best.format(**said), f"clearly above {_listed(below)}"]
    if near:
        many = f"any of the other {len(near)} models" if len(near) == len(others) > 3 else _listed(near)
        clauses.append(f"not told apart from {many}")
    return ", ".join(clauses) + "."


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:3]) + ([f"{len(names) - 3} more"] if len(names) > 3 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _below(measure: Measure, limit: float) -> bool:
    return isinstance(measure, Interval) and measure.estimate < limit


def unscored_totals(summary: Summary) -> dict[str, Counter[str]]:
    """How often each reason occurred over the whole run, by measure in a fixed order."""
    totals: dict[str, Counter[str]] = {}
    for cell in summary.cells:
        for measure, reasons in cell.unscored.items():
            totals.setdefault(measure, Counter()).update(reasons)
    return {measure: totals[measure] for measure in MEASURES if measure in totals}


def integrity_totals(summary: Summary) -> Counter[str]:
    """Traces by integrity over the whole run."""
    return sum((Counter(cell.integrity) for cell in summary.cells), Counter[str]())
