"""Several scorers side by side: what each saw, how far they agree, and which is related to whom it scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from knowreason.frame import Agreement, Cell, Measure, OtherGain, Summary
from knowreason.records import Interval, Unscored
from knowreason.report.contents import Figure, Group, Row, Table
from knowreason.report.readings import benchmarks, model_name
from knowreason.report.words import counted, nats, reason_words

SCORERS_TITLE = "Several scorers"
SCORERS_NOTE = (
    "The same traces under every scorer that was asked, in nats. "
    "The first scorer's figures are those of all other tables."
)
AGREEMENT_NOTE = (
    "In ranks, for scorers have scales of their own: 1 is the same order, 0 none, -1 the reverse; all models of a "
    "benchmark together."
)
_FAMILY = (
    "{scorer} scores {model} of its own family ({family}, by its {seen_in}): a model finds the wording of its own "
    "family likelier, so a gain of this model over others may be the scorer's doing; ask a scorer of another family "
    "too."
)
_COMPARED = {
    "gain with gain": "",
    "commitment with gain": "commitment beside gain: two things, of which only the order is compared",
    "commitment with commitment": "commitment on both sides",
}
_NO_PARTS = Unscored(reason="observer_reads_commitment_only")


class ScorerRow(NamedTuple):
    """One model under one scorer: mean gains in nats over `traces`."""

    title: str
    model: str
    scorer: str
    informative: Measure
    total: Measure
    traces: int


def scorer_rows(summary: Summary) -> Iterator[ScorerRow]:
    """Every model of every benchmark under every scorer, the first scorer first; nothing where one was asked."""
    if not summary.others:
        return
    first = summary.agreement[0].scorers[0]
    for group in benchmarks(summary):
        for cell in group.cells:
            name, gain = model_name(cell), cell.gain
            own = gain.informative if summary.instruments.gain_means == "gain" else _NO_PARTS
            yield ScorerRow(group.title, name, first, own, gain.total, gain.traces)
            for found in summary.others:
                if _key(found) == _key(cell):
                    yield ScorerRow(group.title, name, found.scorer, found.informative, found.total, found.traces)


def agreement_sentences(summary: Summary) -> list[str]:
    """One sentence a pair of scorers and benchmark."""
    return [_sentence(found) for found in summary.agreement]


def family_notes(summary: Summary) -> list[str]:
    """A warning for every scorer that scores a model of its own family."""
    return [
        _FAMILY.format(scorer=f.scorer, model=f.model, family=f.family, seen_in=f.seen_in)
        for f in summary.shared_families
    ]


def scorers_table(summary: Summary) -> Table:
    """Gains of every model under every scorer."""
    rows = list(scorer_rows(summary))
    titles = list(dict.fromkeys(row.title for row in rows))
    return Table(
        ("Scorer", "Informative", "Total", "Traces"),
        tuple(Group(title, "", tuple(_row(row) for row in rows if row.title == title)) for title in titles),
    )


def agreement_table(summary: Summary) -> Table:
    """Rank correlations of every pair of scorers, a group a benchmark."""
    titles = list(dict.fromkeys(_title(found) for found in summary.agreement))
    groups = tuple(
        Group(title, "", tuple(_agreement_row(found) for found in summary.agreement if _title(found) == title))
        for title in titles
    )
    return Table(
        ("Steps of a trace (tau-b)", "Traces, informative gain (rho)", "Traces, total gain (rho)", "Traces"), groups
    )


def rank_text(measure: Measure) -> str:
    """A correlation with its interval: "0.31 [0.25, 0.37]", or why there is none."""
    if not isinstance(measure, Interval):
        return f"not measured ({reason_words(measure.reason)})"
    return f"{_rank(measure.estimate)} [{_rank(measure.lower)}, {_rank(measure.upper)}]"


def _sentence(found: Agreement) -> str:
    one, other = found.scorers
    compared = f" ({_COMPARED[found.compares]})" if _COMPARED[found.compares] else ""
    informative = (
        f", traces by informative gain {rank_text(found.informative)}" if found.compares == "gain with gain" else ""
    )
    left = f"; {found.left_out:,} left out" if found.left_out else ""
    return (
        f"{_title(found)}: {one} and {other}{compared} order the steps of a trace alike to {rank_text(found.steps)}"
        f"{informative}, traces by total gain {rank_text(found.total)}; {counted(found.traces, 'trace')}{left}."
    )


def _row(row: ScorerRow) -> Row:
    figures = (Figure(row.scorer), *(_nats(measure) for measure in (row.informative, row.total)))
    return Row(row.model, "", "", (*figures, Figure(f"{row.traces:,}")))


def _agreement_row(found: Agreement) -> Row:
    figures = (_correlation(measure) for measure in (found.steps, found.informative, found.total))
    left = f"{found.left_out:,} left out" if found.left_out else ""
    return Row(
        " and ".join(found.scorers), _COMPARED[found.compares], "", (*figures, Figure(f"{found.traces:,}", note=left))
    )


def _nats(measure: Measure) -> Figure:
    if not isinstance(measure, Interval):
        return Figure(reason_words(measure.reason), missing=True)
    lower, upper = nats(measure.lower), nats(measure.upper)
    return Figure(nats(measure.estimate), f"{lower} to {upper}", sort=measure.estimate)


def _correlation(measure: Measure) -> Figure:
    if not isinstance(measure, Interval):
        return Figure(reason_words(measure.reason), missing=True)
    lower, upper = _rank(measure.lower), _rank(measure.upper)
    return Figure(_rank(measure.estimate), f"{lower} to {upper}", sort=measure.estimate)


def _rank(value: float) -> str:
    return nats(value).lstrip("+")


def _title(found: Agreement) -> str:
    return found.benchmark if found.condition == "cot" else f"{found.benchmark} ({found.condition.replace('_', ' ')})"


def _key(found: OtherGain | Cell) -> tuple[str, ...]:
    return (found.domain, found.benchmark, found.model, found.variant, found.condition)
