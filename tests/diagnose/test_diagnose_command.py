"""The command: its table at every width, its JSON, its mistakes."""

import io
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from worlds import given, observed, share, under, write_run

from knowreason.diagnose import Diagnosis, diagnose_runs
from knowreason.report.diagnosis import print_diagnosis


def knowreason(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "knowreason.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def planted(folder: Path, model: str = "owl") -> Path:
    intervened = [one._replace(trace=one.trace) for one in given(120, direct=0.3, cot=0.4, facts_given=0.8)]
    told = observed(1, knowledge=1.2, reasoning=0.2, count=120, model=model, benchmark="birds")
    return write_run(folder, intervened + told)


def printed(found: Diagnosis, width: int) -> str:
    stream = io.StringIO()
    print_diagnosis(found, Console(file=stream, width=width))
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_width_cuts_a_figure(width: int, tmp_path: Path) -> None:
    shown = printed(diagnose_runs([planted(tmp_path)], draws=300), width)
    assert max(map(len, shown.splitlines())) <= width
    words = [word.strip(";,.") for word in shown.split()]
    for whole in ("80.0", "+40.0", "knowledge", "120"):
        assert whole in words, whole


def test_every_verdict_is_a_sentence_and_every_refusal_is_said_once(tmp_path: Path) -> None:
    found = diagnose_runs([planted(tmp_path)], draws=300)
    flat = " ".join(printed(found, 100).split())
    animals, birds = found.needs
    assert animals.conclusion.sentence in flat
    assert birds.observation.conclusion.sentence in flat
    assert "On birds intervention cannot say what owl" in flat
    assert "Correlations: knowledge and reasoning" in flat
    assert "AUROC for a right answer: informative gain, which is used" in flat


def test_escape_sequences_of_a_log_stay_text(tmp_path: Path) -> None:
    model = "\x1b[31mred\x1b[0m [bold]x[/bold]"
    assert "\x1b" not in printed(diagnose_runs([planted(tmp_path, model)], draws=300), 100)


def test_json_is_the_file_and_holds_the_diagnosis(tmp_path: Path) -> None:
    run = planted(tmp_path / "run")
    done = knowreason("diagnose", str(run), "--json", "--margin", "5")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (run / "diagnosis.json").read_text("utf-8")
    found = msgspec.json.decode(done.stdout, type=Diagnosis)
    assert found.margins["accuracy"] == 0.05
    assert found.needs[0].conclusion.outcome == "knowledge_bound"


def test_predictions_need_no_run_and_write_where_told(tmp_path: Path) -> None:
    table = tmp_path / "graded.csv"
    rows = [f"{n},b,m,{c},{n % 3 == 0}" for c in ("direct", "cot") for n in range(30)]
    table.write_text("\n".join(["id,benchmark,model,condition,correct", *rows]) + "\n", "utf-8")
    out = tmp_path / "told.json"
    done = knowreason("diagnose", "--predictions", str(table), "--field", "question_id=id", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "what is missing is facts_given; there is cot and direct" in " ".join(done.stdout.split())
    assert json.loads(out.read_text("utf-8"))["needs"][0]["conclusion"]["outcome"] == "cannot_be_judged"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name the run directories"),
        (("nowhere",), "holds no finished audit"),
        (("nowhere", "--reliability", "knowledge=much"), "--reliability knowledge=0.7"),
        (("nowhere", "--field", "question_id=id"), "--field is for --predictions"),
        (("--predictions", "nowhere.csv"), "check the path"),
    ],
)
def test_a_mistake_is_one_line(arguments: tuple[str, ...], said: str) -> None:
    done = knowreason("diagnose", *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert said in done.stderr


def test_a_refusal_names_no_model_beside_a_benchmark_on_which_it_has_another_one(tmp_path: Path) -> None:
    audited = [*given(30, cot=0.5, direct=0.4)]
    for model, benchmark, condition in (("owl", "fish", "cot"), ("kite", "fish", "direct"), ("kite", "animals", "cot")):
        audited += under(condition, share(30, 0.5), model, benchmark=benchmark)
    flat = " ".join(printed(diagnose_runs([write_run(tmp_path, audited)], draws=200), 120).split())
    assert "On fish intervention cannot say what kite (base) needs" in flat
    assert "On animals intervention cannot say what kite (base) needs" in flat
    assert "On fish intervention cannot say what owl (base) needs" in flat
