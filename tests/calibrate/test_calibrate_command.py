"""The command: what it writes and says, what an audit makes of it, and one clear line for every mistake."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from table_verifier import OPEN, REFUTED, SUPPORTED, record, write_table

from knowreason.frame import read_summary
from knowreason.lab.dials import TraceDials, WorldDials
from knowreason.lab.printing import Printed, print_world, write_traces
from knowreason.lab.verifier import record_verdicts
from knowreason.lab.world import World
from knowreason.records import Interval, Unscored
from knowreason.reliability import Calibration, Labelled, Planted, read_calibration
from local_server import serving

WORLD = World(WorldDials(entities=40, answers=6, findings=12, paraphrases=3), 7)
TRACES = TraceDials(filler=0.2, corruption=0.4, off_topic=0.4)
FLIPPED = 7  # every seventh label contradicts the verifier


def knowreason(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "knowreason.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=300)


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The options of a calibration whose verifier is a recording, and which stands in its folder's calibration.json."""
    folder = tmp_path_factory.mktemp("planted")
    corpus = write_table(folder)
    rates = {True: [(SUPPORTED, 16), (OPEN, 4)], False: [(REFUTED, 14), (OPEN, 6)]}
    recording = record(corpus, folder / "verdicts.jsonl", rates, {True: [(OPEN, 20)], False: [(OPEN, 20)]}, 100)
    return ["--verifier", f"scripted:{recording}", "--knowledge", str(corpus), "--planted", "100"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    folder = tmp_path_factory.mktemp("world")
    traces = {"writer": write_traces(WORLD, WORLD.diseases[:30], TRACES, seed=1)}
    return print_world(WORLD, traces, folder)


@pytest.fixture(scope="module")
def audited(world: Printed) -> tuple[Path, list[str], Path]:
    """An audited world whose verifier reads the table, the options that say so, and labels of its decided claims."""
    folder = world.traces.parent
    recording = record_verdicts(world.traces, world.corpus, folder / "verdicts.jsonl")
    judged = ["--verifier", f"scripted:{recording}", "--knowledge", str(world.corpus)]
    done = knowreason("audit", str(world.traces), *judged, "--out", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    claims = pl.read_parquet(folder / "run" / "claims.parquet").sort("trace_id", "step", "claim")
    decided = claims.filter(pl.col("verdict").is_in(["supported", "refuted"])).with_row_index("place")
    truth = (pl.col("verdict") == "supported") ^ (pl.col("place") % FLIPPED == 0)
    decided.select("trace_id", "step", "claim", truth=truth).write_ndjson(folder / "labels.jsonl")
    return folder / "run", judged, folder / "labels.jsonl"


def told(run: Path, labels: Path) -> pl.DataFrame:
    claims = pl.read_parquet(run / "claims.parquet").select("trace_id", "step", "claim", "verdict")
    return pl.read_ndjson(labels).join(claims, on=["trace_id", "step", "claim"])


def test_it_prints_what_it_writes_and_json_is_the_file(planted: list[str], tmp_path: Path) -> None:
    done = knowreason("calibrate", *planted, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = read_calibration(tmp_path / "calibration.json")
    assert isinstance(found.planted, Planted)
    assert found.planted.present.true == 100
    assert isinstance(found.labelled, Unscored)
    said = flat(done.stdout)
    assert "200 claims (100 true, 100 false) planted in 100 passages" in said
    assert "sensitivity 100%" in said
    assert "25% [" in said  # left open: 4 and 6 of twenty
    assert "calibration: calibration.json" in said
    again = knowreason("calibrate", *planted, "--out", "other", "--json", cwd=tmp_path)
    assert again.stdout == (tmp_path / "other" / "calibration.json").read_text("utf-8")
    assert again.stdout == (tmp_path / "calibration.json").read_text("utf-8")


def test_without_a_calibration_the_box_names_the_command_that_would_do_it(
    audited: tuple[Path, list[str], Path],
) -> None:
    run, judged, _ = audited
    done = knowreason("report", str(run), cwd=run.parent)
    said = flat(done.stdout)
    assert said.count("Reliability ") == 1
    command = said.partition("this would do it: ")[2].partition(" Note ")[0]
    assert shlex.split(command) == ["knowreason", "calibrate", *judged, "--out", "run"]
    assert "not calibrated on this corpus" in (run / "report.html").read_text("utf-8")


def test_labelled_claims_give_the_rates_and_correct_the_index(
    audited: tuple[Path, list[str], Path], tmp_path: Path
) -> None:
    run, judged, labels = audited
    given = ["--labels", str(labels), "--run", str(run), "--planted", "0"]
    done = knowreason("calibrate", *judged, *given, "--out", str(tmp_path / "told.json"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = read_calibration(tmp_path / "told.json")
    assert isinstance(found.labelled, Labelled)
    rows = told(run, labels)
    true, false = rows.filter("truth"), rows.filter(~pl.col("truth"))
    sensitivity = (true["verdict"] == "supported").mean()
    specificity = (false["verdict"] == "refuted").mean()
    figures = found.labelled.figures
    assert isinstance(figures.sensitivity, Interval)
    assert isinstance(figures.specificity, Interval)
    assert figures.sensitivity.estimate == pytest.approx(sensitivity)
    assert figures.specificity.estimate == pytest.approx(specificity)
    assert (figures.true, figures.false) == (true.height, false.height)

    out = tmp_path / "run"
    world = str(run.parent / "traces.jsonl")
    again = knowreason("audit", world, *judged, "--out", str(out), "--calibration", "told.json", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    knowledge = read_summary(out).cells[0].knowledge
    assert isinstance(knowledge.ki, Interval)
    assert isinstance(knowledge.corrected, Interval)
    by_hand = (knowledge.ki.estimate + specificity - 1) / (sensitivity + specificity - 1)
    assert knowledge.corrected.estimate == pytest.approx(by_hand)
    assert knowledge.corrected.lower < by_hand < knowledge.corrected.upper
    assert "corrected for these errors" in flat(again.stdout)
    assert (out / "calibration.json").read_bytes() == (tmp_path / "told.json").read_bytes()


def test_labels_of_another_run_correct_nothing_and_planted_claims_never_do(
    audited: tuple[Path, list[str], Path], tmp_path: Path
) -> None:
    run, judged, labels = audited
    given = ["--labels", str(labels), "--run", str(run), "--planted", "0", "--out", str(tmp_path / "told.json")]
    assert knowreason("calibrate", *judged, *given, cwd=tmp_path).returncode == 0
    part = ["--limit", "10", "--out", "run", "--calibration", "told.json"]
    done = knowreason("audit", str(run.parent / "traces.jsonl"), *judged, *part, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    corrected = read_summary(tmp_path / "run").cells[0].knowledge.corrected
    assert isinstance(corrected, Unscored)
    assert corrected.reason == "labels_of_other_traces"
    assert "is not corrected" in flat(done.stdout)
    told_nothing = read_summary(run).cells[0].knowledge.corrected
    assert isinstance(told_nothing, Unscored)
    assert told_nothing.reason == "no_labelled_calibration"


def test_a_calibration_of_another_verifier_or_corpus_is_refused(
    planted: list[str], audited: tuple[Path, list[str], Path], tmp_path: Path
) -> None:
    run, judged, _ = audited
    assert knowreason("calibrate", *planted, cwd=tmp_path).returncode == 0
    traces = str(run.parent / "traces.jsonl")
    done = knowreason("audit", traces, *judged, "--out", "r", "--calibration", "calibration.json", cwd=tmp_path)
    assert done.returncode == 1
    assert "--calibration calibration.json: it is of another verifier" in done.stderr
    corpus = ["--verifier", planted[1], "--knowledge", judged[3]]
    done = knowreason("audit", traces, *corpus, "--out", "r", "--calibration", "calibration.json", cwd=tmp_path)
    assert "it is of another corpus" in done.stderr
    assert not (tmp_path / "r" / "traces.parquet").exists()
    into = knowreason("calibrate", *planted, "--out", str(run), cwd=tmp_path)
    assert into.returncode == 1
    assert "does not fit this run" in into.stderr
    assert not (run / "calibration.json").exists()


def test_a_calibration_goes_into_a_finished_run_and_its_report(
    audited: tuple[Path, list[str], Path], tmp_path: Path
) -> None:
    run, judged, labels = audited
    out = tmp_path / "run"
    audit = ["audit", str(run.parent / "traces.jsonl"), *judged, "--limit", "12", "--out", str(out)]
    assert knowreason(*audit, cwd=tmp_path).returncode == 0
    given = ["--labels", str(labels), "--run", str(out), "--planted", "0", "--out", str(out)]
    done = knowreason("calibrate", *judged, *given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"report: {out / 'report.html'}" in done.stdout
    assert isinstance(read_calibration(out / "calibration.json"), Calibration)
    assert "labelled in real traces" in (out / "report.html").read_text("utf-8")
    assert "labelled in real traces" in flat(knowreason(*audit, cwd=tmp_path).stdout)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--knowledge", "tanks.jsonl", "--labels", "l.jsonl"], "name the run whose claims are labelled: --run RUN"),
        (["--knowledge", "tanks.jsonl", "--run", "r"], "say nothing without their truth: --labels FILE"),
        (["--knowledge", "tanks.jsonl", "--planted", "5"], "give at least 20, or 0 for none"),
        (["--knowledge", "tanks.jsonl", "--planted", "0"], "nothing would be measured"),
        (["--knowledge", "tanks.jsonl", "--out", "summary.json"], "name a .json file of its own"),
        (["--knowledge", "empty.txt"], "no text"),
        (["--knowledge", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--knowledge", "tanks.jsonl", "--verifier", "scripted:none.jsonl"], "none.jsonl does not exist"),
        ([], "name the corpus: --knowledge CORPUS"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_1(arguments: list[str], says: str, tmp_path: Path) -> None:
    write_table(tmp_path, facts=30)
    (tmp_path / "empty.txt").write_text("")
    done = knowreason("calibrate", *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert says in done.stderr
    assert [line.startswith("knowreason: ") for line in done.stderr.splitlines()].count(True) == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "calibration.json").exists()


def test_a_bad_label_is_named_by_its_line(audited: tuple[Path, list[str], Path], tmp_path: Path) -> None:
    run, judged, _ = audited
    bad = tmp_path / "labels.jsonl"
    bad.write_text('{"trace_id": "t", "step": 1, "claim": 0, "truth": true}\n{"trace_id": "t", "step": 1}\n', "utf-8")
    done = knowreason("calibrate", *judged, "--labels", str(bad), "--run", str(run), cwd=tmp_path)
    assert done.returncode == 1
    assert "labels.jsonl, line 2: 'claim' is missing" in done.stderr


def test_a_judge_on_a_server_is_counted_before_the_first_call_and_paid_once(planted: list[str], tmp_path: Path) -> None:
    with serving() as server:
        given = ["calibrate", "--verifier", server.uri, "--knowledge", planted[3], "--planted", "20"]
        dry = knowreason(*given, "--dry-run", "--json", cwd=tmp_path)
        assert dry.returncode == 0, dry.stderr
        asked = json.loads(dry.stdout)
        assert asked["calls"] >= 20 * 2 * 2
        assert asked["recorded"] == 0
        assert server.seen.calls.total() == 0
        assert "claims and corpus passages" in dry.stderr.splitlines()[0]
        first = knowreason(*given, "--json", cwd=tmp_path)
        assert first.returncode == 0, first.stderr
        paid = server.seen.calls.total()
        assert len(server.seen.charged) == asked["calls"]
        again = knowreason(*given, "--json", cwd=tmp_path)
        assert again.stdout == first.stdout
        assert len(server.seen.charged) == asked["calls"]
        assert server.seen.calls.total() <= paid + 2  # the server says again what it serves
