"""Compute and overconfidence in the terminal: points with their costs, and the sentence of each conclusion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from knowreason.compare import CatchUp, Comparison, Reliance, Side
from knowreason.records import Interval, Unscored
from knowreason.report.terminal import fitting, laid_out, paragraph, plain
from knowreason.report.words import nats, reason_words

_POINTS = (30, 9, 18, 22)
_POINTS_AT_80 = (22, 8, 18, 22)
_MODELS = (28, 11, 11, 10, 20)
_MODELS_AT_80 = (20, 10, 10, 9, 20)


def compute_parts(comparison: Comparison, name: str, room: int) -> Iterable[RenderableType]:
    """Every judged catch-up of the baseline `name`: a table of its points, and what they show."""
    judged = [each for each in comparison.compute if not isinstance(each.meets, Unscored)]
    for each in judged:
        yield Text()
        yield from laid_out(
            _title(each, name),
            ("", "tokens", "right, %", "behind by,\npoints"),
            [_target(each), *_points(each)],
            fitting(room, _POINTS, _POINTS_AT_80),
        )
        yield _said(each.conclusion.sentence)
    refused = [each for each in comparison.compute if isinstance(each.meets, Unscored)]
    told = dict.fromkeys(each.conclusion.sentence for each in refused if each.strategy != "conditions" or judged)
    for sentence in told:
        yield paragraph("Not judged", plain(sentence, 2000))
    if refused and not judged:
        yield paragraph("Not measured", f"compute catch-up: {_seen(refused)}.")


def overconfidence_parts(comparison: Comparison, room: int) -> Iterable[RenderableType]:
    """A table of models for each domain, and the sentence of every conclusion that says something."""
    found = comparison.overconfidence
    if isinstance(found, Unscored):
        yield paragraph("Not measured", f"overconfidence: {found.detail or reason_words(found.reason)}.")
        return
    for (domain, condition), group in groupby(found, key=lambda one: (one.domain, one.condition)):
        models = list(group)
        way = "" if condition == "cot" else f" ({condition.replace('_', ' ')})"
        title = Text.assemble(
            (plain(f"{domain}{way}"), "bold"), f" as expected from {plain(models[0].general)} by the other models"
        )
        headings = ("", "general, %", "expected,\n%", "right, %", "expected too\nmuch, points")
        yield Text()
        yield from laid_out(title, headings, [_model(m) for m in models], fitting(room, _MODELS, _MODELS_AT_80))
        for model in models:
            if model.conclusion.outcome in ("overconfident", "underconfident"):
                yield _said(model.conclusion.sentence)


def _title(each: CatchUp, name: str) -> Text:
    ways = {"conditions": "other ways of asking", "majority": "majority votes", "best": "the best of its samples"}
    said = (
        f" on {plain(each.benchmark)}: {plain(name)} by {ways[each.strategy]}, against {plain(_name(each.candidate))}"
    )
    return Text.assemble(("Compute", "bold"), said)


def _target(each: CatchUp) -> list[Text]:
    return [
        Text(f"{plain(_name(each.candidate), 40)}, once"),
        Text(_tokens(each.target_tokens)),
        Text(_percent(each.target)),
        Text("–"),
    ]


def _points(each: CatchUp) -> Sequence[list[Text]]:
    return [
        [
            Text(plain(p.way.replace("_", " "))),
            Text(_tokens(p.tokens)),
            Text(_percent(p.right)),
            Text(_points_of(p.gap)),
        ]
        for p in each.points
    ]


def _model(one: Reliance) -> list[Text]:
    figures = (one.general_right, one.predicted, one.measured)
    beyond = "*" if not next(a.held for a in one.conclusion.assumptions if a.name == "within_range") else ""
    said = [f"{100 * figures[0]:.1f}", f"{100 * figures[1]:.1f}{beyond}", f"{100 * figures[2]:.1f}"]
    return [Text(plain(_name(one.model))), *map(Text, said), Text(_points_of(one.excess))]


def _seen(refused: Sequence[CatchUp]) -> str:
    details = {
        found.detail or reason_words(found.reason) for each in refused if isinstance(found := each.meets, Unscored)
    }
    return "; ".join(sorted(details))


def _said(sentence: str) -> RenderableType:
    return Padding(Text(plain(sentence, 2000)), (0, 0, 0, 2))


def _name(side: Side) -> str:
    return (
        f"{side.model} ({side.variant})" if side.variant and side.variant not in (side.model, "unknown") else side.model
    )


def _tokens(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _percent(found: Interval | Unscored) -> str:
    if isinstance(found, Unscored):
        return "–"
    return f"{100 * found.estimate:.1f} [{100 * found.lower:.1f}, {100 * found.upper:.1f}]"


def _points_of(found: Interval | Unscored) -> str:
    if isinstance(found, Unscored):
        return "–"
    said = [nats(100 * value, 1) for value in (found.estimate, found.lower, found.upper)]
    return f"{said[0]} [{said[1]}, {said[2]}]"
