"""The plane of knowledge and reasoning: each model a point with its intervals, and where equal accuracy lies."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from knowreason.frame import Cell, Measure, Summary
from knowreason.records import Interval
from knowreason.report.contents import Contour, Plane, Point
from knowreason.report.links import cell_link
from knowreason.report.readings import benchmarks, model_name
from knowreason.report.words import nats_text, reason_words, share_text

_FEWEST = 6  # models: a fit of three numbers to fewer says nothing
_FITS_FROM = 0.5  # share of the variance of the logit that the plane must explain


def planes(summary: Summary) -> list[Plane]:
    """A plane a benchmark: claims that hold against gain before the answer (or commitment, with the built-in observer).

    Arrows lead from a model to those whose declared lineage names it. Contours are those of logit(accuracy) =
    a + b x + c y, fitted by least squares to at least six models, and only where that explains half of the variance.
    """
    return [_plane(group.title, group.cells, summary.instruments.gain_means) for group in benchmarks(summary)]


def _plane(title: str, cells: Sequence[Cell], gain_means: str) -> Plane:
    placed = [(cell, point) for cell in cells if (point := _point(cell, gain_means)) is not None]
    points = tuple(point for _, point in placed)
    contours, note = contours_of(points)
    return Plane(
        title=title,
        y_label="informative gain, nats" if gain_means == "gain" else "commitment to the gold answer, nats",
        points=points,
        arrows=tuple(_arrows([cell for cell, _ in placed])),
        contours=contours,
        note=note,
        left_out=tuple(_missing(cell, gain_means) for cell in cells if _point(cell, gain_means) is None),
    )


def _height(cell: Cell, gain_means: str) -> Measure:
    return cell.gain.informative if gain_means == "gain" else cell.gain.total


def _point(cell: Cell, gain_means: str) -> Point | None:
    ki, gain = cell.knowledge.ki, _height(cell, gain_means)
    if not isinstance(ki, Interval) or not isinstance(gain, Interval):
        return None
    accuracy = cell.accuracy.estimate if isinstance(cell.accuracy, Interval) else None
    said = f"claims that hold {share_text(ki)}, {nats_text(gain)} nats, right answers {share_text(cell.accuracy)}"
    return Point(model_name(cell), _ends(ki), _ends(gain), accuracy, said, cell_link(cell))


def _missing(cell: Cell, gain_means: str) -> str:
    found = (cell.knowledge.ki, _height(cell, gain_means))
    reasons = [reason_words(m.reason) for m in found if not isinstance(m, Interval)]
    return f"{model_name(cell)}: {'; '.join(dict.fromkeys(reasons))}"


def _ends(measure: Interval) -> tuple[float, float, float]:
    return measure.estimate, measure.lower, measure.upper


def _arrows(cells: Sequence[Cell]) -> list[tuple[int, int]]:
    names = {model_name(cell): at for at, cell in reversed(list(enumerate(cells)))}
    names |= {cell.model: at for at, cell in reversed(list(enumerate(cells)))}
    return [
        (names[cell.lineage], at)
        for at, cell in enumerate(cells)
        if cell.lineage in names and names[cell.lineage] != at
    ]


def contours_of(points: Sequence[Point]) -> tuple[tuple[Contour, ...], str]:
    """The lines of equal accuracy among these models, and a note on the fit or on why there is none."""
    known = [(p.x[0], p.y[0], p.accuracy) for p in points if p.accuracy is not None and 0 < p.accuracy < 1]
    if len(known) < _FEWEST:
        return (), f"Lines of equal accuracy need {_FEWEST} measured models; here are {len(known)}."
    x, y, accuracy = np.array(known, dtype=np.float64).T
    logit = np.log(accuracy / (1 - accuracy))
    columns = np.column_stack([np.ones_like(x), x, y])
    found, _, rank, _ = np.linalg.lstsq(columns, logit, rcond=None)
    spread = float(((logit - logit.mean()) ** 2).sum())
    fit = 1 - float(((logit - columns @ found) ** 2).sum()) / spread if spread > 0 else 0.0
    if rank < 3 or fit < _FITS_FROM:
        return (), f"No lines of equal accuracy: a plane explains {max(fit, 0):.0%} of the models' differences."
    low, high = float(y.min()), float(y.max())
    lines = [_contour(float(a), tuple(map(float, found)), low, high) for a in np.arange(0.1, 1, 0.1)]
    note = (
        f"Lines of equal accuracy: a plane fitted to {len(known)} models, which explains {fit:.0%} of the differences."
    )
    return tuple(line for line in lines if line is not None), note


def _contour(accuracy: float, found: tuple[float, ...], low: float, high: float) -> Contour | None:
    """The line a + b x + c y = logit(accuracy) over x from 0 to 1; None where it misses the models' gains by far."""
    start, along, up = found
    if abs(up) < 1e-9:
        return None
    wanted = math.log(accuracy / (1 - accuracy)) - start
    ends = (wanted / up, (wanted - along) / up)
    margin = high - low
    if max(ends) < low - margin or min(ends) > high + margin:
        return None
    return Contour(round(accuracy, 1), 0.0, ends[0], 1.0, ends[1])
