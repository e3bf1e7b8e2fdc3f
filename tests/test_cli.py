"""The command line: documented, quick, and one clear line for every mistake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from knowreason.arguments import spread, where_of
from knowreason.cli import app

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = (
    "audit",
    "read",
    "index",
    "report",
    "calibrate",
    "compare",
    "diagnose",
    "conditions",
    "doctor",
    "ledger",
    "lab",
)


def knowreason(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "knowreason.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_every_command_is_documented_in_help_and_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    found = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert sorted(found) == sorted(COMMANDS)
    for name, command in found.items():
        assert command.help
        assert f"knowreason {name}" in readme
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


def test_the_version_is_said() -> None:
    from importlib.metadata import version

    assert knowreason("--version").stdout.strip() == version("knowreason")


def test_help_needs_no_model_and_no_table_library() -> None:
    code = (
        "import sys, runpy\nsys.argv = ['knowreason', 'audit', '--help']\n"
        "try:\n    from knowreason.cli import main; main()\nexcept SystemExit: pass\n"
        "heavy = {'polars', 'numpy', 'onnxruntime', 'scipy', 'bm25s', 'sympy', 'msgspec'} & set(sys.modules)\n"
        "sys.stderr.write(repr(sorted(heavy)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "--knowledge" in done.stdout
    assert done.stderr == "[]"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["audit", "nowhere.jsonl", "--out", "run"], "nowhere.jsonl does not exist"),
        (["audit", "TRACES", "--out", "run", "--knowledge", "nowhere.jsonl"], "nowhere.jsonl"),
        (["audit", "TRACES", "--out", "run", "--knowledge"], "--knowledge names no corpus"),
        (["audit", "TRACES", "--knowledge", "--out", "run"], "--knowledge names no corpus"),
        (["audit", "TRACES", "--out", "run", "--set", "colour=red"], "'colour' cannot be set"),
        (["audit", "TRACES", "--out", "run", "--set", "sft.lineage=base"], "no input is called 'sft'"),
        (["audit", "TRACES", "--out", "run", "--field", "gold"], "--field gold"),
        (["audit", "TRACES", "--out", "run", "--where", "model"], "--where model"),
        (["audit", "TRACES", "--out", "run", "--limit", "0"], "keep at least one"),
        (["audit", "TRACES", "--out", "run", "--scorer", "magic:"], "known schemes"),
        (["audit", "TRACES", "--out", "run", "--verifier", "scripted:none.jsonl"], "none.jsonl does not exist"),
        (["audit", "TRACES", "--out", "file.txt/run"], "cannot write"),
        (["report", "nowhere"], "nowhere"),
        (["compare", "nowhere", "--baseline", "owl", "--general", ""], "--general is empty"),
        (["audit", "TRACES", "--out", "run", "--calibration", "c.json"], "no claim is verified without --knowledge"),
        (["compare", "nowhere", "--baseline", "owl"], "nowhere holds no finished audit"),
        (["doctor", "builtin:large"], "builtin: takes no name"),
        (["index", "empty.txt", "--out", "index"], "no text"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_1(
    arguments: list[str], says: str, tmp_path: Path, example_dir: Path
) -> None:
    (tmp_path / "file.txt").write_text("a file")
    (tmp_path / "empty.txt").write_text("")
    given = [str(example_dir / "traces.jsonl") if a == "TRACES" else a for a in arguments]
    done = knowreason(*given, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["audit"], ["nonsense"], ["audit", "x.jsonl"], ["read", "--colour"], ["compare", "run"]]
)
def test_wrong_usage_is_exit_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_knowledge_takes_what_a_shell_expands() -> None:
    found = spread(["audit", "t.jsonl", "--knowledge", "a.md", "b.md", "--out", "run", "x"])
    assert found == ["audit", "t.jsonl", "--knowledge", "a.md", "--knowledge", "b.md", "--out", "run", "x"]
    assert spread(["audit", "--knowledge=a.md", "t"]) == ["audit", "--knowledge=a.md", "t"]


def test_read_writes_traces_that_audit_takes(example_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "traces.jsonl"
    done = knowreason("read", str(example_dir / "traces.jsonl"), "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    again = tmp_path / "again.jsonl"
    assert knowreason("read", str(out), "--out", str(again)).returncode == 0
    assert again.read_bytes() == out.read_bytes()


def test_an_index_is_made_once_and_taken_as_knowledge(example_dir: Path, tmp_path: Path) -> None:
    made = knowreason("index", str(example_dir / "notes.jsonl"), "--out", str(tmp_path / "index"), "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["passages"] > 200
    traces = ("audit", str(example_dir / "traces.jsonl"), "--limit", "3")
    done = knowreason(*traces, "--knowledge", str(tmp_path / "index"), "--out", str(tmp_path / "run"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_a_cache_that_cannot_be_written_says_how_to_name_another(example_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    command = [sys.executable, "-m", "knowreason.cli", "audit", str(example_dir / "traces.jsonl"), "--out", "run"]
    told = {**os.environ, "KNOWREASON_CACHE": str(tmp_path / "file")}
    given = [*command, "--knowledge", str(example_dir / "notes.jsonl")]
    done = subprocess.run(given, cwd=tmp_path, env=told, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "KNOWREASON_CACHE" in done.stderr


def test_an_interruption_is_one_line_that_says_how_to_go_on(example_dir: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "knowreason.cli", "audit", str(example_dir / "traces.jsonl"), "--out", "run"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True) as audit:
        while audit.poll() is None and not (tmp_path / "run" / "read_issues.jsonl").is_file():
            time.sleep(0.05)
        audit.send_signal(signal.SIGINT)
        _, said = audit.communicate(timeout=60)
    assert audit.returncode == 130
    assert said.decode().splitlines()[-1] == "knowreason: interrupted; run the same command again to go on"


def test_a_terminal_without_unicode_is_no_reason_to_fail(example_dir: Path, tmp_path: Path) -> None:
    rows = (example_dir / "traces.jsonl").read_text("utf-8").splitlines()[:2]
    (tmp_path / "two.jsonl").write_text("\n".join(rows), "utf-8")
    command = [sys.executable, "-m", "knowreason.cli", "audit", "two.jsonl", "--out", "run"]
    told = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=tmp_path, env=told, capture_output=True, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert b"report: run" in done.stdout


def test_a_terminal_without_unicode_shows_the_sign_of_a_number() -> None:
    code = (
        "import sys; from knowreason.cli import main\nsys.argv = ['knowreason', '--help']\n"
        "try:\n    main()\nexcept SystemExit: pass\nprint('−1.42 [−2.49, −0.39] 38% [24–53] ✓ 漢')"
    )
    told = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "-1.42 [-2.49, -0.39] 38% [24-53] + ?"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_output_that_cannot_be_written_is_one_clear_line() -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "knowreason.cli", "doctor", "--json"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_a_field_named_twice_keeps_both_values() -> None:
    assert where_of(["model=a", "domain=d", "model=b,c"]) == {"model": ("a", "b", "c"), "domain": ("d",)}


def test_doctor_shows_the_proof_of_the_built_in_model() -> None:
    done = knowreason("doctor", "--json")
    findings = {f["name"]: f["passed"] for f in json.loads(done.stdout)}
    assert findings["a verdict does not depend on its batch"]
    assert findings["an observation does not depend on its batch"]
    assert findings["a text that settles on an option is read so"]


def test_help_answers_at_once() -> None:
    best = min(_seconds("audit", "--help") for _ in range(3))
    assert best < 3.0  # generous for a busy machine; benchmarks hold the real figure


def _seconds(*arguments: str) -> float:
    begun = time.perf_counter()
    assert knowreason(*arguments).returncode == 0
    return time.perf_counter() - begun
