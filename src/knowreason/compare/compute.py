"""What the baseline's answers are worth as it spends more on a question: by other ways of asking, by votes, by luck."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from knowreason.answers.quantities import normalise, value_of
from knowreason.compare.comparison import Side
from knowreason.frame import cell_seed
from knowreason.records import Unscored
from knowreason.stats import MIN_QUESTIONS, majority_votes, pass_at_k

Floats = NDArray[np.float64]
Strategy = Literal["conditions", "majority", "best"]

_MOST_SHORT = 0.2  # a number of samples counts where at most this share of the questions has fewer
_LARGEST = 0.5  # a way of asking that covers less than this share of the questions is left out
_HELPED = "^(facts|plan)_given"  # being handed facts or a plan is help, not compute
_KS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)


class Target(NamedTuple):
    """What is to be met: the candidate asked once in `condition`, with its share right and tokens by question.

    `counters` name what counted its tokens.
    """

    side: Side
    condition: str
    table: pl.DataFrame
    counters: frozenset[str]


class Point(NamedTuple):
    """One way of spending: what it costs and how often it is right, each by question; tokens None where not known."""

    way: str
    samples: int
    tokens: Floats | None
    right: Floats


class Spent(NamedTuple):
    """Points over the questions that have all of them, the cheapest first, beside the target's shares there.

    `left_out` names ways of asking without token counts, or with few of the questions.
    """

    strategy: Strategy
    condition: str | None
    right: Floats
    tokens: float | None
    points: tuple[Point, ...]
    dropped: int
    left_out: tuple[str, ...] = ()
    refusal: Unscored | None = None


def target_of(rows: pl.DataFrame, side: Side, benchmark: str) -> Target | None:
    """The candidate's answer in "cot", else in the condition with the most questions; None without graded answers."""
    own = _graded(rows, side, benchmark)
    if not own.height:
        return None
    counts = own.group_by("condition").agg(held=pl.col("question_key").n_unique())
    condition = str(
        counts.sort(pl.col("condition") != "cot", "held", "condition", descending=[False, True, False])["condition"][0]
    )
    asked = own.filter(pl.col("condition") == condition)
    return Target(side, condition, _by_question(asked), frozenset(asked["counter"].to_list()))


def spendings(rows: pl.DataFrame, baseline: Side, target: Target, benchmark: str, *, seed: int) -> Iterator[Spent]:
    """Every row of points of the baseline on the target's questions: ways of asking, then votes and the best of k.

    `rows` are those of `sides.read_rows`. Answers that could not be graded are left out, and those given facts or a
    plan. Votes and the best of k are there for each condition with several samples on enough questions. The target's
    tokens are not known where the baseline's were counted in another way.
    """
    own = _graded(rows, baseline, benchmark).join(target.table.select("question_key"), on="question_key", how="semi")
    if target.counters | set(own["counter"].to_list()) != target.counters:
        target = target._replace(table=target.table.with_columns(tokens=pl.lit(None, pl.Float64)))
    yield _by_condition(own, target)
    for condition in sorted(own["condition"].unique().to_list()):
        told = _with_samples(own.filter(pl.col("condition") == condition))
        if told is not None:
            named = (benchmark, condition, target.side.model, target.side.variant, "votes")
            yield from _by_samples(told, condition, target, seed=cell_seed(seed, named))


def _graded(rows: pl.DataFrame, side: Side, benchmark: str) -> pl.DataFrame:
    chosen = (pl.col("model") == side.model) & (pl.col("variant") == side.variant)
    alone = ~pl.col("condition").str.contains(_HELPED)
    return rows.filter(chosen & alone & (pl.col("benchmark") == benchmark) & pl.col("grade").is_not_null())


def _by_question(rows: pl.DataFrame) -> pl.DataFrame:
    """The share right and the mean tokens of each question's answers; tokens null where one is not known."""
    return rows.group_by("question_key").agg(
        right=(pl.col("grade") == "correct").mean(),
        tokens=pl.when(pl.col("tokens").is_not_null().all()).then(pl.col("tokens").mean()),
    )


def _by_condition(own: pl.DataFrame, target: Target) -> Spent:
    """Ways of asking once, in the order of their mean tokens over the questions that all ways have."""
    tables = {str(name): _by_question(rows) for (name,), rows in own.partition_by("condition", as_dict=True).items()}
    most = max((table.height for table in tables.values()), default=0)
    priced = {
        name: table
        for name, table in tables.items()
        if table.height >= _LARGEST * most and not table["tokens"].has_nulls()
    }
    keys = _shared([target.table, *priced.values()])
    points = [
        Point(name, 1, _column(table, keys, "tokens"), _column(table, keys, "right")) for name, table in priced.items()
    ]
    points.sort(key=lambda point: (_mean(point.tokens), point.way))
    counters = own["counter"].unique().to_list()
    mixed = Unscored(reason="different_instruments", detail="tokens were counted in different ways")
    return _spent(
        "conditions",
        None,
        target,
        keys,
        points=points,
        left_out=tuple(sorted(tables.keys() - priced.keys())),
        refusal=mixed if len(counters) > 1 else None,
    )


def _with_samples(rows: pl.DataFrame) -> pl.DataFrame | None:
    """The questions that have as many samples as all but a fifth of them; None where that is one, or they are few."""
    counts = rows.group_by("question_key").len()
    most = int(np.quantile(counts["len"].to_list(), _MOST_SHORT, method="lower"))
    held = counts.filter(pl.col("len") >= most)
    if most < 2 or held.height < MIN_QUESTIONS:
        return None
    kept = rows.join(held.select("question_key"), on="question_key", how="semi")
    return kept.sort("question_key", "trace_id")


def _by_samples(told: pl.DataFrame, condition: str, target: Target, *, seed: int) -> Iterator[Spent]:
    """Votes among k samples of one condition, and the best of k, for growing k."""
    most = int(told.group_by("question_key").len()["len"].min())  # type: ignore[arg-type]
    ks = [k for k in _KS if k < most] + [most]
    keys = told["question_key"].unique(maintain_order=True).to_list()
    table = _by_question(told)
    cost = None if table["tokens"].has_nulls() else _column(table, keys, "tokens")
    curves: tuple[tuple[Strategy, Floats | Unscored], ...] = (
        ("majority", _votes(told, ks, seed)),
        ("best", _passes(told, ks)),
    )
    for strategy, shares in curves:
        if isinstance(shares, Unscored):
            yield _spent(strategy, condition, target, keys, points=(), refusal=shares)
            continue
        points = [
            Point(f"{strategy} of {k} ({condition})", k, None if cost is None else k * cost, shares[:, column])
            for column, k in enumerate(ks)
        ]
        yield _spent(strategy, condition, target, keys, points=points)


def _votes(told: pl.DataFrame, ks: Sequence[int], seed: int) -> Floats | Unscored:
    """The chance that the majority of k samples is right, by question; wrong answers must be told apart."""
    unknown = told.filter((pl.col("grade") == "incorrect") & pl.col("answer").is_null()).height
    if unknown:
        return Unscored(reason="answers_unknown", detail=f"{unknown:,} wrong answers do not say what was answered")
    if told.filter(pl.col("grader").is_not_null() & (pl.col("grader") != "rule")).height:
        return Unscored(reason="answers_unknown", detail="a judge graded: it cites words and names no answer")
    right = ""  # all right answers are one, however they are written; a null, which is no answer, does not vote
    vote = (
        pl.when(pl.col("grade") == "correct")
        .then(pl.lit(right))
        .otherwise(pl.col("answer").map_elements(_ballot, pl.String))
    )
    ballots = told.group_by("question_key", maintain_order=True).agg(vote.alias("vote"))["vote"].to_list()
    return majority_votes(ballots, [right] * len(ballots), ks, seed=seed)


def _ballot(answer: str) -> str:
    """The same for the same number, or the same words, however they are written."""
    value = value_of(answer)
    return normalise(answer) if value is None else f"{value:.12g}"


def _passes(told: pl.DataFrame, ks: Sequence[int]) -> Floats:
    right = (pl.col("grade") == "correct").sum()
    counted = told.group_by("question_key", maintain_order=True).agg(n=pl.len(), c=right)
    n, c = counted["n"].to_numpy(), counted["c"].to_numpy()
    return np.stack([pass_at_k(n, c, k) for k in ks], axis=1)


def _spent(
    strategy: Strategy,
    condition: str | None,
    target: Target,
    keys: Sequence[str],
    *,
    points: Sequence[Point],
    left_out: tuple[str, ...] = (),
    refusal: Unscored | None = None,
) -> Spent:
    costs = _column(target.table, keys, "tokens")
    known = len(costs) and not np.isnan(costs).any()
    return Spent(
        strategy=strategy,
        condition=condition,
        right=_column(target.table, keys, "right"),
        tokens=float(costs.mean()) if known else None,
        points=tuple(points),
        dropped=target.table.height - len(keys),
        left_out=left_out,
        refusal=refusal,
    )


def _shared(tables: Sequence[pl.DataFrame]) -> list[str]:
    return sorted(set.intersection(*(set(table["question_key"].to_list()) for table in tables)))


def _column(table: pl.DataFrame, keys: Sequence[str], name: str) -> Floats:
    """A column in the order of `keys`, NaN where it is null."""
    ordered = pl.DataFrame({"question_key": keys}, schema={"question_key": pl.String})
    joined = ordered.join(table, on="question_key", how="left", maintain_order="left")
    return joined[name].cast(pl.Float64).to_numpy().astype(np.float64)


def _mean(values: Floats | None) -> float:
    return float(values.mean()) if values is not None and len(values) else 0.0
