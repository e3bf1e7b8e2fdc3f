"""Scores in a ledger: what a checkpoint said is said again, to the last bit, and nothing else in its name."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowreason.errors import InputError, LedgerMiss, ModelError
from knowreason.gain import LetterScorer, OptionScorer
from knowreason.ledger import Ledger, export_lines, import_lines
from knowreason.models.protocols import PrefixScorer
from knowreason.models.recorded import RecordedScorer, replayed
from knowreason.models.remote.terms import Remote
from knowreason.models.scripted import read_script
from knowreason.pipeline import audit
from knowreason.records import Continuation, Observation, Prefixes, Unscored
from knowreason.task import Audit
from local_model import token_logprobs, tokenise

TOLD = {"id": "hf:small", "sha256": "ab" * 32, "device": "cpu", "dtype": "float32"}
ASKED = Prefixes(context="One, two, three.", cuts=(0, 4, 16), lead="\nThe answer is:", targets=(" four", " a purple"))
OBSERVED = Observation(question="What follows?", prefix="One, two.", candidates=("three", "purple"), labels=("A", "B"))


class Reader:
    """A causal model of a few lines: it reads no more than `longest` tokens, and counts how often it is asked."""

    def __init__(self, longest: int = 1000) -> None:
        self.longest, self.asked = longest, 0

    def prefix_logprobs(self, prefixes: Prefixes) -> list[list[list[float]]] | Unscored:
        self.asked += 1
        texts = [prefixes.context[:cut] + prefixes.lead for cut in prefixes.cuts]
        if max(len(tokenise(text)) for text in texts) > self.longest:
            return Unscored(reason="context_too_long", detail=f"the model reads {self.longest}")
        return [[_after(text, target) for target in prefixes.targets] for text in texts]

    def logprobs(self, continuations: Sequence[Continuation]) -> list[list[float]]:
        return [_after(asked.context, asked.target) for asked in continuations]


def _after(context: str, target: str) -> list[float]:
    before, told = tokenise(context), tokenise(target)
    values = token_logprobs(["<s>", *before, *told])[1 + len(before) :]
    return [value for value in values if value is not None]


def recorded(path: Path, source: Reader | None = None, told: dict[str, str] = TOLD) -> RecordedScorer:
    return RecordedScorer(told, Ledger(path), source or Reader())


def again(path: Path, uri: str = "hf:small") -> RecordedScorer:
    found = replayed(uri, Ledger(path, replay=True))
    assert found is not None
    return found


texts = st.text(alphabet="One, two three\n.é", max_size=40)


@settings(deadline=None, max_examples=40)
@given(texts, st.lists(st.integers(0, 40), min_size=1, max_size=5), st.lists(texts.map(" x".__add__), min_size=1))
def test_what_is_replayed_is_what_was_said_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, context: str, cuts: list[int], targets: list[str]
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    asked = Prefixes(context=context, cuts=tuple(cuts), lead=" so", targets=tuple(targets))
    said = recorded(path).prefix_logprobs(asked)
    assert said == Reader().prefix_logprobs(asked)
    assert again(path).prefix_logprobs(asked) == said
    assert again(path).describe() == TOLD


def test_a_text_is_asked_about_once(tmp_path: Path) -> None:
    source = Reader()
    first = recorded(tmp_path / "ledger.sqlite", source)
    assert first.prefix_logprobs(ASKED) == first.prefix_logprobs(ASKED)
    other = recorded(tmp_path / "ledger.sqlite", source)
    other.prefix_logprobs(ASKED)
    assert source.asked == 1
    assert (first.made, first.found, other.made, other.found) == (1, 1, 0, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"context": "One, two, three!"},
        {"cuts": (0, 5, 16)},
        {"cuts": (0, 4)},
        {"lead": "\nThe answer:"},
        {"targets": (" four",)},
    ],
)
def test_whatever_was_not_asked_is_refused_and_never_made_up(tmp_path: Path, other: dict[str, object]) -> None:
    recorded(tmp_path / "ledger.sqlite").prefix_logprobs(ASKED)
    with pytest.raises(LedgerMiss, match=r"holds no answer of hf:small .*without --replay"):
        again(tmp_path / "ledger.sqlite").prefix_logprobs(Prefixes(**{**_fields(ASKED), **other}))


def _fields(asked: Prefixes) -> dict[str, object]:
    return {name: getattr(asked, name) for name in asked.__struct_fields__}


def test_every_observer_of_a_replay_sees_what_it_saw(tmp_path: Path) -> None:
    first, ends = recorded(tmp_path / "ledger.sqlite"), [0, 4, 9]
    kinds = (OptionScorer, LetterScorer)
    said = [kind(first).observe_along(OBSERVED, ends) for kind in kinds]
    assert [kind(again(tmp_path / "ledger.sqlite")).observe_along(OBSERVED, ends) for kind in kinds] == said
    assert [kind(Reader()).observe_along(OBSERVED, ends) for kind in kinds] == said


def test_a_text_that_was_too_long_stays_so(tmp_path: Path) -> None:
    first = recorded(tmp_path / "ledger.sqlite", Reader(longest=6))
    said = first.prefix_logprobs(ASKED)
    assert isinstance(said, Unscored)
    assert again(tmp_path / "ledger.sqlite").prefix_logprobs(ASKED) == said
    with pytest.raises(ModelError, match="a context is too long"):
        first.logprobs([Continuation(context=ASKED.context + ASKED.lead, target=" four")])


def test_a_number_that_is_not_finite_is_not_recorded(tmp_path: Path) -> None:
    class Odd(Reader):
        def prefix_logprobs(self, prefixes: Prefixes) -> list[list[list[float]]]:
            return [[[-math.inf] for _ in prefixes.targets] for _ in prefixes.cuts]

    with pytest.raises(ModelError, match="not finite"):
        recorded(tmp_path / "ledger.sqlite", Odd()).prefix_logprobs(ASKED)
    assert len(Ledger(tmp_path / "ledger.sqlite")) == 0


def test_an_exported_ledger_goes_into_another_and_is_a_recording(tmp_path: Path) -> None:
    said = recorded(tmp_path / "ledger.sqlite").prefix_logprobs(ASKED)
    assert not isinstance(said, Unscored)
    long = Prefixes(context="One " * 9, cuts=(0, 36), lead=ASKED.lead, targets=(" four",))
    recorded(tmp_path / "ledger.sqlite", Reader(longest=6)).prefix_logprobs(long)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert export_lines(ledger, tmp_path / "answers.jsonl") == 3
    with Ledger(tmp_path / "other.sqlite") as other:
        import_lines(other, tmp_path / "answers.jsonl")
    assert again(tmp_path / "other.sqlite").prefix_logprobs(ASKED) == said
    script = read_script(tmp_path / "answers.jsonl")
    places = [ASKED.context[:cut] + ASKED.lead for cut in ASKED.cuts]
    asked = [Continuation(context=place, target=target) for place in places for target in ASKED.targets]
    assert script.logprobs(asked) == [one for row in said for one in row]
    with pytest.raises(ModelError, match="context_too_long"):
        script.logprobs([Continuation(context=long.context + long.lead, target=" four")])


@pytest.mark.parametrize(
    ("was", "now"), [('"cuts\\":[0,', '"cuts\\":["x",'), ('"logprobs":[[', '"logprobs":[[[[1]],['), ("[[[-", "[[[[-")]
)
def test_a_broken_line_of_a_recording_is_named(tmp_path: Path, was: str, now: str) -> None:
    recorded(tmp_path / "ledger.sqlite").prefix_logprobs(ASKED)
    export_lines(Ledger(tmp_path / "ledger.sqlite"), tmp_path / "answers.jsonl")
    text = (tmp_path / "answers.jsonl").read_text("utf-8")
    assert was in text
    (tmp_path / "answers.jsonl").write_text(text.replace(was, now), "utf-8")
    with pytest.raises(ModelError, match=r"answers.jsonl, line \d"):
        read_script(tmp_path / "answers.jsonl")


def test_a_checkpoint_is_found_by_its_name_wherever_it_lay(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    recorded(path).prefix_logprobs(ASKED)
    recorded(path, told={**TOLD, "id": "hf:org/small", "sha256": "cd" * 32}).prefix_logprobs(ASKED)
    assert again(path, "hf:models/small").describe()["id"] == "hf:small"
    assert again(path, "hf:org/small").describe()["id"] == "hf:org/small"
    assert replayed("hf:other", Ledger(path, replay=True)) is None


@pytest.mark.parametrize("change", [{"sha256": "cd" * 32}, {"device": "cuda", "dtype": "bfloat16"}])
def test_two_checkpoints_of_one_name_are_not_mixed(tmp_path: Path, change: dict[str, str]) -> None:
    path = tmp_path / "ledger.sqlite"
    recorded(path).prefix_logprobs(ASKED)
    recorded(path, told={**TOLD, **change}).prefix_logprobs(ASKED)
    assert len(Ledger(path)) == 4
    with pytest.raises(ModelError, match="more than one hf:small"):
        again(path)


def test_a_folder_that_is_here_must_be_the_checkpoint_of_the_scores(tmp_path: Path) -> None:
    recorded(tmp_path / "ledger.sqlite").prefix_logprobs(ASKED)
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "config.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match=r"another checkpoint .*leave out --replay"):
        again(tmp_path / "ledger.sqlite", f"hf:{tmp_path / 'small'}")


def test_a_recorded_scorer_is_one_that_reads_a_text_once(tmp_path: Path) -> None:
    assert isinstance(recorded(tmp_path / "ledger.sqlite"), PrefixScorer)
    assert recorded(tmp_path / "ledger.sqlite").prefix_logprobs(Prefixes("a", (), "", (" b",))) == []


def test_recording_is_refused_where_it_means_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--record and --replay"):
        Remote(record=True, replay=tmp_path / "ledger.sqlite")
    with pytest.raises(InputError, match="add --scorer hf:FOLDER"):
        Audit(sources="traces.jsonl", out="run", remote=Remote(record=True)).check()


def test_a_replay_without_the_scores_says_what_is_missing(tmp_path: Path, example_dir: Path) -> None:
    Ledger(tmp_path / "ledger.sqlite").close()
    command = [
        "audit",
        str(example_dir / "traces.jsonl"),
        "--scorer",
        "hf:no-such-folder",
        "--out",
        str(tmp_path / "r"),
    ]
    command += ["--replay", str(tmp_path / "ledger.sqlite")]
    done = subprocess.run(
        [sys.executable, "-m", "knowreason.cli", *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ledger.sqlite holds no scores of hf:no-such-folder, and it cannot be opened" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_audit_of_a_checkpoint_is_replayed_where_it_is_not(tmp_path: Path, example_dir: Path) -> None:
    pytest.importorskip("torch")
    from made_causal import save_model

    folder = save_model(tmp_path / "tiny")
    source, told = str(example_dir / "traces.jsonl"), []

    def task(out: str, **remote: object) -> Audit:
        scorer = f"hf:{folder}"
        return Audit(sources=source, out=tmp_path / out, scorer=scorer, limit=12, remote=Remote(**remote), workers=2)

    plain, first = audit(task("plain")), audit(task("first", record=True), tell=told.append)
    ledger = tmp_path / "ledger.sqlite"
    counted = len(Ledger(ledger))
    resumed = audit(task("more", record=True), tell=told.append)
    assert len(Ledger(ledger)) == counted
    folder.rename(tmp_path / "away")
    offline = audit(task("offline", replay=ledger), tell=told.append)
    for other in (first, resumed, offline):
        for name in ("gains", "scores", "steps", "traces"):
            assert pl.read_parquet(other / f"{name}.parquet").equals(pl.read_parquet(plain / f"{name}.parquet"))
    models = [json.loads((run / "manifest.json").read_text("utf-8"))["models"] for run in (plain, first, offline)]
    assert models[0] == models[1] == models[2]
    assert "answers recorded in" in told[0]
    assert told[1].startswith("hf:tiny: 0 answers recorded")
    assert "answers replayed from" in told[2]
