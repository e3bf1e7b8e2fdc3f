"""The summary as tables of figures, ready to be drawn: words, numbers and bar positions, no markup."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from knowreason.frame import Cell, Measure, Summary
from knowreason.frame.scores import PARTS
from knowreason.records import Interval, Part
from knowreason.report.contents import Bar, Figure, Group, Row, Table
from knowreason.report.links import cell_link
from knowreason.report.published import plain_number
from knowreason.report.readings import benchmarks, model_name
from knowreason.report.terms import explained
from knowreason.report.words import INTEGRITY, count_text, counted, nats, nats_text, part_words, percent, reason_words

Column = tuple[str, Callable[[Cell], Figure]]
_CONTENT_RULES = {
    "verbatim": "in its own words",
    "paraphrase": "paraphrased",
    "number": "as a number",
    "unstated": "only in the statement",
    "none": "options cannot be told apart in text",
}


def main_table(summary: Summary) -> Table:
    """What a reader looks for first: right answers, claims that hold with their coverage, gain, and length."""
    words = part_words(summary.instruments.gain_means)
    shown = [m for c in summary.cells for m in (c.gain.total, c.gain.informative, c.gain.commitment)]
    axis = _axis(shown)
    columns: list[Column] = [
        ("Right answers", _linked(lambda c: _share(c.accuracy, _graded(c)), sort="grade")),
        (
            "Claims that hold (Knowledge Index)",
            _linked(lambda c: _share(c.knowledge.ki, _decided(c)), claims="decided"),
        ),
        (total_words(summary), _linked(lambda c: _nats(c.gain.total, axis), sort="gain")),
        (
            words["informative"].capitalize(),
            _linked(lambda c: _nats(c.gain.informative, axis, _parts_note(c, "informative")), sort="informative"),
        ),
        (words["commitment"].capitalize(), _linked(lambda c: _nats(c.gain.commitment, axis), sort="stating")),
        ("Steps", _linked(lambda c: _count(c.steps), sort="steps")),
        ("Tokens", _linked(lambda c: _count(c.tokens), sort="tokens")),
    ]
    return _table(summary, columns)


def knowledge_table(summary: Summary) -> Table:
    """Right answers and claims that hold, with their coverage, bounds and length."""
    columns: list[Column] = [
        ("Right answers", lambda c: _share(c.accuracy, f"{c.graded:,} of {c.traces:,} graded")),
        ("No answer", lambda c: _plain_share(c.no_answer, _said("strict rule: {}", c.no_answer_strict))),
        ("Claims that hold (Knowledge Index)", lambda c: _share(c.knowledge.ki, _bounds(c))),
        ("Claims decided", _coverage),
        ("Hold, before committing", lambda c: _plain_share(c.knowledge.before_commitment)),
        ("Hold, on topic", lambda c: _plain_share(c.knowledge.on_topic)),
        ("Length", _length),
    ]
    return _table(summary, columns)


def gain_table(summary: Summary) -> Table:
    """What the observer saw: the total and its four parts in nats, and where traces commit."""
    words = part_words(summary.instruments.gain_means)
    axis = _axis(m for c in summary.cells for m in (c.gain.total, *(_part(c, p) for p in PARTS)))
    columns: list[Column] = [
        ("Total", lambda c: _nats(c.gain.total, axis, _start(c))),
        *((words[part].capitalize(), _part_column(part, axis)) for part in PARTS),
        (f"{words['informative'].capitalize()}, per 100 tokens", _density),
        (
            "Commits at",
            lambda c: _plain_share(c.commitment.content_at, _said("{} before stating it", c.commitment.early)),
        ),
        ("Misled mass", _misled),
    ]
    return _table(summary, columns)


def paper_table(summary: Summary) -> Table:
    """The published figures with the step counts they depend on, and our own index beside theirs."""
    columns: list[Column] = [
        ("KI as published", _paper_ki),
        ("Claims that hold (Knowledge Index)", lambda c: _plain_share(c.knowledge.ki)),
        ("InfoGain as published, perplexity per step", _paper_infogain),
        ("Length", _length),
    ]
    return _table(summary, columns)


def _paper_ki(cell: Cell) -> Figure:
    if cell.paper is None:
        return Figure("not asked for", missing=True)
    return _plain_share(cell.paper.ki, counted(cell.paper.traces_with_ki, "trace"))


def _paper_infogain(cell: Cell) -> Figure:
    if cell.paper is None:
        return Figure("not asked for", missing=True)
    measure, note = cell.paper.infogain, counted(cell.paper.traces_with_infogain, "trace")
    if not isinstance(measure, Interval):
        return _missing(measure, note)
    lower, upper = plain_number(measure.lower), plain_number(measure.upper)
    return Figure(plain_number(measure.estimate), f"{lower} to {upper}", note, sort=measure.estimate)


def total_words(summary: Summary) -> str:
    """What the fall of the right answer's surprisal over a whole text may be called."""
    return "Commitment to the gold answer" if summary.instruments.gain_means == "commitment" else "Total gain"


def _linked(column: Callable[[Cell], Figure], **filters: str) -> Callable[[Cell], Figure]:
    """The same figure with a link to the traces that it rests on."""
    return lambda cell: msgspec.structs.replace(column(cell), link=cell_link(cell, **filters))


def _count(measure: Measure) -> Figure:
    if not isinstance(measure, Interval):
        return _missing(measure)
    low, high = (f"{end:,.0f}" if measure.estimate >= 20 else f"{end:.1f}" for end in (measure.lower, measure.upper))
    value = f"{measure.estimate:,.0f}" if measure.estimate >= 20 else f"{measure.estimate:.1f}"
    return Figure(value, f"{low}–{high}", sort=measure.estimate)


def _graded(cell: Cell) -> str:
    return "" if cell.graded == cell.traces else f"{cell.graded:,} of {cell.traces:,} graded"


def _decided(cell: Cell) -> str:
    coverage = cell.knowledge.coverage
    return f"{percent(coverage.estimate)} of claims decided" if isinstance(coverage, Interval) else ""


def _length(cell: Cell) -> Figure:
    if not isinstance(cell.steps, Interval):
        return _missing(cell.steps)
    steps = cell.steps.estimate
    return Figure(f"{count_text(cell.steps)} steps", note=f"{count_text(cell.tokens)} tokens", sort=steps)


def _density(cell: Cell) -> Figure:
    measure = cell.gain.density
    length = isinstance(cell.reasoning_tokens, Interval)
    tokens = f", {count_text(cell.reasoning_tokens)} tokens before the statement" if length else ""
    note = f"{count_text(cell.steps)} steps{tokens}" if isinstance(cell.steps, Interval) else ""
    if not isinstance(measure, Interval):
        return _missing(measure, note)
    ends = f"{nats(measure.lower, 3)} to {nats(measure.upper, 3)}"
    return Figure(nats(measure.estimate, 3), ends, note, sort=measure.estimate)


def _part_column(part: Part, axis: tuple[float, float]) -> Callable[[Cell], Figure]:
    return lambda cell: _nats(_part(cell, part), axis, _parts_note(cell, part))


def integrity_table(summary: Summary) -> Table:
    """Traces by integrity; only kinds that occur have a column."""
    return _count_table(summary, INTEGRITY, lambda cell: cell.integrity)


def rules_table(summary: Summary) -> Table:
    """Traces by the rule that recognised the content they commit to."""
    return _count_table(summary, _CONTENT_RULES, lambda cell: cell.commitment.rules)


def _count_table(summary: Summary, words: Mapping[str, str], counts: Callable[[Cell], Mapping[str, int]]) -> Table:
    def column(kind: str) -> Callable[[Cell], Figure]:
        def shown(cell: Cell) -> Figure:
            count = counts(cell).get(kind, 0)
            link = cell_link(cell, integrity=kind) if words is INTEGRITY and count else ""
            return Figure(f"{count:,}", sort=count, link=link)

        return shown

    found = [kind for kind in words if any(kind in counts(cell) for cell in summary.cells)]
    return _table(summary, [(words[kind], column(kind)) for kind in found])


def _table(summary: Summary, columns: Sequence[Column]) -> Table:
    groups = tuple(
        Group(
            title=group.title,
            note=", ".join(filter(None, (group.domain, group.questions))),
            rows=tuple(_row(cell, columns) for cell in group.cells),
        )
        for group in benchmarks(summary)
    )
    headings = tuple(heading for heading, _ in columns)
    return Table(headings, groups, tuple(explained(headings, summary.instruments.gain_means)))


def _row(cell: Cell, columns: Sequence[Column]) -> Row:
    figures = tuple(figure(cell) for _, figure in columns)
    return Row(model_name(cell), counted(cell.traces, "trace"), cell_link(cell), figures)


def _share(measure: Measure, note: str = "") -> Figure:
    if not isinstance(measure, Interval):
        return _missing(measure, note)
    bar = Bar(measure.lower * 100, measure.upper * 100, measure.estimate * 100, None)
    return msgspec.structs.replace(_plain_share(measure, note), bar=bar)


def _plain_share(measure: Measure, note: str = "") -> Figure:
    if not isinstance(measure, Interval):
        return _missing(measure, note)
    ends = f"{measure.lower * 100:.0f}–{measure.upper * 100:.0f}"
    return Figure(percent(measure.estimate), ends, note, sort=measure.estimate)


def _nats(measure: Measure, axis: tuple[float, float], note: str = "") -> Figure:
    if not isinstance(measure, Interval):
        return _missing(measure, note)
    low, width = axis[0], axis[1] - axis[0]
    places = ((v - low) / width * 100 for v in (measure.lower, measure.upper, measure.estimate, 0.0))
    return msgspec.structs.replace(_plain_nats(measure), note=note, bar=Bar(*places))


def _plain_nats(measure: Measure) -> Figure:
    if not isinstance(measure, Interval):
        return _missing(measure)
    ends = f"{nats(measure.lower)} to {nats(measure.upper)}"
    return Figure(nats(measure.estimate), ends, sort=measure.estimate)


def _misled(cell: Cell) -> Figure:
    """A sum of losses is never negative, so it has no sign; how far traces got sure of a wrong answer is beside it."""
    measure, sure = cell.gain.misled_mass, cell.gain.confident_wrong
    note = f"confident wrong {nats_text(sure)}" if isinstance(sure, Interval) else ""
    if not isinstance(measure, Interval):
        return _missing(measure, note)
    return Figure(f"{measure.estimate:.2f}", f"{measure.lower:.2f} to {measure.upper:.2f}", note, sort=measure.estimate)


def _missing(measure: Measure, note: str = "") -> Figure:
    assert not isinstance(measure, Interval)
    return Figure(reason_words(measure.reason), note=note, missing=True)


def _said(note: str, measure: Measure) -> str:
    """A note with a share in it; none without the share."""
    return note.format(percent(measure.estimate)) if isinstance(measure, Interval) else ""


def _axis(measures: Iterable[Measure]) -> tuple[float, float]:
    """A common axis that holds every interval and zero."""
    ends = [0.0] + [end for m in measures if isinstance(m, Interval) for end in (m.lower, m.upper)]
    low, high = min(ends), max(ends)
    return (low, high) if high > low else (-1.0, 1.0)


def _bounds(cell: Cell) -> str:
    lower, upper = cell.knowledge.lower, cell.knowledge.upper
    return "" if lower is None or upper is None else f"bounds {lower * 100:.0f} to {percent(upper)}"


def _coverage(cell: Cell) -> Figure:
    known = cell.knowledge
    decided = known.supported + known.refuted
    each = known.claims_per_trace
    rate = f"; {count_text(each)} a trace" if isinstance(each, Interval) else ""
    note = f"{decided:,} of {counted(known.claims, 'claim')}{rate}"
    return _plain_share(known.coverage, note)


def _part(cell: Cell, part: str) -> Measure:
    return getattr(cell.gain, part)


def _start(cell: Cell) -> str:
    start = cell.gain.surprisal_before
    said = f"; surprisal {start.estimate:.2f} before any reasoning" if isinstance(start, Interval) else ""
    return f"{cell.gain.traces:,} of {counted(cell.traces, 'trace')}{said}"


def _parts_note(cell: Cell, part: str) -> str:
    if part != "informative":
        return ""
    readable = cell.gain.informative_where_read
    said = f"; {nats(readable.estimate)} where options can be read" if isinstance(readable, Interval) else ""
    return f"{counted(cell.gain.traces_with_parts, 'trace')}{said}"
