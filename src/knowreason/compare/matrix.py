"""The whole comparison: runs in, a matrix of candidates by benchmarks out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import polars as pl

from knowreason.compare.assumptions import lineage_of
from knowreason.compare.catch_up import catch_ups
from knowreason.compare.claims import claim_change, decided
from knowreason.compare.comparison import ClaimChange, Comparison, Contrast, Effect, Side
from knowreason.compare.corrected import MEASURE, Rates, corrected_effect, error_rates
from knowreason.compare.effects import Plan, adjusted, effects_of, lengths_of, measures_of
from knowreason.compare.meaning import Meaning, Said
from knowreason.compare.overconfidence import overconfidence
from knowreason.compare.sides import Pair, find_side, pair_up, read_claims, read_rows, sides
from knowreason.compare.transferability import transferability
from knowreason.compare.verdicts import transfer, trap
from knowreason.errors import InputError
from knowreason.frame import SCHEMAS, cell_seed
from knowreason.models.load import Model
from knowreason.records import Interval, Unscored
from knowreason.store import Store

MARGIN = 0.03
"""The least difference in a share of right answers that matters, unless another is declared."""

_FORMAT = "1"
_UNTOLD = "predictions do not tell a wrong answer from a missing one: part of a difference may be format."
_NATS = 0.05
_KI = 0.03

Effects = dict[str, Effect | Unscored]


def compare_runs(
    runs: Sequence[Path],
    *,
    baseline: str,
    candidates: Sequence[str] = (),
    predictions: Sequence[Path] = (),
    fields: Mapping[str, str] | None = None,
    labels: Sequence[Path] = (),
    margin: float = MARGIN,
    trained_on: str | None = None,
    general: str | None = None,
    meaning: Meaning | None = None,
    seed: int = 0,
    draws: int = 2000,
) -> Comparison:
    """Compares models with `baseline` on the questions both answered; without `candidates`, every other model.

    `predictions` are tables of graded answers beside the runs, or alone; `fields` says under which names they hold
    ours. `labels` are labelled claims of the runs, for the corrected KI. `margin` is the least difference in accuracy
    that matters, a share in (0, 1); differences in KI matter from .03, in gains from .05 nats. `trained_on` names the
    domain or benchmark of the training, for the transferability index; `general` what stands for general reasoning,
    for overconfidence. `meaning` matches claims that say one thing in other words. The same tables and seed give the
    same comparison. Raises InputError for models, domains or claims that are not there and for bad predictions and
    labels, StoreError for unfinished runs.
    """
    if not 0 < margin < 1:
        raise InputError(f"--margin {100 * margin:g}: give points above 0 and below 100")
    rows = read_rows(runs, predictions, fields)
    base, chosen = _chosen(rows, baseline, candidates)
    pairs = pair_up(rows, base, chosen)
    means = "commitment" if rows["scorer"].str.starts_with("builtin:").any() else "gain"
    shares = {"accuracy": margin, "ki": _KI, "ki_before_commitment": _KI}
    plan = Plan(seed, draws, dict.fromkeys(measures_of(means), _NATS) | shares)
    catches = catch_ups(rows, base, chosen, plan)
    if not (pairs or catches):
        raise InputError(f"--baseline {baseline}: no benchmark was answered by it and by another model")
    effects = _effects(pairs, plan, means, error_rates(labels, runs))
    indices = _indices(pairs, effects, trained_on)
    changes = _changes(runs, pairs, effects, plan, meaning)
    contrasts = [
        _contrast(pair, base, found, plan=plan, means=means, index=index, change=change)
        for pair, found, index, change in zip(pairs, effects, indices, changes, strict=True)
    ]
    return Comparison(
        version=_FORMAT,
        runs=tuple(str(run) for run in runs),
        baseline=base,
        gain_means=means,
        margins=plan.margins,
        trained_on=trained_on,
        matched_by=meaning.describe()["id"] if isinstance(meaning, Model) else "words",
        seed=seed,
        draws=draws,
        contrasts=tuple(contrasts),
        warnings=(*_warnings(chosen, pairs, base), *([_UNTOLD] if predictions else [])),
        predictions=tuple(str(path) for path in predictions),
        compute=catches,
        overconfidence=overconfidence(rows, general, plan),
    )


def _effects(pairs: Sequence[Pair], plan: Plan, means: str, rates: Rates | Unscored) -> list[Effects]:
    """Every measure at every place, the corrected KI among them, with p adjusted over places."""
    measured = [effects_of(pair, plan, means) for pair in pairs]
    return adjusted([{**each, MEASURE: corrected_effect(each["ki"], rates)} for each in measured])


def _chosen(rows: pl.DataFrame, baseline: str, candidates: Sequence[str]) -> tuple[Side, list[Side]]:
    base = find_side(rows, baseline, "--baseline")
    chosen = [find_side(rows, name, "--candidate") for name in candidates] or [s for s in sides(rows) if s != base]
    if base in chosen or not chosen:
        raise InputError(f"--baseline {baseline}: there is no other model to compare it with")
    return base, list(dict.fromkeys(chosen))


def write_comparison(comparison: Comparison, target: Path) -> Path:
    """Writes a comparison as JSON, as a whole or not at all. Raises StoreError."""
    encoded = msgspec.json.format(msgspec.json.encode(comparison), indent=2)
    Store(target.parent, SCHEMAS).write_text(target.name, encoded.decode() + "\n")
    return target


def _contrast(
    pair: Pair,
    base: Side,
    effects: Effects,
    *,
    plan: Plan,
    means: str,
    index: Interval | Unscored,
    change: ClaimChange | Unscored,
) -> Contrast:
    lengths = lengths_of(pair, plan, means)
    domain, benchmark, condition = pair.place
    return Contrast(
        domain=domain,
        benchmark=benchmark,
        condition=condition,
        candidate=pair.side,
        pairing=pair.pairing,
        effects=effects,
        lengths=lengths,
        transfer=transfer(pair, base, effects, at_home=index == Unscored(reason="trained_here")),
        trap=trap(pair, base, effects, lengths),
        index=index,
        claims=change,
    )


def _changes(
    runs: Sequence[Path], pairs: Sequence[Pair], effects: Sequence[Effects], plan: Plan, meaning: Meaning | None
) -> list[ClaimChange | Unscored]:
    """What became of the claims at each place; where knowledge was not measured on both sides, why not."""
    said: dict[str, list[Said]] = {}
    for trace, text, verdict, on_topic in read_claims(runs).iter_rows():
        said.setdefault(trace, []).append(Said(text, verdict, on_topic))
    found: list[ClaimChange | Unscored] = []
    for pair, known in zip(pairs, effects, strict=True):
        ki = known["ki"]
        seed = cell_seed(plan.seed, (*pair.place, pair.side.model, pair.side.variant, "claims"))
        change = claim_change(pair, said, seed=seed, draws=plan.draws, meaning=meaning)
        if isinstance(ki, Unscored) and ki.reason not in ("constant", "too_few") and not _learned(change):
            found.append(ki)
        else:
            found.append(change)
    return decided(found)


def _learned(change: ClaimChange | Unscored) -> bool:
    """Whether it can be told what was learned, though a side may have said nothing that was decided."""
    return isinstance(change, ClaimChange) and isinstance(change.learned, Interval)


def _indices(pairs: Sequence[Pair], effects: Sequence[Effects], trained_on: str | None) -> list[Interval | Unscored]:
    """The index at each place, from the gains of the same candidate where it was trained."""
    if trained_on is None:
        return [Unscored(reason="training_domain_not_named")] * len(pairs)
    home = [trained_on in pair.place[:2] for pair in pairs]
    if not any(home):
        held = ", ".join(sorted({pair.place[0] for pair in pairs}))
        raise InputError(f"--trained-on {trained_on}: no benchmark or domain of that name; the comparison holds {held}")
    found: list[Interval | Unscored] = []
    for pair, own, at_home in zip(pairs, effects, home, strict=True):
        trained = [
            other["accuracy"]
            for there, other, is_home in zip(pairs, effects, home, strict=True)
            if is_home and there.side == pair.side and there.place[2] == pair.place[2]
        ]
        found.append(Unscored(reason="trained_here") if at_home else transferability(own["accuracy"], trained))
    return found


def _warnings(chosen: Sequence[Side], pairs: Sequence[Pair], base: Side) -> tuple[str, ...]:
    """What a reader must know before any figure."""
    compared = {pair.side for pair in pairs}
    said: list[str] = []
    for side in dict.fromkeys(chosen):
        lineage = lineage_of(side, base)
        if side not in compared:
            said.append(f"{side.model} shares no benchmark with {base.model}: not compared.")
        elif not lineage.held:
            said.append(f"{lineage.detail[0].upper()}{lineage.detail[1:]}: not a clean contrast of one training.")
    return tuple(said)
