"""Pictures of what a run of the lab found: rows of dots with their intervals, as SVG that loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from pathlib import Path
from typing import NamedTuple

from knowreason.lab.over_seeds import over, values_of
from knowreason.lab.results import LabResult, Ran
from knowreason.lab.standing import CLOSED, OPEN

_COLOURS = ("#1b5e8c", "#c4581a", "#4d7c2a", "#7a4a9c")  # told apart by shape, too
_SHAPES = ("circle", "square", "diamond", "triangle")
_LEFT, _WIDTH, _ROW, _TOP = 190, 720, 24, 76
_TICK = 0.25
_SVG = """<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {{ width }} {{ height }}" \
font-family="system-ui, sans-serif" font-size="12"><title>{{ picture.title }}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="8" y="20" font-size="14" font-weight="600">{{ picture.title }}</text>
{% for x, label in ticks %}<line x1="{{ x }}" x2="{{ x }}" y1="{{ top - 12 }}" y2="{{ height - 8 }}" stroke="#ddd"/>
<text x="{{ x }}" y="{{ top - 16 }}" text-anchor="middle" fill="#555">{{ label }}</text>
{% endfor %}{% for x, y, label in legend %}<g transform="translate({{ x }} {{ y }})">{{ marks[loop.index0] }}\
<text x="9" y="4" fill="#222">{{ label }}</text></g>
{% endfor %}{% for y, label in rows %}<text x="{{ left - 10 }}" y="{{ y + 4 }}" text-anchor="end">{{ label }}</text>
{% endfor %}{% for dot in dots %}<g><title>{{ dot.told }}</title>
{% if dot.from is not none %}<line x1="{{ dot.from }}" x2="{{ dot.to }}" y1="{{ dot.y }}" y2="{{ dot.y }}" \
stroke="{{ dot.colour }}" stroke-width="2" opacity=".45"/>
{% endif %}<g transform="translate({{ dot.x }} {{ dot.y }})">{{ marks[dot.series] }}</g></g>
{% endfor %}</svg>
"""


class Picture(NamedTuple):
    """Rows of dots on one scale: `points` are (row, series, mean, half width of its interval or None).

    The scale holds every mean; intervals end at it, and are told in full where a dot is pointed at.
    """

    name: str
    title: str
    low: float
    high: float
    points: tuple[tuple[str, str, float, float | None], ...]


def pictures(result: LabResult) -> list[Picture]:
    """A picture of every experiment that has one, in their order."""
    several = {
        name: [r for r in result.experiments if r.experiment == name] for name in ("standing", "trap", "compute")
    }
    made: list[Picture] = []
    if several["standing"]:
        made.append(
            _picture(
                "standing", "Right answers in the clinic: book closed and open", several["standing"], (CLOSED, OPEN)
            )
        )
    if several["trap"]:
        made.append(
            _picture(
                "trap", "Fine-tuning: right answers, and exact gain in nats", several["trap"], ("right", "exact gain")
            )
        )
    if several["compute"]:
        wanted = ("majority of 1", "majority of 16", "pass@16", "pass@16 of guesses")
        made.append(_picture("compute", "What sixteen tries buy", several["compute"], wanted))
    return made


def svg(picture: Picture) -> str:
    """The picture as SVG."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    rows = list(dict.fromkeys(row for row, *_ in picture.points))
    series = list(dict.fromkeys(name for _, name, *_ in picture.points))
    place = {row: _TOP + 12 + _ROW * i for i, row in enumerate(rows)}

    def across(value: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - 24) * (value - picture.low) / (picture.high - picture.low), 1)

    def kept(value: float) -> float:
        return across(min(max(value, picture.low), picture.high))

    dots = [
        {
            "x": kept(mean),
            "y": place[row] + 3 * (series.index(name) - (len(series) - 1) / 2),
            "from": None if half is None else kept(mean - half),
            "to": None if half is None else kept(mean + half),
            "colour": _COLOURS[series.index(name)],
            "series": series.index(name),
            "told": f"{row}, {name}: {mean:.2f}" + ("" if half is None else f" ± {half:.2f}"),
        }
        for row, name, mean, half in picture.points
    ]
    count = round((picture.high - picture.low) / _TICK)
    ticks = [(across(picture.low + i * _TICK), f"{picture.low + i * _TICK:.2f}") for i in range(count + 1)]
    begins = [_LEFT + sum(24 + 7 * len(other) for other in series[:i]) for i in range(len(series))]
    drawn = Environment(autoescape=True, undefined=StrictUndefined).from_string(_SVG)
    return drawn.render(
        picture=picture,
        width=_WIDTH,
        height=_TOP + _ROW * len(rows) + 16,
        top=_TOP,
        left=_LEFT,
        ticks=ticks,
        legend=[(begin, 38, name) for begin, name in zip(begins, series, strict=True)],
        rows=[(place[row], row) for row in rows],
        dots=dots,
        marks=[Markup(_mark(_SHAPES[i], _COLOURS[i])) for i in range(len(series))],
    )


def write_pictures(result: LabResult, folder: Path, prefix: str = "") -> list[Path]:
    """Writes every picture as NAME.svg into a folder; returns the paths."""
    paths: list[Path] = []
    for picture in pictures(result):
        paths.append(folder / f"{prefix}{picture.name}.svg")
        paths[-1].write_text(svg(picture), "utf-8")
    return paths


def _picture(name: str, title: str, several: Sequence[Ran], measures: Sequence[str]) -> Picture:
    arms = dict.fromkeys(cell.arm for ran in several for cell in ran.cells)
    points: list[tuple[str, str, float, float | None]] = []
    for arm in arms:
        for measure in measures:
            values = [v for v in values_of(several, arm, measure) if isinstance(v, int | float)]
            if values:
                points.append((arm, measure, *over(values)))
    means = [mean for *_, mean, _ in points]
    low, high = floor(min(0.0, *means) / _TICK) * _TICK, ceil(max(1.0, *means) / _TICK) * _TICK
    return Picture(name, title, low, high, tuple(points))


def _mark(shape: str, colour: str) -> str:
    inside = {
        "circle": '<circle r="4.5"',
        "square": '<rect x="-4" y="-4" width="8" height="8"',
        "diamond": '<path d="M0-6 6 0 0 6-6 0z"',
        "triangle": '<path d="M0-5.5 5.5 4.5h-11z"',
    }[shape]
    return f'{inside} fill="{colour}"/>'
