"""The command: its table at every width, its JSON, its gate in a shell."""

import io
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from rich.console import Console

from knowreason.compare import Comparison, Effect, compare_runs
from knowreason.report.comparison import print_comparison
from planted import answers, coins, surprisals, write_run


def knowreason(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "knowreason.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def planted(folder: Path, gain: float = -0.2, scorer: str = "scripted:", model: str = "eagle") -> Path:
    rng = np.random.default_rng(5)
    before = rng.normal(0.5, 0.2, 120)
    after = before + gain + rng.normal(0, 0.05, 120)
    labels = np.array(["supported", "refuted", "not_enough_info"])
    own, theirs = ([tuple(rng.choice(labels, 3)) for _ in range(120)] for _ in range(2))
    owl = answers(coins(0, 120, 0.4), "owl", surprisals=surprisals(before), verdicts=own, scorer=scorer)
    told = {"surprisals": surprisals(after), "verdicts": theirs, "scorer": scorer}
    eagle = answers(coins(1, 120, 0.75), model, lineage="owl", **told)
    return write_run(folder, owl + eagle)


def printed(run: Path, width: int) -> str:
    stream = io.StringIO()
    print_comparison(compare_runs([run], baseline="owl", draws=300), Console(file=stream, width=width))
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_width_cuts_a_figure(width: int, tmp_path: Path) -> None:
    shown = printed(planted(tmp_path), width)
    assert max(map(len, shown.splitlines())) <= width
    words = [word.strip(";,.") for word in shown.split()]
    for whole in ("questions", "120", "40.0", "75.0", "+35.0", "transfers", "verdict"):
        assert whole in words, whole


def test_the_figures_shown_are_those_of_the_comparison(tmp_path: Path) -> None:
    run = planted(tmp_path)
    shown = printed(run, 120)
    contrast = compare_runs([run], baseline="owl", draws=300).contrasts[0]
    effects = [effect for effect in contrast.effects.values() if isinstance(effect, Effect)]
    assert {"accuracy", "ki", "informative_gain"} <= {effect.measure for effect in effects}
    for effect in effects:
        found = effect.difference
        times, digits = (100, 1) if effect.measure in ("accuracy", "ki", "ki_before_commitment") else (1, 2)
        ends = [f"{times * v:+.{digits}f}".replace("-", "−") for v in (found.lower, found.upper)]
        assert f"[{ends[0]}, {ends[1]}]" in shown
    flat = " ".join(shown.split())
    assert contrast.transfer.sentence in flat
    assert contrast.trap.sentence in flat


def test_escape_sequences_of_a_log_stay_text(tmp_path: Path) -> None:
    assert "\x1b" not in printed(planted(tmp_path, model="\x1b[31mred\x1b[0m [bold]x[/bold]"), 100)


def test_the_gate_exits_3_where_the_trap_is_shown_and_json_is_the_file(tmp_path: Path) -> None:
    run = planted(tmp_path / "run")
    done = knowreason("compare", str(run), "--baseline", "owl", "--gate", "sft-trap", "--json")
    assert done.returncode == 3, done.stderr
    assert "gate tripped: SFT trap" in done.stderr
    assert done.stdout == (run / "comparison.json").read_text("utf-8")
    assert msgspec.json.decode(done.stdout, type=Comparison).contrasts[0].trap.outcome == "trap"
    assert knowreason("compare", str(run), "--baseline", "owl").returncode == 0


def test_the_gate_lets_pass_what_is_no_trap_and_says_what_it_could_not_judge(tmp_path: Path) -> None:
    done = knowreason("compare", str(planted(tmp_path / "a", gain=0.2)), "--baseline", "owl", "--gate", "sft-trap")
    assert (done.returncode, done.stderr) == (0, "")
    unclear = str(planted(tmp_path / "b", scorer="builtin:x"))
    done = knowreason("compare", unclear, "--baseline", "owl", "--gate", "sft-trap")
    assert done.returncode == 0
    assert "gate not judged" in done.stderr
    assert "causal language model" in done.stderr


def test_out_names_the_file_and_the_margin_is_in_points(tmp_path: Path) -> None:
    run, out = planted(tmp_path / "run"), tmp_path / "told.json"
    done = knowreason("compare", str(run), "--baseline", "owl", "--out", str(out), "--margin", "5", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text("utf-8"))["margins"]["accuracy"] == 0.05
    assert not (run / "comparison.json").exists()


def test_wrong_usage_is_exit_2_and_a_mistake_one_line(tmp_path: Path) -> None:
    run = str(planted(tmp_path))
    assert knowreason("compare", run, "--baseline", "owl", "--gate", "luck").returncode == 2
    done = knowreason("compare", run, "--baseline", "hawk")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "what is compared holds eagle, owl" in done.stderr
