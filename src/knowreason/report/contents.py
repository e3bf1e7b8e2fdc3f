"""What the page holds, as data: figures, tables, findings and notes in words, with links; no markup.

Links are places on the page ("#/find?model=…"). Every text has passed `visible` by the time it is written.
"""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["yes", "no", "mixed", "open", "unmeasured"]
"""What a run says about a question: open is "not separable with this much data"."""


Level = Literal["weak", "fair", "unknown", "none"]
"""How well the verifier did where it was tested; none: no claim was verified."""


class Content(msgspec.Struct, frozen=True, rename="camel"):
    """Base of all that is written into the page."""


class Bar(Content, frozen=True):
    """An interval on an axis from 0 to 100: its ends, its estimate, and where zero lies (None: at the left end)."""

    low: float
    high: float
    at: float
    zero: float | None


class Figure(Content, frozen=True):
    """What stands in a table's cell: a value, its interval, a note, a bar, what it sorts by, and its evidence."""

    value: str
    interval: str = ""
    note: str = ""
    bar: Bar | None = None
    missing: bool = False
    sort: float | None = None
    link: str = ""


class Row(Content, frozen=True):
    """A model, how many traces it has here, and its figures in the order of the table's headings."""

    head: str
    note: str
    link: str
    figures: tuple[Figure, ...]


class Group(Content, frozen=True):
    """The rows of one benchmark."""

    title: str
    note: str
    rows: tuple[Row, ...]


class Table(Content, frozen=True):
    """Headings (without that of the models), what each says, and groups of rows."""

    headings: tuple[str, ...]
    groups: tuple[Group, ...]
    terms: tuple[tuple[str, str], ...] = ()


class Line(Content, frozen=True):
    """One effect of a finding in words: its name, its value with the interval, or why there is none."""

    name: str
    said: str
    measured: bool


class Finding(Content, frozen=True):
    """One answer of this run to a question: about whom, what it is, in a sentence, and all it rests on."""

    about: str
    state: State
    outcome: str
    sentence: str
    effects: tuple[Line, ...]
    assumptions: tuple[tuple[str, bool, str], ...]
    link: str


class Node(Content, frozen=True):
    """A question of the map, what this run says about it, what was published, and the command that measures it."""

    id: str
    question: str
    short: str
    state: State
    outcome: str
    effect: str
    findings: tuple[Finding, ...]
    published: str
    source: str
    command: str
    why: str


class Edge(Content, frozen=True):
    """How one question bears on another: "knowledge bounds what compute can buy"."""

    source: str
    target: str
    word: str
    sentence: str


class Map(Content, frozen=True):
    """The questions, the one in the middle first, and how they hang together."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class Point(Content, frozen=True):
    """A model in the plane: estimate and ends on each axis (None: not measured), and its share of right answers."""

    name: str
    x: tuple[float, float, float]
    y: tuple[float, float, float]
    accuracy: float | None
    said: str
    link: str


class Contour(Content, frozen=True):
    """The straight line on which the fitted share of right answers is `accuracy`: from (x0, y0) to (x1, y1)."""

    accuracy: float
    x0: float
    y0: float
    x1: float
    y1: float


class Plane(Content, frozen=True):
    """One benchmark's models by knowledge and reasoning, arrows from a model to those tuned from it, and contours."""

    title: str
    y_label: str
    points: tuple[Point, ...]
    arrows: tuple[tuple[int, int], ...]
    contours: tuple[Contour, ...]
    note: str
    left_out: tuple[str, ...]


class Reliable(Content, frozen=True):
    """How often the verifier erred on one set of labelled claims, in shares of the true and of the false ones."""

    claims: str
    true: int
    false: int
    true_supported: float
    true_refuted: float
    false_supported: float
    false_refuted: float
    auroc: float


class Trust(Content, frozen=True):
    """How far to trust the figures: one headline, what was measured about the verifier, and notes."""

    level: Level
    headline: str
    measured: tuple[Reliable, ...]
    notes: tuple[str, ...]


class Verdict(Content, frozen=True):
    """An answer on the first page: to which question, what it is, and where its evidence stands.

    `answers` has a line a model and benchmark: its state, about whom, the outcome with its interval, and a doubt.
    """

    question: str
    state: State
    outcome: str
    answers: tuple[tuple[State, str, str, str], ...]
    sentences: tuple[str, ...]
    link: str


class Count(Content, frozen=True):
    """How many traces or claims there are of a kind, and where to see them."""

    said: str
    count: int
    link: str


class Counts(Content, frozen=True):
    """Counts under a heading."""

    title: str
    rows: tuple[Count, ...]


class Methods(Content, frozen=True):
    """How the figures came about: definitions, the run, commands that make it again, sources, limits."""

    definitions: tuple[tuple[str, str], ...]
    rules: tuple[tuple[str, str], ...]
    run: tuple[tuple[str, str], ...]
    commands: tuple[str, ...]
    citations: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]


class Words(Content, frozen=True):
    """The names of what codes stand for, so that they are said alike everywhere."""

    grades: dict[str, str]
    verdicts: dict[str, str]
    signs: dict[str, str]
    integrity: dict[str, str]
    parts: dict[str, str]
    reasons: dict[str, str]
    measures: dict[str, str]
    flags: dict[str, str]


class Page(Content, frozen=True):
    """Everything but the traces."""

    title: str
    subtitle: str
    empty: bool
    gain_means: Literal["commitment", "gain"]
    words: Words
    verdicts: tuple[Verdict, ...]
    advice: tuple[tuple[str, str], ...]
    trust: Trust
    main: Table
    tables: tuple[tuple[str, str, Table], ...]
    planes: tuple[Plane, ...]
    counts: tuple[Counts, ...]
    inputs: tuple[tuple[str, str], ...]
    map: Map
    methods: Methods
    served: bool
