"""Checkpoints: the same recipe makes the same bytes, an interruption changes none, and `hf:` reads what was trained."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'knowreason[lab]'")
pytest.importorskip("transformers", reason="transformers is not installed: pip install 'knowreason[lab]'")

from knowreason.errors import InputError
from knowreason.gain import OptionScorer
from knowreason.lab.batches import batch
from knowreason.lab.checkpoints import Size, Training, make_tokenizer
from knowreason.lab.dials import TraceDials, WorldDials
from knowreason.lab.documents import reading_document
from knowreason.lab.probe import open_observer
from knowreason.lab.recipes import ObserverRecipe, check_made_by, train_observer
from knowreason.lab.results import WorldResult
from knowreason.lab.run import PRESETS, SHIPPED, Preset, run
from knowreason.lab.show import ORDER_MARK, RECUT_MARK, SEPARATION_MARK
from knowreason.lab.world import World
from knowreason.models.causal import CausalScorer
from knowreason.records import Interval, Prefixes, Unscored

TINY = ObserverRecipe(
    world=WorldDials(entities=24, answers=5, findings=10, never_shown=0.75, reliability=(0.5,)),
    size=Size(width=16, inner=32, layers=2, heads=2),
    training=Training(steps=8, rate=1e-2, warmup=2, log_every=2, save_every=2),
    documents=4,
)


class Stopped(Exception):  # noqa: N818 - what a user does, not a fault
    """Somebody pressed Ctrl-C."""


def silent(done: int, total: int) -> None:
    del done, total


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_observer(TINY, 5, tmp_path_factory.mktemp("trained"), silent)


def test_an_interrupted_training_goes_on_to_the_same_bytes(trained: Path, tmp_path: Path) -> None:
    def stop_at_five(done: int, total: int) -> None:
        del total
        if done == 5:
            raise Stopped

    with pytest.raises(Stopped):
        train_observer(TINY, 5, tmp_path, stop_at_five)
    seen: list[int] = []
    again = train_observer(TINY, 5, tmp_path, lambda done, total: seen.append(done))
    assert seen == [5, 6, 7, 8]  # from the state saved after four
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (again / name).read_bytes() == (trained / name).read_bytes(), name


def test_another_training_in_the_same_folder_is_refused(trained: Path) -> None:
    other = msgspec.structs.replace(TINY, training=msgspec.structs.replace(TINY.training, rate=1e-3))
    with pytest.raises(InputError, match="another recipe or seed"):
        train_observer(other, 5, trained.parent, silent)
    with pytest.raises(InputError, match="another recipe or seed"):
        check_made_by(trained, TINY, 6)
    assert check_made_by(trained, TINY, 5) == trained


def test_the_log_of_a_training_has_a_line_for_every_few_steps(trained: Path) -> None:
    lines = [msgspec.json.decode(line) for line in (trained.parent / "log.jsonl").read_bytes().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 6, 8]
    assert all(line["answers"] > 0 or line["text"] > 0 for line in lines)


def test_what_is_trained_is_what_is_scored(trained: Path) -> None:
    import torch

    scorer = open_observer(trained)
    assert isinstance(scorer, CausalScorer)
    world = World(TINY.world, 5)
    document = reading_document(world, world.of_split("stranger"), random.Random(3), TraceDials(filler=1.0))
    made = batch([document], make_tokenizer(world), 0)
    sees = torch.from_numpy(made.sees)
    mask = torch.zeros(sees.shape).masked_fill_(~sees, torch.finfo(torch.float32).min)[:, None]
    with torch.inference_mode():
        logits = scorer._model(  # pyright: ignore[reportPrivateUsage]
            input_ids=torch.from_numpy(made.ids), position_ids=torch.from_numpy(made.positions), attention_mask=mask
        ).logits.log_softmax(-1)
    labels = torch.from_numpy(made.labels)
    asked = torch.from_numpy(made.answers)
    expected = logits[asked].gather(-1, labels[asked][:, None])[:, 0].tolist()
    found = scorer.prefix_logprobs(
        Prefixes(context=document.text, cuts=document.cuts, lead=OptionScorer.cue, targets=(f" {document.answer}",))
    )
    assert not isinstance(found, Unscored)
    assert [row[0][0] for row in found] == pytest.approx(expected, abs=1e-5)


def test_the_saved_tokenizer_is_read_as_it_was_written(trained: Path) -> None:
    scorer = open_observer(trained)
    assert isinstance(scorer, CausalScorer)
    world = World(TINY.world, 5)
    text = f"In {world.diseases[0]} the marker is {world.values['marker'][0]}.\nThe answer is:"
    own = make_tokenizer(world).encode(text, add_special_tokens=False).ids
    assert scorer._encode([text]) == [own]  # pyright: ignore[reportPrivateUsage]


TRIAL = Preset(
    seeds=(5,), entities=8, builtin=0, shipped=False, recipe=TINY, fillers=(0.5, 1.0, 1.5), recut=3, nonsense=5
)


def test_a_run_of_the_lab_measures_everything_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    out = tmp_path / "lab"
    result = run(TRIAL, out, lambda *_: None, name="trial")
    (world,) = result.measures
    assert [rate.filler for rate in world.rates] == [0.5, 1.0, 1.5]
    for rate in world.rates:
        assert rate.unmatched == 0
        assert rate.knowledge.alike == rate.knowledge.traces == 8
        assert rate.knowledge.measured == pytest.approx(rate.knowledge.table)
    assert world.recut.total < 1e-5
    assert world.recut.published_after == pytest.approx(world.recut.published_before / 2, rel=0.1)
    assert world.nonsense.with_index == 0
    assert world.nonsense.published == 1
    assert msgspec.json.decode((out / "world-5" / "result.json").read_bytes(), type=WorldResult) == world
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*.parquet")}
    again = run(TRIAL, out, lambda *_: None, name="trial")
    assert again.measures == result.measures
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*.parquet")} == before
    with pytest.raises(InputError, match="another run of the lab"):
        run(msgspec.structs.replace(TRIAL, entities=9), out, lambda *_: None, name="trial")


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(InputError, match="is not empty"):
        run(TRIAL, tmp_path, lambda *_: None, name="trial")


@pytest.mark.parametrize("seed", PRESETS["quick"].seeds)
def test_the_shipped_observers_were_made_by_the_recipe_and_prove_themselves(seed: int) -> None:
    folder = SHIPPED / f"observer-{seed}"
    assert check_made_by(folder, PRESETS["quick"].recipe, seed) == folder
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000
    scorer = open_observer(folder)
    assert isinstance(scorer, CausalScorer)
    assert scorer.proof


def test_the_quick_preset_meets_every_mark(tmp_path: Path) -> None:
    result = run(PRESETS["quick"], tmp_path / "lab", lambda *_: None, name="quick")
    assert [world.checkpoint for world in result.measures] == ["shipped", "shipped"]
    for world in result.measures:
        assert world.recut.total < RECUT_MARK
        for rate in world.rates:
            assert isinstance(rate.order, Interval)
            assert rate.order.estimate >= ORDER_MARK
            separated = {(s.above, s.below): s.measured for s in rate.separations}
            for classes in (("needed_hop", "filler"), ("filler", "misleading_claim")):
                measured = separated[classes]
                assert isinstance(measured, Interval)
                assert measured.estimate >= SEPARATION_MARK
            assert rate.knowledge.alike == rate.knowledge.traces
