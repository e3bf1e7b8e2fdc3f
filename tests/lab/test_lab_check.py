"""`lab check`: an audit that is right agrees with the truth, one that is not is told, and the example is whole."""

from __future__ import annotations

import importlib.util
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from rich.console import Console

from conftest import ROOT
from knowreason.errors import InputError, StoreError
from knowreason.lab.check import KINDS, Check, Gains, check, read_truth
from knowreason.lab.check_text import print_check
from knowreason.lab.dials import TraceDials, WorldDials
from knowreason.lab.printing import Declared, Printed, print_world, write_traces
from knowreason.lab.truth import Reader, posterior, table_reader, true_gains
from knowreason.lab.verifier import record_verdicts
from knowreason.lab.world import World
from knowreason.lab.writing import Written
from knowreason.ledger import Ledger
from knowreason.models.huggingface import hash_checkpoint
from knowreason.pipeline import audit
from knowreason.records import Interval, Unscored
from knowreason.task import Audit

EXAMPLE = ROOT / "examples" / "lab_world"
LINES = ("traces", "corpus", "questions", "truth")
WORLD = World(WorldDials(entities=40, answers=6, findings=12, never_shown=0.75, reliability=(0.3, 0.6)), 3)
READER = table_reader(WORLD, trust=0.8)


def make_script() -> Any:
    """The example's own script, as a module."""
    spec = importlib.util.spec_from_file_location("lab_world_make", EXAMPLE / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def command(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "knowreason.cli", *words]
    return subprocess.run(call, capture_output=True, text=True, check=False, cwd=folder)


def reads(written: Written, reader: Reader) -> list[dict[str, float]]:
    """What the declared reader holds of the options before a trace, after each sentence, and after its statement."""
    said = [None, *(sentence.fact for sentence in written.sentences)]
    known = [fact for fact in said if fact is not None]
    counts = [sum(fact is not None for fact in said[: i + 1]) for i in range(len(said))]
    held = [posterior(WORLD, written.question, known[:count], reader) for count in counts]
    return [*held, held[-1]]


def record_reader(printed: Printed, written: list[Written], target: Path) -> Path:
    """An observer that is the declared reader: a recording of his odds at every place of every trace."""
    rows = [json.loads(line) for line in printed.traces.read_text("utf-8").splitlines()]
    lines: list[str] = []
    for row, trace in zip(rows, written, strict=True):
        text, options = row["response"], row["options"]
        for end, odds in zip([0, *trace.ends, len(text)], reads(trace, READER), strict=True):
            given = {
                "question": row["question"],
                "prefix": text[:end],
                "candidates": list(options.values()),
                "labels": list(options),
            }
            output = [math.log(odds[drug]) for drug in options.values()]
            lines.append(json.dumps({"kind": "observe", "input": given, "output": output}))
    target.write_text("\n".join(lines), "utf-8")
    return target


class World40:
    """Forty written traces, printed with their truth, and audited by whoever is named."""

    def __init__(self, folder: Path) -> None:
        dials = TraceDials(filler=0.7, corruption=0.3, off_topic=0.4)
        self.written = write_traces(WORLD, WORLD.of_split("stranger"), dials, seed=1)
        self.folder, declared = folder, Declared("the reader himself", READER)
        self.printed = print_world(WORLD, {"writer": self.written}, folder, declared)

    def audited(self, name: str, **asked: Any) -> Path:
        verdicts = record_verdicts(self.printed.traces, self.printed.corpus, self.folder / "verdicts.jsonl")
        task = Audit(
            sources=str(self.printed.traces),
            out=self.folder / name,
            knowledge=str(self.printed.corpus),
            verifier=f"scripted:{verdicts}",
            **asked,
        )
        return audit(task)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World40:
    return World40(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def perfect(world: World40) -> Path:
    """The audit whose verifier is the table and whose scorer is the declared reader."""
    recording = record_reader(world.printed, world.written, world.folder / "reader.jsonl")
    return world.audited("perfect", scorer=f"scripted:{recording}")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as the demo audits it, from a folder in which there is no checkpoint."""
    out = tmp_path_factory.mktemp("example") / "run"
    traces, corpus = (str(EXAMPLE / f"{name}.jsonl") for name in ("traces", "corpus"))
    scorer = ("--scorer", "hf:observer-11", "--replay", str(EXAMPLE / "scores.sqlite"))
    done = command("audit", traces, "--knowledge", corpus, *scorer, "--out", str(out), folder=out.parent)
    assert done.returncode == 0, done.stderr
    assert "answers replayed from" in done.stderr
    return out


def gains_of(found: Check) -> Gains:
    assert isinstance(found.gains, Gains)
    return found.gains


def test_an_audit_without_error_agrees_everywhere(world: World40, perfect: Path) -> None:
    found = check(perfect, world.printed.truth)
    (knowledge,) = found.knowledge
    assert isinstance(knowledge.ki, Interval)
    assert knowledge.claims == knowledge.found == knowledge.decided == knowledge.alike
    assert knowledge.ki.estimate == pytest.approx(knowledge.share)
    gains = gains_of(found)
    assert (gains.traces, gains.left_out) == (len(world.written), 0)
    assert isinstance(gains.order, Interval)
    assert gains.order.estimate == pytest.approx(1)
    for each in gains.kinds:
        if isinstance(each.apart, Interval):
            assert (each.apart.lower, each.apart.estimate, each.apart.upper) == pytest.approx((0, 0, 0), abs=1e-9)


def test_every_sentence_is_counted_once_with_its_true_gain(world: World40, perfect: Path) -> None:
    kinds = {each.kind: each for each in gains_of(check(perfect, world.printed.truth)).kinds}
    assert set(kinds) <= set(KINDS)
    assert sum(each.sentences for each in kinds.values()) == sum(len(w.sentences) for w in world.written)
    true = [gain for w in world.written for gain in true_gains(WORLD, w, READER)]
    assert sum(each.true * each.sentences for each in kinds.values()) == pytest.approx(sum(true))
    assert kinds["needed_hop"].true > 0.3
    assert kinds["filler"].true == 0
    assert kinds["false_claim"].true < -0.3


def test_a_scorer_that_sees_nothing_and_a_verifier_that_errs_are_told(world: World40) -> None:
    """Every gain is 0 and every verdict is turned round: the order is gone, no needed step gains, no share is right."""
    said = (world.folder / "verdicts.jsonl").read_text("utf-8")
    turned = said.replace("[1.0, 0.0, 0.0]", "[x]").replace("[0.0, 1.0, 0.0]", "[1.0, 0.0, 0.0]")
    (world.folder / "turned.jsonl").write_text(turned.replace("[x]", "[0.0, 1.0, 0.0]"), "utf-8")
    told = record_reader(world.printed, world.written, world.folder / "blind.jsonl").read_text("utf-8")
    rows = [{**json.loads(line), "output": [-1.3862943611198906] * 4} for line in told.splitlines()]
    (world.folder / "blind.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    task = Audit(
        sources=str(world.printed.traces),
        out=world.folder / "wrong",
        knowledge=str(world.printed.corpus),
        verifier=f"scripted:{world.folder / 'turned.jsonl'}",
        scorer=f"scripted:{world.folder / 'blind.jsonl'}",
    )
    found = check(audit(task), world.printed.truth)
    assert found.knowledge[0].alike == 0
    needed = next(each for each in gains_of(found).kinds if each.kind == "needed_hop")
    assert isinstance(needed.apart, Interval)
    assert needed.apart.upper < 0
    assert isinstance(gains_of(found).order, Unscored)
    shown = printed_text(found)
    assert "all do here" not in shown
    assert "not so writer" in shown
    assert re.search(r"not so .*true step, needed", shown)
    assert "too few of the" in shown


def printed_text(found: Check, width: int = 400) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        print_check(found, console)
    return capture.get()


def test_commitment_is_not_compared_with_gain(world: World40) -> None:
    found = check(world.audited("builtin", limit=8), world.printed.truth)
    assert found.gains == Unscored(reason="observer_reads_commitment_only")
    assert found.traces == 8
    assert "Gains are not compared" in printed_text(found)


def test_a_truth_without_gains_judges_knowledge_alone(world: World40, perfect: Path, tmp_path: Path) -> None:
    plain = print_world(WORLD, {"writer": world.written}, tmp_path)
    found = check(perfect, plain.truth)
    assert found.gains == Unscored(reason="no_true_gains")
    assert found.knowledge == check(perfect, world.printed.truth).knowledge
    assert (found.reader, check(perfect, world.printed.truth).reader) == ("", "the reader himself")
    assert plain.traces.read_bytes() == world.printed.traces.read_bytes()


def test_the_truth_of_other_traces_is_refused(world: World40, perfect: Path, tmp_path: Path) -> None:
    rows = world.printed.truth.read_text("utf-8").splitlines()
    (tmp_path / "short.jsonl").write_text("\n".join(rows[1:]), "utf-8")
    with pytest.raises(InputError, match="has no line for clinic-"):
        check(perfect, tmp_path / "short.jsonl")
    first = json.loads(rows[0])
    first["sentences"][0]["text"] = "Something else."
    (tmp_path / "other.jsonl").write_text("\n".join([json.dumps(first), *rows[1:]]), "utf-8")
    with pytest.raises(InputError, match="has another text than clinic-"):
        check(perfect, tmp_path / "other.jsonl")
    (tmp_path / "broken.jsonl").write_text('{"question_id": 3}\n', "utf-8")
    with pytest.raises(InputError, match=r"broken\.jsonl, line 1: "):
        read_truth(tmp_path / "broken.jsonl")
    with pytest.raises(InputError, match="does not exist"):
        check(perfect, tmp_path / "absent.jsonl")
    with pytest.raises(StoreError):
        check(tmp_path, world.printed.truth)


def test_the_command_prints_and_gives_json(world: World40, perfect: Path) -> None:
    shown = command("lab", "check", str(perfect), str(world.printed.truth))
    assert shown.returncode == 0, shown.stderr
    assert max(map(len, shown.stdout.splitlines())) <= 100
    told = command("lab", "check", str(perfect), str(world.printed.truth), "--json")
    assert json.loads(told.stdout)["gains"]["left_out"] == 0
    wrong = command("lab", "check", str(perfect), str(EXAMPLE / "truth.jsonl"))
    assert wrong.returncode == 1
    assert len(wrong.stderr.strip().splitlines()) == 1


def test_the_example_is_what_its_script_prints(tmp_path: Path) -> None:
    printed = make_script().print_declared(json.loads((EXAMPLE / "reader.json").read_text("utf-8")), tmp_path)
    assert [path.name for path in printed] == [f"{name}.jsonl" for name in LINES]
    for path in printed:
        assert path.read_bytes() == (EXAMPLE / path.name).read_bytes(), f"{path.name}: run examples/lab_world/make.py"


def test_the_scores_of_the_example_are_those_of_the_observer_that_ships() -> None:
    shipped = make_script().shipped_observer()
    named = f"hf:{shipped.name}"
    with Ledger(EXAMPLE / "scores.sqlite", replay=True) as ledger:
        (proof,) = [call for call, _ in ledger.calls() if call.kind == "proof"]
    told = json.loads((EXAMPLE / "reader.json").read_text("utf-8"))["observer"]
    ships = (named, hash_checkpoint(shipped))
    assert (proof.model, proof.revision) == ships, "another observer ships: run examples/lab_world/make.py"
    assert (told["id"], told["sha256"]) == ships
    for page in ("Makefile", "README.md", "examples/lab_world/README.md"):
        assert f"--scorer {named} " in (ROOT / page).read_text("utf-8")
    assert sum(path.stat().st_size for path in EXAMPLE.iterdir()) < 500_000


def test_the_example_is_audited_without_its_checkpoint_and_measures_what_is_true(example: Path) -> None:
    """The marks are below what it reached when they were set, and above what a broken measure would."""
    found = check(example, EXAMPLE / "truth.jsonl")
    assert found.scorer == found.reader
    careful, careless = found.knowledge
    assert careful.share > careless.share + 0.15
    for each in found.knowledge:
        assert each.found == each.claims
        assert each.decided >= 0.8 * each.claims
        assert each.alike >= 0.9 * each.decided
        assert isinstance(each.ki, Interval)
        assert each.ki.estimate == pytest.approx(each.share, abs=0.12)
    gains = gains_of(found)
    assert gains.left_out == 0
    assert isinstance(gains.order, Interval)
    assert gains.order.estimate >= 0.7
    kinds = {each.kind: each.measured for each in gains.kinds}
    needed, filler, false = (kinds[name] for name in ("needed_hop", "filler", "false_claim"))
    assert isinstance(needed, Interval)
    assert isinstance(filler, Interval)
    assert isinstance(false, Interval)
    assert needed.lower > 0.3 > filler.upper
    assert filler.lower > -0.1
    assert false.upper < -0.3


def test_the_figures_of_the_check_are_those_of_the_tables(example: Path) -> None:
    """The mean gain of filler, counted once more from the tables and the truth alone."""
    rows = [json.loads(line) for line in (EXAMPLE / "truth.jsonl").read_text("utf-8").splitlines()]
    idle = {(r["question_id"], r["model"]): [s["end"] for s in r["sentences"] if s["class"] == "filler"] for r in rows}
    traces = pl.read_parquet(example / "traces.parquet").select("trace_id", "question_id", "model")
    steps = pl.read_parquet(example / "steps.parquet").select("trace_id", "step", "end")
    joined = pl.read_parquet(example / "gains.parquet").join(steps, on=["trace_id", "step"]).join(traces, on="trace_id")
    gains = [r["gain"] for r in joined.iter_rows(named=True) if r["end"] in idle[r["question_id"], r["model"]]]
    filler = next(each for each in gains_of(check(example, EXAMPLE / "truth.jsonl")).kinds if each.kind == "filler")
    assert isinstance(filler.measured, Interval)
    assert (filler.sentences, filler.measured.estimate) == (len(gains), pytest.approx(sum(gains) / len(gains)))


def test_the_script_of_the_example_writes_it_again(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed: pip install 'knowreason[lab]'")
    done = subprocess.run(
        [sys.executable, str(EXAMPLE / "make.py"), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for name in ("traces", "corpus", "questions"):
        assert (tmp_path / f"{name}.jsonl").read_bytes() == (EXAMPLE / f"{name}.jsonl").read_bytes()
    held = json.loads((EXAMPLE / "reader.json").read_text("utf-8"))["recall"]
    made = json.loads((tmp_path / "reader.json").read_text("utf-8"))["recall"]
    assert [c for *_, c in made] == pytest.approx([c for *_, c in held], abs=1e-4)  # another processor rounds otherwise
    with (
        Ledger(tmp_path / "scores.sqlite", replay=True) as again,
        Ledger(EXAMPLE / "scores.sqlite", replay=True) as first,
    ):
        assert [call for call, _ in again.calls()] == [call for call, _ in first.calls()]
