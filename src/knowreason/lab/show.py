"""What a run of the lab found, as tables: in the terminal, as markdown, and as a page that loads nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from knowreason.lab.over_seeds import experiment_tables
from knowreason.lab.pictures import pictures, svg
from knowreason.lab.results import LabResult, Measure, RateResult, WorldResult
from knowreason.lab.table import LabTable
from knowreason.records import Interval

ORDER_MARK, SEPARATION_MARK, RECUT_MARK = 0.8, 0.95, 1e-6
"""The pass marks of experiment 1, set before it was run."""

_NARROWEST = 118  # columns: in fewer every cell would wrap
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid #ccc; text-align: right; }
figure { margin: 1rem 0; max-width: 48rem; }
th:first-child, td:first-child { text-align: left; }
.wide { overflow-x: auto; }
</style></head><body>
<h1>{{ title }}</h1>
<p>{{ lead }}</p>
{% for picture in pictures %}<figure>{{ picture }}</figure>
{% endfor %}{% for table in tables %}<h2>{{ table.title }}</h2><p>{{ table.note }}</p>
<div class="wide"><table>
<thead><tr>{% for h in table.headings %}<th scope="col">{{ h }}</th>{% endfor %}</tr></thead><tbody>
{% for row in table.rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
{% endfor %}</body></html>
"""


def tables(result: LabResult) -> list[LabTable]:
    """The tables of a run: truth against measurement first."""
    worlds = result.measures
    first = [_verdicts, _separations, _gains, _knowledge, _published, _observers] if worlds else []
    return [*(table(worlds) for table in first), *experiment_tables(result)]


def lead(result: LabResult) -> str:
    """One sentence on what was run."""
    seeds = ", ".join(str(world.seed) for world in result.measures)
    return (
        f"Preset {result.preset}, knowreason {result.version}, worlds {seeds}: "
        "every figure is measured by the audit on text whose truth was written first."
    )


def print_result(result: LabResult) -> None:
    """The tables in the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal or console.width < _NARROWEST:
        console = Console(highlight=False, width=_NARROWEST)
    console.print(lead(result), style="bold")
    for table in tables(result):
        console.print(f"\n{table.title}", style="bold")
        console.print(table.note)
        shown = Table(box=SIMPLE_HEAD, pad_edge=False)
        for i, heading in enumerate(table.headings):
            shown.add_column(heading, justify="left" if i == 0 else "right")
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)


def markdown(result: LabResult) -> str:
    """The tables as markdown."""
    parts = [lead(result)]
    for table in tables(result):
        rule = "|".join("---" if i == 0 else "---:" for i, _ in enumerate(table.headings))
        lines = [f"| {' | '.join(table.headings)} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in table.rows)]
        parts += [f"### {table.title}", table.note, "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def write_page(result: LabResult, folder: Path) -> Path:
    """Writes lab.html into the folder of a run; returns its path."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(_PAGE)
    target, temporary = folder / "lab.html", folder / ".lab.html.tmp"
    shown = [
        Markup(svg(picture)) for picture in pictures(result)
    ]  # made here, of nothing but figures and our own words
    text = page.render(title="The lab", lead=lead(result), tables=tables(result), pictures=shown)
    temporary.write_text(text, "utf-8")
    os.replace(temporary, target)
    return target


def _verdicts(worlds: Sequence[WorldResult]) -> LabTable:
    """The pass marks, world by world and rate by rate."""
    rows = [
        (
            f"world {world.seed}, filler {rate.filler:g}",
            _marked(rate.order),
            _mark(rate.order, ORDER_MARK),
            *(
                text
                for above, below in (("needed_hop", "filler"), ("filler", "misleading_claim"))
                for text in _judged(rate, above, below)
            ),
        )
        for world in worlds
        for rate in world.rates
    ]
    return LabTable(
        "Measured gains against the true ones",
        f"Order: mean Kendall tau-b within traces, pass mark {ORDER_MARK:g}. Separation: AUROC by single sentences, "
        f"pass mark {SEPARATION_MARK:g}. A hop is needed where it is worth .05 nats or more to the declared reader, a "
        "false claim misleads where it costs him as much. Intervals are 95 %, resampled by trace.",
        ("", "order", "pass", "needed hop over filler", "pass", "filler over misleading", "pass"),
        tuple(rows),
    )


def _separations(worlds: Sequence[WorldResult]) -> LabTable:
    rows = [
        (
            f"world {world.seed}, filler {rate.filler:g}",
            *(f"{_short(s.measured)} ({_short(s.perfect)})" for s in rate.separations),
        )
        for world in worlds
        for rate in world.rates
    ]
    headings = [f"{s.above} over {s.below}".replace("_", " ") for s in worlds[0].rates[0].separations]
    return LabTable(
        "All separations, measured (and by the true gains themselves)",
        "In brackets the separation by the true gains themselves, ties counting one half: a true hop that the reader "
        "knows already is worth nothing to him, and a false claim that he cannot follow costs him nothing.",
        ("", *headings),
        tuple(rows),
    )


def _gains(worlds: Sequence[WorldResult]) -> LabTable:
    rows = [
        (
            f"world {world.seed}, filler {rate.filler:g}",
            f"{gain.kind.replace('_', ' ')} ({gain.sentences})",
            _measure(gain.measured),
            _measure(gain.true),
        )
        for world in worlds
        for rate in world.rates
        for gain in rate.gains
    ]
    return LabTable(
        "Mean gain of each kind of sentence, nats",
        "The true gain is that of the declared reader, by enumerating both routes.",
        ("", "kind (sentences)", "measured", "true"),
        tuple(rows),
    )


def _knowledge(worlds: Sequence[WorldResult]) -> LabTable:
    rows = [
        (
            f"world {world.seed}, filler {rate.filler:g}",
            f"{k.table:.3f}",
            f"{k.measured:.3f}",
            f"{k.alike} of {k.traces}",
            f"{k.published:.3f}",
            "not asked" if k.builtin is None else f"{k.builtin:.3f} (decided {k.builtin_coverage:.0%})",
        )
        for world in worlds
        for rate in world.rates
        for k in (rate.knowledge,)
    ]
    rows += [
        (
            f"world {world.seed}, arithmetic for an answer",
            "no claim",
            f"{world.nonsense.with_index} of {world.nonsense.traces} have one",
            "",
            f"{world.nonsense.published:.3f}",
            "",
        )
        for world in worlds
    ]
    return LabTable(
        "The Knowledge Index against the table's look-up",
        "With the table as verifier the audit's index is the look-up itself: retrieval, claims and verdicts lose "
        "nothing. The published formula counts every step without a claim as true.",
        ("", "table", "KI", "traces alike", "KI as published", "KI by the built-in verifier"),
        tuple(rows),
    )


def _published(worlds: Sequence[WorldResult]) -> LabTable:
    rows = [
        (
            f"world {world.seed}, filler {rate.filler:g}",
            f"{t.steps:.1f}",
            f"{t.true:.2f}",
            f"{t.measured:.2f}",
            _tau(t.order),
            f"{t.published:.2f}",
            _tau(t.published_order),
        )
        for world in worlds
        for rate in world.rates
        for t in (rate.totals,)
    ]
    rows += [
        (
            f"world {world.seed}, every step cut in two",
            "twice",
            "the same",
            f"moves by {r.total:.0e} at most",
            "pass" if r.total <= RECUT_MARK else "fail",
            f"{r.published_before:.2f} becomes {r.published_after:.2f}",
            "pass" if abs(r.published_after - r.published_before) <= RECUT_MARK else "fail",
        )
        for world in worlds
        for r in (world.recut,)
    ]
    return LabTable(
        "Totals: ours and the published formula beside the truth",
        "Means over traces, before the statement of the answer; tau-b over traces with the true total gain. Cutting "
        f"every step in two must move no total by more than {RECUT_MARK:g} nats. The published figure divides by the "
        "number of steps, so it moves towards 0 with every sentence that says nothing and with every cut.",
        ("", "steps", "true total", "measured total", "tau-b", "InfoGain as published", "tau-b"),
        tuple(rows),
    )


def _observers(worlds: Sequence[WorldResult]) -> LabTable:
    kinds = sorted({kind for world in worlds for kind in world.recall})
    rows = [
        (
            f"world {world.seed}",
            world.checkpoint,
            f"{world.parameters:,}",
            f"{world.trained_seconds:.0f}",
            f"{world.trust:.2f}",
            *(f"{world.recall[kind]:.2f}" if kind in world.recall else "" for kind in kinds),
        )
        for world in worlds
    ]
    return LabTable(
        "The observers, and their closed book",
        "Recall of the table's value, by how often the training text states it rightly; of strangers it states "
        "nothing. The recall of each fact was fixed before any gain was measured: it declares the reader whose gain is "
        "the true one.",
        ("", "checkpoint", "parameters", "seconds of training", "trust", *(f"recall {kind}" for kind in kinds)),
        tuple(rows),
    )


def _judged(rate: RateResult, above: str, below: str) -> tuple[str, str]:
    found = next(s for s in rate.separations if (s.above, s.below) == (above, below))
    return _marked(found.measured), _mark(found.measured, SEPARATION_MARK)


def _mark(measure: Measure, mark: float) -> str:
    if not isinstance(measure, Interval):
        return "not measured"
    return "pass" if measure.estimate >= mark else "fail"


def _measure(measure: Measure) -> str:
    if not isinstance(measure, Interval):
        return measure.reason.replace("_", " ")
    return f"{measure.estimate:.2f} [{measure.lower:.2f}, {measure.upper:.2f}]"


def _marked(measure: Measure) -> str:
    """With a third digit, so that no figure below a mark is rounded up to it."""
    if not isinstance(measure, Interval):
        return measure.reason.replace("_", " ")
    return f"{measure.estimate:.3f} [{measure.lower:.2f}, {measure.upper:.2f}]"


def _short(measure: Measure) -> str:
    return f"{measure.estimate:.2f}" if isinstance(measure, Interval) else measure.reason.replace("_", " ")


def _tau(value: float | None) -> str:
    return "does not vary" if value is None else f"{value:.2f}"
