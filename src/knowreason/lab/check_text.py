"""A check in the terminal: truth beside measurement, and in plain words what it means that they agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.text import Text

from knowreason.lab.check import Check, GainCheck, Gains, KnowledgeCheck
from knowreason.records import Interval, Unscored
from knowreason.report.terminal import fitting, laid_out, paragraph, plain
from knowreason.report.words import counted, nats, nats_text, percent, share_text

_WIDTH = 100
_WORDS = {
    "needed_hop": "true step, needed",
    "true_hop": "true step, known already",
    "other_hop": "step that follows a false one",
    "false_claim": "false claim",
    "off_topic": "fact about something else",
    "filler": "filler",
}
_KNOWLEDGE = (29, 9, 9, 14, 8, 14, 7)
_KNOWLEDGE_AT_80 = (18, 7, 9, 13, 8, 10, 7)
_GAINS = (29, 10, 7, 20, 20, 7)
_GAINS_AT_80 = (18, 9, 7, 15, 15, 7)
_NO_GAINS = {
    "observer_reads_commitment_only": "the built-in observer reads commitment, which is none; give --scorer hf:FOLDER",
    "no_true_gains": "the truth names no gains; print the world with a declared reader",
}


def print_check(check: Check, console: Console | None = None) -> None:
    """Prints the two tables and what they say."""
    shown = console or _console()
    for part in (*_knowledge(check.knowledge, shown.width), *_gains(check, shown.width)):
        shown.print(part)


def agreeing(truth: float, measured: object) -> str:
    """Whether the true figure lies within the measured interval: "yes" or "no"; "–" where there is no interval."""
    if not isinstance(measured, Interval):
        return "–"
    return "yes" if measured.lower <= truth <= measured.upper else "no"


def _console() -> Console:
    console = Console(highlight=False)
    return Console(width=min(console.width, _WIDTH) if console.is_terminal else _WIDTH, highlight=False)


def _knowledge(models: Sequence[KnowledgeCheck], room: int) -> Iterable[RenderableType]:
    headings = (
        "",
        "claims",
        "truth:\nthey hold",
        "measured:\nhold (KI)",
        "decided",
        "decided\nrightly",
        "agrees",
    )
    rows = [
        (
            plain(each.model),
            f"{each.claims:,}",
            percent(each.share),
            share_text(each.ki),
            percent(each.decided / each.claims),
            f"{each.alike:,} of {each.decided:,}",
            agreeing(each.share, each.ki),
        )
        for each in models
    ]
    yield from _table(
        "Knowledge: which share of the claims holds", headings, rows, fitting(room, _KNOWLEDGE, _KNOWLEDGE_AT_80)
    )


def _gains(check: Check, room: int) -> Iterable[RenderableType]:
    if isinstance(check.gains, Unscored):
        yield paragraph("Gains are not compared", f"{_NO_GAINS[check.gains.reason]}.")
        yield paragraph("What agreeing means", _knowledge_words(check.knowledge))
        return
    headings = ("", "sentences", "truth", "measured", "measured − truth", "agrees")
    rows = [_gain_row(each) for each in check.gains.kinds]
    yield from _table(
        "Gain: what a sentence is worth for the right answer, nats", headings, rows, fitting(room, _GAINS, _GAINS_AT_80)
    )
    yield paragraph("Order of a trace's sentences", _order_words(check.gains))
    yield Text()
    yield paragraph("What agreeing means", f"{_knowledge_words(check.knowledge)} {_gain_words(check)}")


def _gain_row(gain: GainCheck) -> tuple[str, ...]:
    return (
        _WORDS[gain.kind],
        f"{gain.sentences:,}",
        nats(gain.true),
        nats_text(gain.measured),
        nats_text(gain.apart),
        agreeing(0.0, gain.apart),
    )


def _table(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int] | None
) -> Iterable[RenderableType]:
    yield from laid_out(Text(title, "bold"), headings, [[Text(cell) for cell in row] for row in rows], widths)


def _order_words(gains: Gains) -> str:
    order, traces = gains.order, counted(gains.traces, "trace")
    rest = f" {counted(gains.left_out, 'trace')} left out: no gains, or cut into other steps." if gains.left_out else ""
    if isinstance(order, Unscored):
        return f"no figure, too few of the {traces} have an order.{rest}"
    return (
        f"tau-b {order.estimate:.2f} [{order.lower:.2f}, {order.upper:.2f}] on average over {traces}; 1: by measured "
        f"gain they stand as by true gain, 0: no more than by chance.{rest}"
    )


def _knowledge_words(models: Sequence[KnowledgeCheck]) -> str:
    """For claims: how the truth was known, and where the interval holds it."""
    total = counted(sum(each.claims for each in models), "claim")
    verdicts = [(plain(each.model), agreeing(each.share, each.ki)) for each in models]
    return (
        f"The truth of {total} was written down before any was judged. A measured share agrees if its interval holds "
        f"the true one: {_where(verdicts)}. It speaks of decided claims only, so it says little where few are."
    )


def _gain_words(check: Check) -> str:
    """For gains: whose they are, and where they are right."""
    kinds = check.gains.kinds if isinstance(check.gains, Gains) else ()
    verdicts = [(_WORDS[each.kind], agreeing(0.0, each.apart)) for each in kinds]
    other = "" if check.reader == check.scorer else " The scorer of this audit is another: its gains need not agree."
    return (
        f"A true gain is that of a reader who knew beforehand what {_short(check.reader)} knew, computed exactly. A "
        f"measured gain agrees if the interval of the difference holds 0: {_where(verdicts)}. Whatever is measured, "
        f"steps that are needed must gain, filler must gain nothing and false claims must lose.{other} Of twenty rows "
        "one may fall outside by chance."
    )


def _where(verdicts: Sequence[tuple[str, str]]) -> str:
    """Who agrees, who does not, and who has no interval."""
    groups = {verdict: [name for name, said in verdicts if said == verdict] for verdict in ("yes", "no", "–")}
    if len(groups["yes"]) == len(verdicts):
        return "all do here"
    words = {"yes": "so do", "no": "not so", "–": "no interval for"}
    return "; ".join(f"{words[verdict]} {', '.join(names)}" for verdict, names in groups.items() if names)


def _short(name: str) -> str:
    """A model's name without its hash."""
    return plain(name.partition(" ")[0])
