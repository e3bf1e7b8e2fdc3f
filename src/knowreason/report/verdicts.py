"""The first page's answers: one sentence a question, verdict first, with its interval and its evidence."""

from __future__ import annotations

from collections.abc import Iterable

from knowreason.frame import Summary
from knowreason.report.contents import Count, Counts, Finding, Map, State, Verdict
from knowreason.report.findings import Documents, doubts
from knowreason.report.links import find_link, map_link
from knowreason.report.readings import integrity_totals, readings, unscored_totals
from knowreason.report.words import INTEGRITY, MEASURES, capitalised, counted, reason_words

_MOST_ANSWERS = 6


def verdicts(summary: Summary, found: Map) -> list[Verdict]:
    """The questions of the map that this run answers, then what the figures of each benchmark say."""
    return [*_answered(found), *_read(summary)]


def advice(summary: Summary, found: Map, documents: Documents) -> list[tuple[str, str]]:
    """The next acts that would answer what this run leaves unanswered: what, and the command."""
    transfer = next(node for node in found.nodes if node.id == "transfer")
    models = {(cell.model, cell.variant) for cell in summary.cells}
    said: list[tuple[str, str]] = []
    if not transfer.findings and len(models) > 1:
        said.append(("Whether anything transfers was not asked yet:", transfer.command))
    if documents.comparison and documents.comparison.trained_on is None:
        said.append((_AT_HOME, f"{transfer.command} --trained-on DOMAIN"))
    if len(models) == 1:
        said.append((_ALONE, ""))
    return said


_AT_HOME = (
    "What was learned where a model was trained counts as transfer here, until the domain of the training is named:"
)
_ALONE = "One model alone: audit it together with the model it was tuned from to see what a training changed."


def counts(summary: Summary) -> list[Counts]:
    """Traces by integrity, and what was not measured by its reason, each with a link to the traces it counts."""
    whole = [
        Count(INTEGRITY.get(kind, kind), count, find_link(integrity=kind))
        for kind, count in integrity_totals(summary).items()
    ]
    shown = [Counts("Integrity of the traces", tuple(whole))] if whole else []
    for measure, reasons in unscored_totals(summary).items():
        rows = tuple(_reason(measure, reason, count) for reason, count in reasons.most_common())
        shown.append(Counts(f"Not measured: {MEASURES.get(measure, measure)}", rows))
    return shown


def _reason(measure: str, reason: str, count: int) -> Count:
    return Count(reason_words(reason), count, find_link(why=f"{measure}:{reason}"))


def _answered(found: Map) -> Iterable[Verdict]:
    for node in found.nodes:
        if node.state == "unmeasured":
            continue
        told = [finding for finding in node.findings if finding.state != "unmeasured"]
        rest = len(node.findings) - len(told[:_MOST_ANSWERS])
        more = (f"{counted(rest, 'more finding')} stand{'s' if rest == 1 else ''} on the map.",) if rest else ()
        answers = tuple(_answer(finding) for finding in told[:_MOST_ANSWERS])
        yield Verdict(node.question, node.state, node.outcome, answers, more, map_link(node.id))


def _answer(finding: Finding) -> tuple[State, str, str, str]:
    effect = next((line.said for line in finding.effects if line.measured), "")
    said = ", ".join(filter(None, (finding.outcome, effect)))
    return finding.state, finding.about or finding.sentence, said, capitalised(doubts(finding))


def _read(summary: Summary) -> Iterable[Verdict]:
    for reading in readings(summary):
        yield Verdict(reading.title, "open", "", (), reading.sentences, find_link(benchmark=reading.title))
