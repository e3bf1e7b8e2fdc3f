"""Figures for papers: intervals of every model and benchmark, and the planes, as SVG and PNG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowreason.errors import InputError, MissingExtra, StoreError
from knowreason.frame import Cell, Measure, Summary, read_summary
from knowreason.records import Interval
from knowreason.report.contents import Plane
from knowreason.report.plane import planes
from knowreason.report.readings import benchmarks, model_name
from knowreason.report.text import clip, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE = "#1d4f91"
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "knowreason",  # the same run gives the same file
    "svg.fonttype": "path",
    "text.parse_math": False,  # a model's name is no formula
}
_DOTS = 300

Measured = tuple[str, Callable[[Cell], Measure]]


def write_figures(run: Path, folder: Path) -> list[Path]:
    """Draws a finished run's figures into `folder` and returns their paths, each as NAME.svg and NAME.png.

    `intervals` has a panel a measure and a row a model and benchmark; `plane-N` is the plane of the Nth benchmark that
    has one. What was not measured is left blank and named. Raises StoreError for a run without a summary, InputError
    where there is nothing to draw or the folder cannot be written, MissingExtra without matplotlib.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("drawing figures", "figures") from error
    summary = read_summary(run)
    if not summary.cells:
        raise InputError(f"{run} holds no traces: there is nothing to draw")
    with matplotlib.rc_context(_STYLE):
        drawn = {"intervals": _intervals(summary, Figure)}
        found = [plane for plane in planes(summary) if plane.points]
        drawn |= {f"plane-{number}": _plane(plane, Figure) for number, plane in enumerate(found, start=1)}
        return [path for name, figure in drawn.items() for path in _saved(figure, folder, name)]


def _saved(figure: Figure, folder: Path, name: str) -> list[Path]:
    paths = [folder / f"{name}.svg", folder / f"{name}.png"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(paths[0], bbox_inches="tight", metadata={"Date": None})
        figure.savefig(paths[1], bbox_inches="tight", dpi=_DOTS)
    except OSError as error:
        raise StoreError(f"cannot write {folder}/{name}: {error.strerror or error}") from error
    return paths


def _intervals(summary: Summary, new: Callable[..., Figure]) -> Figure:
    columns = _columns(summary)
    rows = [(group.title, cell) for group in benchmarks(summary) for cell in group.cells]
    figure = new(figsize=(2.6 * len(columns) + 2.2, 0.32 * len(rows) + 1.1), layout="constrained")
    axes: Sequence[Axes] = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for axis, (title, measure) in zip(axes, columns, strict=True):
        _panel(axis, title, [measure(cell) for _, cell in rows])
    axes[0].set_yticks(range(len(rows)), [_name(f"{model_name(cell)}, {title}") for title, cell in rows])
    axes[0].invert_yaxis()
    return figure


def _columns(summary: Summary) -> list[Measured]:
    gain: Measured = (
        ("commitment to the gold answer, nats", lambda c: c.gain.total)
        if summary.instruments.gain_means == "commitment"
        else ("informative gain, nats", lambda c: c.gain.informative)
    )
    return [("right answers", lambda c: c.accuracy), ("claims that hold (KI)", lambda c: c.knowledge.ki), gain]


def _panel(axis: Axes, title: str, measures: Sequence[Measure]) -> None:
    """Estimates with their intervals, a row each; a reason in words where there is no estimate."""
    axis.set_title(title, fontsize=9)
    known = [(row, m) for row, m in enumerate(measures) if isinstance(m, Interval)]
    if known:
        estimates = [m.estimate for _, m in known]
        errors = [[m.estimate - m.lower for _, m in known], [m.upper - m.estimate for _, m in known]]
        axis.errorbar(estimates, [row for row, _ in known], xerr=errors, fmt="o", color=_BLUE, ms=4, lw=1.2, capsize=2)
    if "nats" in title:
        axis.axvline(0, color="#888888", lw=0.7, ls="--")
    else:
        axis.set_xlim(-0.02, 1.02)
    for row, measure in enumerate(measures):
        if not isinstance(measure, Interval):
            said = measure.reason.replace("_", " ")
            axis.text(0.02, row, said, transform=axis.get_yaxis_transform(), va="center", fontsize=7, style="italic")


def _plane(plane: Plane, new: Callable[..., Figure]) -> Figure:
    figure = new(figsize=(4.6, 3.6), layout="constrained")
    axis: Axes = figure.subplots()
    for line in plane.contours:
        axis.plot([line.x0, line.x1], [line.y0, line.y1], color="#6a3d9a", lw=0.8, ls="--", alpha=0.7)
    x, y = [p.x for p in plane.points], [p.y for p in plane.points]
    spread = [[[v[0] - v[1] for v in ends], [v[2] - v[0] for v in ends]] for ends in (x, y)]
    estimates = ([v[0] for v in x], [v[0] for v in y])
    axis.errorbar(*estimates, xerr=spread[0], yerr=spread[1], fmt="o", color=_BLUE, ms=5, lw=1, alpha=0.9)
    for start, end in plane.arrows:
        ends = [(plane.points[at].x[0], plane.points[at].y[0]) for at in (end, start)]
        axis.annotate("", xy=ends[0], xytext=ends[1], arrowprops={"arrowstyle": "-|>", "color": "#555555", "lw": 0.9})
    middle = sum(p.x[0] for p in plane.points) / len(plane.points)
    for point in plane.points:
        side: dict[str, Any] = {"xytext": (-5, 5), "ha": "right"} if point.x[0] < middle else {"xytext": (5, 5)}
        axis.annotate(_name(point.name), (point.x[0], point.y[0]), textcoords="offset points", fontsize=8, **side)
    low, high = min(v[1] for v in y), max(v[2] for v in y)
    axis.set_ylim(low - 0.08 * (high - low) - 0.02, high + 0.08 * (high - low) + 0.02)
    axis.set(
        title=_name(plane.title), xlabel="claims that hold (Knowledge Index)", ylabel=plane.y_label, xlim=(0, 1.02)
    )
    return figure


def _name(text: str) -> str:
    return clip(visible(text).replace("\n", " "), 60)
