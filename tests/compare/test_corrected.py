"""KI without the verifier's errors: only from labelled claims of these traces, and only where they tell enough."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from knowreason.compare import Effect, compare_runs
from knowreason.errors import InputError
from knowreason.records import Unscored
from planted import answers, coins, write_run

LABELS = np.array(["refuted", "supported"])


def judged(folder: Path, count: int = 300) -> tuple[Path, list[dict[str, object]]]:
    """A run whose verifier supports 90 % of true claims and 40 % of false ones, and the truth of every claim.

    True are 60 % of the owl's claims and 80 % of the eagle's.
    """
    audited, truths = [], {}
    for seed, (model, share) in enumerate((("owl", 0.6), ("eagle", 0.8))):
        rng = np.random.default_rng(seed)
        truth = rng.random((count, 3)) < share
        called = np.where(truth, rng.random((count, 3)) < 0.9, rng.random((count, 3)) < 0.4)
        verdicts = [tuple(LABELS[row.astype(int)]) for row in called]
        made = answers(coins(seed, count, 0.5), model, verdicts=verdicts)
        audited += made
        truths |= {each.trace.trace_id: row for each, row in zip(made, truth, strict=True)}
    run = write_run(folder, audited)
    claims = pl.read_parquet(run / "claims.parquet").sort("trace_id", "step", "claim")
    rows: list[dict[str, object]] = []
    for (trace,), own in claims.partition_by("trace_id", as_dict=True).items():
        for truth, (step, claim) in zip(truths[str(trace)], own.select("step", "claim").iter_rows(), strict=True):
            rows.append({"trace_id": trace, "step": step, "claim": claim, "truth": bool(truth)})
    return run, rows


def labels(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def ki(run: Path, name: str, *files: Path) -> Effect | Unscored:
    (contrast,) = compare_runs([run], baseline="owl", labels=files, draws=500).contrasts
    return contrast.effects[name]


def test_labelled_claims_bring_back_the_true_difference(tmp_path: Path) -> None:
    run, rows = judged(tmp_path / "run")
    told = labels(tmp_path / "labels.jsonl", rows)
    apparent, corrected = ki(run, "ki", told), ki(run, "corrected_ki", told)
    assert isinstance(apparent, Effect)
    assert isinstance(corrected, Effect)
    assert apparent.difference.upper < 0.2  # half of it is lost in the verifier's errors
    assert corrected.difference.lower < 0.2 < corrected.difference.upper
    assert (corrected.baseline, corrected.candidate) == pytest.approx((0.6, 0.8), abs=0.05)
    assert (
        corrected.difference.upper - corrected.difference.lower > apparent.difference.upper - apparent.difference.lower
    )


def test_fewer_labels_make_it_wider(tmp_path: Path) -> None:
    run, rows = judged(tmp_path / "run")
    few = [row for number, row in enumerate(rows) if number % 7 == 0]
    widths = []
    for name, kept in (("all.jsonl", rows), ("few.jsonl", few)):
        effect = ki(run, "corrected_ki", labels(tmp_path / name, kept))
        assert isinstance(effect, Effect)
        widths.append(effect.difference.upper - effect.difference.lower)
    assert widths[0] < widths[1]


def test_without_labels_it_is_unscored_and_so_it_is_with_too_few(tmp_path: Path) -> None:
    run, rows = judged(tmp_path / "run")
    refused = ki(run, "corrected_ki")
    assert isinstance(refused, Unscored)
    assert refused.reason == "no_labelled_calibration"
    only_true = [row for row in rows if row["truth"]]
    refused = ki(run, "corrected_ki", labels(tmp_path / "true.jsonl", only_true))
    assert isinstance(refused, Unscored)
    assert refused.reason == "no_labelled_calibration"
    assert "labelled false claims that were decided come from 0 questions; 20 are needed" in refused.detail


def test_a_verifier_at_chance_corrects_nothing(tmp_path: Path) -> None:
    run, rows = judged(tmp_path / "run")
    rng = np.random.default_rng(5)
    shuffled = [row | {"truth": bool(truth)} for row, truth in zip(rows, rng.random(len(rows)) < 0.5, strict=True)]
    refused = ki(run, "corrected_ki", labels(tmp_path / "labels.jsonl", shuffled))
    assert isinstance(refused, Unscored)
    assert refused.reason == "uninformative_instrument"


def test_labels_of_other_traces_and_labels_that_disagree_are_refused(tmp_path: Path) -> None:
    run, rows = judged(tmp_path / "run", count=30)
    foreign = labels(tmp_path / "foreign.jsonl", [row | {"trace_id": "elsewhere"} for row in rows[:1]])
    with pytest.raises(InputError, match="no labelled claim is one of the runs'"):
        ki(run, "ki", foreign)
    own = labels(tmp_path / "a.jsonl", rows)
    other = labels(tmp_path / "b.jsonl", [row | {"truth": not row["truth"]} for row in rows])
    with pytest.raises(InputError, match="labelled both true and false"):
        ki(run, "ki", own, other)
