"""Places on the page, as links that can be shared: every filter and every trace has one."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from knowreason.frame import Cell
from knowreason.report.readings import benchmark_title, model_name
from knowreason.report.text import visible


def find_link(**filters: str) -> str:
    """The list of traces under these filters: "#/find?model=…&grade=correct"."""
    kept = {name: visible(value) for name, value in filters.items() if value}
    return f"#/find?{urlencode(kept, quote_via=quote)}" if kept else "#/find"


def cell_link(cell: Cell, **filters: str) -> str:
    """The traces that a row of a table rests on."""
    return find_link(benchmark=benchmark_title(cell.benchmark, cell.condition), model=model_name(cell), **filters)


def map_link(node: str) -> str:
    """A question of the map, in the middle and with its evidence open."""
    return f"#/map?at={quote(node)}&open=1"
