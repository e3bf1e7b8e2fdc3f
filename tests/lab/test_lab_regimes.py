"""Regimes: writers are what their dials say, repair finds it, and verdicts are counted as they were said."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowreason.conclusions import Conclusion, ConclusionOutcome
from knowreason.decompose import decompose
from knowreason.errors import InputError
from knowreason.gain import trace_gain
from knowreason.lab.declared import record_reader
from knowreason.lab.dials import WorldDials
from knowreason.lab.printing import write_rows
from knowreason.lab.recipes import NOTES, ObserverRecipe
from knowreason.lab.regime_methods import Place, graded_rows, intervened, observed_by_reader
from knowreason.lab.regime_verdicts import CODES, agreeing, judged, verdict_counts, verdict_of
from knowreason.lab.regime_writers import (
    CONDITIONS,
    RegimeSetting,
    RegimesPlan,
    answer_row,
    dials_under,
    regime_of,
    repaired,
    variant_answers,
    variant_dials,
    written_answers,
)
from knowreason.lab.regimes import run_regimes, world_of
from knowreason.lab.repair import Deficits, Regime
from knowreason.lab.results import Cell
from knowreason.lab.truth import surprisals, table_reader
from knowreason.lab.world import World
from knowreason.models.scripted import read_script
from knowreason.models.tokens import count_tokens
from knowreason.read import read_traces
from knowreason.records import Interval, Trace, Unscored

DIALS = WorldDials(entities=80, answers=8, findings=16, never_shown=0.75, reliability=(0.2, 0.4, 0.7))
WORLD = World(DIALS, 5)
STRANGERS = WORLD.of_split("stranger")
PLAN = RegimesPlan(samples=2)
BY_NAME = {setting.name: setting for setting in PLAN.settings}
rates = st.floats(0, 0.9)


def quiet(stage: str, done: int, total: int | None) -> None:
    del stage, done, total


def place(folder: Path, name: str, plan: RegimesPlan = PLAN) -> Place:
    return Place(plan, BY_NAME[name], WORLD, folder, folder / "no-observer", quiet)


def values(cells: list[Cell]) -> dict[str, float | Unscored]:
    return {cell.measure: cell.value for cell in cells}


# --- the writers


@given(rates, rates, st.integers(1, 6))
def test_each_condition_moves_the_dial_that_it_is_about_and_no_other(
    corruption: float, slips: float, hops: int
) -> None:
    setting = RegimeSetting("any", corruption, slips, "not_separable")
    cot, facts, plan, direct = (dials_under(PLAN, setting, c, hops=hops) for c in CONDITIONS)
    assert facts.corruption == pytest.approx(PLAN.facts_left * cot.corruption)
    assert plan.slips == pytest.approx(PLAN.slips_left * cot.slips)
    assert direct.slips == pytest.approx(cot.slips + (1 - cot.slips) * PLAN.unspoken)
    assert facts.slips == cot.slips
    assert plan.corruption == direct.corruption == cot.corruption


@given(rates, st.integers(1, 6))
def test_as_many_whole_routes_are_without_a_false_claim_at_every_depth(corruption: float, hops: int) -> None:
    dials = dials_under(PLAN, RegimeSetting("any", corruption, 0.0, "knowledge_bound"), "cot", hops=hops)
    assert (1 - dials.corruption) ** hops == pytest.approx((1 - corruption) ** 2)


def test_answers_are_those_of_the_seed_and_no_two_samples_share_their_draws() -> None:
    setting = BY_NAME["neither"]
    answers = written_answers(PLAN, setting, WORLD, STRANGERS)
    assert answers == written_answers(PLAN, setting, WORLD, STRANGERS)
    assert len(answers) == len(CONDITIONS) * PLAN.samples * len(STRANGERS)
    texts = {
        (c, s): tuple(a.written.response for a in answers if (a.condition, a.sample) == (c, s))
        for c in CONDITIONS
        for s in range(PLAN.samples)
    }
    assert len(set(texts.values())) == len(texts)


def test_variants_scatter_around_their_writer_within_the_spread() -> None:
    for setting in PLAN.settings:
        found = variant_dials(PLAN, setting, 5)
        assert len(found) == PLAN.variants
        assert len({dials.corruption for dials in found.values()}) == PLAN.variants
        for dials in found.values():
            assert setting.corruption / PLAN.spread <= dials.corruption <= min(0.9, setting.corruption * PLAN.spread)
            assert setting.slips / PLAN.spread <= dials.slips <= min(0.9, setting.slips * PLAN.spread)
    assert {a.model for a in variant_answers(PLAN, PLAN.settings[0], WORLD, STRANGERS)} == set(found)


# --- the truth


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10_000), st.sampled_from([s for s in PLAN.settings if s.regime != "not_separable"]))
def test_repair_finds_the_regime_that_the_dials_make(seed: int, setting: RegimeSetting) -> None:
    world = World(DIALS, seed)
    plan = RegimesPlan(samples=4)
    answers = written_answers(plan, setting, world, world.of_split("stranger"), conditions=("cot",))
    assert regime_of(repaired(world, answers)) == setting.regime


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_regime_turns_round_when_its_deficits_are_exchanged(knowledge: int, reasoning: int) -> None:
    there = regime_of(Deficits(1_000, 400, knowledge, reasoning))
    back = regime_of(Deficits(1_000, 400, reasoning, knowledge))
    assert CODES[there] == -CODES[back]
    assert there == "not_separable" or CODES[there] == (1 if knowledge > reasoning else -1)


@pytest.mark.parametrize(
    ("knowledge", "reasoning", "regime"),
    [(0, 0, "not_separable"), (5, 0, "not_separable"), (6, 0, "knowledge_bound"), (0, 6, "reasoning_bound")],
)
def test_five_errors_on_one_side_are_chance_and_six_are_not(knowledge: int, reasoning: int, regime: str) -> None:
    assert regime_of(Deficits(100, 10, knowledge, reasoning)) == regime


# --- the methods, on real files


@pytest.mark.parametrize("name", ["knowledge, strong", "reasoning, strong"])
def test_facts_and_a_plan_given_tell_the_regimes_apart(tmp_path: Path, name: str) -> None:
    answers = written_answers(PLAN, BY_NAME[name], WORLD, STRANGERS)
    found = values(list(intervened(place(tmp_path, name), answers)))
    assert found["intervention, plan: verdict"] == found["intervention, plan: truth"] == CODES[BY_NAME[name].regime]


def test_direct_answers_are_bare_and_grades_are_those_of_the_writer(tmp_path: Path) -> None:
    answers = written_answers(PLAN, BY_NAME["neither"], WORLD, STRANGERS)
    rows = [answer_row(answer) for answer in answers]
    assert all(row["response"].startswith("The answer is:") == (row["condition"] == "direct") for row in rows)
    graded = list(graded_rows(write_rows(tmp_path / "traces.jsonl", rows)))
    assert [row["correct"] for row in graded] == [a.written.answer == a.written.question.answer for a in answers]


def test_a_recorded_reader_gives_an_audit_the_exact_surprisals(tmp_path: Path) -> None:
    answers = written_answers(PLAN, BY_NAME["neither"], WORLD, STRANGERS[:6], conditions=("cot",))
    reader = table_reader(WORLD, trust=0.85)
    traces = write_rows(tmp_path / "traces.jsonl", map(answer_row, answers))
    scorer = read_script(record_reader(WORLD, reader, traces, tmp_path / "reader.jsonl"))
    for trace, answer in zip(read_traces([str(traces)]), answers, strict=True):
        assert isinstance(trace, Trace)
        cut = decompose(trace, count_tokens)
        gain = trace_gain(trace, cut.steps, cut.commitment, scorer)
        assert not isinstance(gain.outcome, Unscored)
        true = surprisals(WORLD, answer.written, reader)
        assert [g.surprisal for g in gain.outcome[: len(true)]] == pytest.approx(true)


def test_a_reader_of_another_world_is_refused(tmp_path: Path) -> None:
    answers = written_answers(PLAN, BY_NAME["neither"], WORLD, STRANGERS[:1], conditions=("cot",))
    traces = write_rows(tmp_path / "traces.jsonl", map(answer_row, answers))
    other = World(DIALS, 6)
    with pytest.raises(InputError, match="asks no such question"):
        record_reader(other, table_reader(other, trust=0.85), traces, tmp_path / "reader.jsonl")


def test_a_perfect_reader_of_two_hops_sees_false_claims_and_no_slip_before_the_answer(tmp_path: Path) -> None:
    knowledge, reasoning = (
        values(list(observed_by_reader(place(tmp_path / name, name), 2)))
        for name in ("knowledge, strong", "reasoning, strong")
    )
    method = "observation by reader, 2 hops"
    assert reasoning[f"{method}: truth"] == CODES["reasoning_bound"]
    assert reasoning[f"{method}: verdict"] == Unscored(reason="not_separable")
    seen, unseen = (found[f"{method}: AUROC of the gain"] for found in (knowledge, reasoning))
    assert isinstance(seen, float)
    assert isinstance(unseen, float)
    assert seen > 0.6
    assert abs(unseen - 0.5) < 0.1


# --- whose world it is


def folder_of(tmp_path: Path, seed: int) -> Path:
    notes = {"recipe": msgspec.to_builtins(ObserverRecipe(world=DIALS)), "seed": seed}
    (tmp_path / NOTES).write_text(json.dumps(notes), "utf-8")
    return tmp_path


def test_an_observer_names_its_world_and_is_refused_for_another(tmp_path: Path) -> None:
    assert world_of(folder_of(tmp_path, 5), 5).table == WORLD.table
    with pytest.raises(InputError, match="reads the world of seed 5, not of 6"):
        world_of(tmp_path, 6)
    with pytest.raises(InputError, match=r"lab\.json is missing"):
        world_of(tmp_path / "nowhere", 5)


def test_a_finished_setting_is_read_back_and_that_of_another_plan_is_refused(tmp_path: Path) -> None:
    observer = folder_of(tmp_path, 5)
    (observer / "model.safetensors").write_bytes(b"weights")
    out = tmp_path / "out"
    plan = RegimesPlan(settings=(BY_NAME["neither"],))
    kept = Cell(arm="neither", measure="observation: truth", value=0.0, n=7)
    (out / "neither").mkdir(parents=True)
    done = {"plan": plan, "seed": 5, "observer": weights_of(observer), "cells": [kept]}
    (out / "neither" / "cells.json").write_bytes(msgspec.json.encode(done))
    assert run_regimes(plan, 5, observer, out, quiet) == (kept,)
    with pytest.raises(InputError, match="holds another run"):
        run_regimes(msgspec.structs.replace(plan, samples=9), 5, observer, out, quiet)


def weights_of(observer: Path) -> str:
    from knowreason.store import hash_files

    return hash_files([observer / "model.safetensors"])


# --- the counts

REGIMES: list[Regime] = list(CODES)
said = st.sampled_from([1.0, 0.0, -1.0, *(Unscored(reason=r) for r in ("not_separable", "not_enough_evidence"))])
worlds = st.lists(st.tuples(st.sampled_from(REGIMES), said), min_size=1, max_size=12)


def cells_of(told: list[tuple[Regime, float | Unscored]], method: str = "observation") -> list[Cell]:
    return [
        Cell(arm=f"arm {number}", measure=f"{method}: {what}", value=value, n=1)
        for number, (regime, verdict) in enumerate(told)
        for what, value in (("truth", CODES[regime]), ("verdict", verdict))
    ]


@settings(deadline=None, max_examples=25)
@given(worlds, worlds)
def test_every_world_is_counted_once_whatever_the_seed_it_is_from(
    first: list[tuple[Regime, float | Unscored]], second: list[tuple[Regime, float | Unscored]]
) -> None:
    counts = verdict_counts({1: cells_of(first), 2: cells_of(second)})
    whole, *parts = counts
    assert whole.regime == "all"
    assert whole.worlds == len(first) + len(second)
    for name in ("worlds", "right", "wrong", "undecided", "open"):
        assert getattr(whole, name) == sum(getattr(part, name) for part in parts)
    for one in counts:
        assert one.right + one.wrong + one.undecided == one.worlds
        assert one.share.estimate == pytest.approx(one.right / one.worlds)
        assert 0 <= one.share.lower <= one.share.estimate <= one.share.upper <= 1


@given(st.sampled_from(REGIMES))
def test_naming_the_wrong_side_is_wrong_and_saying_nothing_is_not(regime: Regime) -> None:
    assert judged(regime, CODES[regime]) == "right"
    for other in set(CODES) - {regime}:
        assert judged(regime, CODES[other]) == "wrong"
    assert judged(regime, Unscored(reason="too_few_facts")) == "undecided"
    unsaid = judged(regime, Unscored(reason="not_separable"))
    assert unsaid == ("right" if regime == "not_separable" else "undecided")


def test_exact_interval_by_hand() -> None:
    [whole, _] = verdict_counts({1: cells_of([("knowledge_bound", 1.0)] * 10)})
    assert whole.share.lower == pytest.approx(0.025 ** (1 / 10))  # P(10 of 10) = .025
    assert whole.share.upper == 1
    assert whole.decided == whole.share
    [_, silent] = verdict_counts({1: cells_of([("knowledge_bound", Unscored(reason="not_separable"))])})
    assert silent.decided == Unscored(reason="too_few")


def test_dials_and_repair_are_compared_world_by_world() -> None:
    cells = [
        *cells_of([("knowledge_bound", 1.0), ("not_separable", 1.0)]),
        Cell(arm="arm 0", measure="truth by the dials", value=1.0, n=1),
        Cell(arm="arm 1", measure="truth by the dials", value=1.0, n=1),
    ]
    assert agreeing({3: cells}) == (1, 2)


def concluded(outcome: ConclusionOutcome, reason: str = "") -> Conclusion:
    return Conclusion("need", outcome, reason, {}, 9, None, (), "")


def test_a_difference_that_is_not_shown_is_no_verdict_and_one_shown_to_be_small_is() -> None:
    assert verdict_of(concluded("knowledge_bound"), 1.0) == 1
    assert verdict_of(concluded("reasoning_bound"), 1.0) == -1
    assert verdict_of(concluded("not_separable"), 0.01) == 0
    assert verdict_of(concluded("not_separable"), 0.2) == Unscored(reason="not_separable")
    assert verdict_of(concluded("not_enough_evidence"), None) == Unscored(reason="not_enough_evidence")
    assert verdict_of(concluded("cannot_be_judged", "too_few"), None) == Unscored(reason="too_few")


def test_a_share_of_decided_worlds_leaves_out_the_undecided() -> None:
    told: list[tuple[Regime, float | Unscored]] = [
        ("reasoning_bound", -1.0),
        ("reasoning_bound", 1.0),
        ("reasoning_bound", Unscored(reason="not_separable")),
    ]
    [whole, _] = verdict_counts({1: cells_of(told)})
    assert (whole.right, whole.wrong, whole.undecided, whole.open) == (1, 1, 1, 0)
    assert isinstance(whole.decided, Interval)
    assert whole.decided.estimate == pytest.approx(0.5)
