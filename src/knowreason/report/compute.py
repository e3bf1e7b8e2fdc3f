"""Compute and overconfidence in the terminal: points with their costs, and the sentence of each conclusion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from knowreason.compare import CatchUp, Comparison, Reliance, model_name
from knowreason.records import Interval, Unscored
from knowreason.report.terminal import fitting, laid_out, paragraph, plain
from knowreason.report.words import nats, reason_words

_WAYS = {"conditions": "other ways of asking", "majority": "majority votes", "best": "the best of its samples"}
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
            ("", "tokens", "right, %", "difference,\npoints"),
            [_target(each), *_points(each)],
            fitting(room, _POINTS, _POINTS_AT_80),
        )
        yield _said(each.conclusion.sentence)
    for said, group in _refusals(comparison).items():
        yield paragraph("Not judged", f"compute on {plain(', '.join(dict.fromkeys(group)), 300)}: {said}.")


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
    if any(_beyond(one) for one in found):
        yield paragraph("*", "outside the range of the other models: their line is extended.")


def _title(each: CatchUp, name: str) -> Text:
    how, other = _WAYS[each.strategy], plain(model_name(each.candidate))
    said = f" on {plain(each.benchmark)}: {plain(name)} by {how}, against {other}"
    return Text.assemble(("Compute", "bold"), said)


def _target(each: CatchUp) -> list[Text]:
    return [
        Text(f"{plain(model_name(each.candidate), 40)}, once"),
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
    beyond = "*" if _beyond(one) else ""
    said = [f"{100 * figures[0]:.1f}", f"{100 * figures[1]:.1f}{beyond}", f"{100 * figures[2]:.1f}"]
    return [Text(plain(model_name(one.model))), *map(Text, said), Text(_points_of(one.excess))]


def _beyond(one: Reliance) -> bool:
    return not next(a.held for a in one.conclusion.assumptions if a.name == "within_range")


def _refusals(comparison: Comparison) -> dict[str, list[str]]:
    """The benchmarks that could not be judged, by what was missing."""
    found: dict[str, list[str]] = {}
    for each in comparison.compute:
        if isinstance(each.meets, Unscored):
            way = "" if each.strategy == "conditions" else f"{_WAYS[each.strategy]}, "
            found.setdefault(f"{way}{each.meets.detail or reason_words(each.meets.reason)}", []).append(each.benchmark)
    return found


def _said(sentence: str) -> RenderableType:
    return Padding(Text(plain(sentence, 2000)), (0, 0, 0, 2))


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
