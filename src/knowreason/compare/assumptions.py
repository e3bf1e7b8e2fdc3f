"""What a comparison rests on, checked and told: pairing, instruments, answers, lineage."""

from __future__ import annotations

import polars as pl

from knowreason.compare.comparison import Side
from knowreason.compare.sides import Pair
from knowreason.conclusions import Assumption
from knowreason.stats import MIN_QUESTIONS

_FEW = 0.05  # a share this small, or a difference in shares, is taken to change no verdict


def assumptions_of(pair: Pair, baseline: Side) -> tuple[Assumption, ...]:
    """Every assumption of a verdict at one place, held or not."""
    return (
        _enough(pair),
        _same_questions(pair),
        _graded(pair),
        _answered(pair),
        _same_rules(pair),
        lineage_of(pair.side, baseline),
    )


def lineage_of(candidate: Side, baseline: Side) -> Assumption:
    """Whether the candidate was tuned from the baseline, as far as the logs or `--set` say."""
    name, parent = "lineage", candidate.lineage
    if parent is None:
        detail = f"what {candidate.model} was tuned from is not known (an audit is told with --set lineage=...)"
        return Assumption(name=name, held=False, detail=detail)
    if _names(baseline, parent):
        return Assumption(name=name, held=True, detail=f"{candidate.model} was tuned from {parent}, as declared")
    if parent == baseline.lineage:
        detail = f"both were tuned from {parent}: two trainings stand against each other, not one against none"
        return Assumption(name=name, held=False, detail=detail)
    detail = f"{candidate.model} was tuned from {parent}, not from {baseline.model}"
    return Assumption(name=name, held=False, detail=detail)


def _names(side: Side, name: str) -> bool:
    """A checkpoint may be named with or without its organisation, or by the name that its logs were given."""
    known = {side.model, side.variant, f"{side.model} ({side.variant})"}
    return bool({n.casefold() for n in known} & {name.casefold(), name.rpartition("/")[2].casefold()}) or any(
        n.rpartition("/")[2].casefold() == name.casefold() for n in known
    )


def _enough(pair: Pair) -> Assumption:
    found = pair.pairing.paired
    return Assumption(
        name="enough_questions",
        held=found >= MIN_QUESTIONS,
        detail=f"{found:,} questions are answered by both, {MIN_QUESTIONS} are needed",
    )


def _same_questions(pair: Pair) -> Assumption:
    counts = pair.pairing
    dropped = counts.baseline_only + counts.candidate_only
    return Assumption(
        name="same_questions",
        held=dropped <= _FEW * (dropped + counts.paired),
        detail=f"{dropped:,} of {dropped + counts.paired:,} questions were dropped, for only one model answered them",
    )


def _graded(pair: Pair) -> Assumption:
    own, theirs = (_share(rows["grade"].is_not_null()) for rows in (pair.baseline, pair.candidate))
    detail = f"{own:.0%} of the baseline's answers and {theirs:.0%} of the candidate's could be graded"
    return Assumption(name="graded_alike", held=abs(own - theirs) <= _FEW and min(own, theirs) > 0, detail=detail)


def _answered(pair: Pair) -> Assumption:
    """An unanswered question counts as wrong: a model that learns the format gains without knowing more."""
    if pair.predicted:
        return Assumption(
            name="answers_told",
            held=False,
            detail="predictions tell neither wrong answers from none nor who graded them",
        )
    silent = [_share((rows["grade"] == "no_answer").fill_null(value=False)) for rows in (pair.baseline, pair.candidate)]
    detail = f"{silent[0]:.0%} of the baseline's and {silent[1]:.0%} of the candidate's traces state no answer"
    return Assumption(name="answered_alike", held=abs(silent[0] - silent[1]) <= _FEW, detail=detail + _among(pair))


def _among(pair: Pair) -> str:
    """The difference on the questions where every trace of both states an answer."""
    sides = [
        rows.filter(pl.col("grade").is_not_null())
        .group_by("question_key")
        .agg((pl.col("grade") == "correct").mean().alias("right"), (pl.col("grade") != "no_answer").all().alias("told"))
        .filter("told")
        for rows in (pair.baseline, pair.candidate)
    ]
    both = sides[0].join(sides[1], on="question_key", suffix="_other")
    if not both.height:
        return ""
    difference = 100 * (_share(both["right_other"]) - _share(both["right"]))
    told = f"{difference:+.1f}".replace("-", "−")
    return f" (on the {both.height:,} questions where both state one the difference is {told} points)"


def _same_rules(pair: Pair) -> Assumption:
    columns = ("knower", "scorer_key")
    named = pl.concat([pair.baseline.select(columns), pair.candidate.select(columns)]).unique()
    held = named.height <= 1
    detail = "one set of rules, models and corpora measured both" if held else "rules, models or corpora differ"
    return Assumption(name="same_instruments", held=held, detail=detail)


def _share(column: pl.Series) -> float:
    return float(column.cast(pl.Float64).sum() or 0.0) / max(len(column), 1)
