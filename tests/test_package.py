"""The package as a stranger meets it: its names, its layers, its pages, and its bare install."""

from __future__ import annotations

import pydoc
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import knowreason
from made_records import make_audited, make_tables

ROOT = Path(__file__).resolve().parent.parent
NAMES = (
    "Audit Claim Evidence Gain Grade Interval KnowreasonError ReadIssue ReadOptions Source Step Summary Trace "
    "Unscored Verification audit read_summary read_traces write_report"
).split()


def test_the_public_names_are_pinned_and_all_there() -> None:
    assert sorted(knowreason.__all__) == sorted(NAMES)
    assert len(NAMES) <= 20
    assert all(getattr(knowreason, name) is not None for name in NAMES)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = knowreason.nothing


def test_help_and_completion_show_every_public_name() -> None:
    assert set(NAMES) <= set(dir(knowreason))
    shown = pydoc.render_doc(knowreason, renderer=pydoc.plaintext)
    assert all(f"class {name}" in shown or f"\n    {name}(" in shown for name in NAMES)
    assert "whole questions are taken until" in shown


def test_texts_name_files_as_paths_do(example_dir: Path, tmp_path: Path) -> None:
    traces, run = str(example_dir / "traces.jsonl"), str(tmp_path / "run")
    plain = knowreason.Audit(sources=traces, out=run, where={"domain": "math"}, limit=3)  # type: ignore[arg-type]
    whole = knowreason.Audit(sources=(knowreason.Source(traces),), out=Path(run), where={"domain": ("math",)}, limit=3)
    assert plain == whole
    assert knowreason.read_summary(str(knowreason.audit(plain))).traces == 3
    assert knowreason.write_report(run).is_file()
    assert len(list(knowreason.read_traces([traces]))) == 240
    with pytest.raises(knowreason.KnowreasonError, match="is no input"):
        knowreason.Audit(sources=(7,), out=run)  # type: ignore[arg-type]


def test_layers_hold() -> None:
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, knowreason, knowreason.cli, knowreason.pipeline, knowreason.models.builtin;"
        "print(sorted({'torch', 'transformers', 'onnxruntime', 'statsmodels', 'sympy', 'inspect_ai'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


CLOSED = """
import builtins, socket, sys

class Extras:
    names = {"torch", "transformers", "inspect_ai", "openai", "onnx", "pytest", "hypothesis", "rank_bm25", "httpx2",
             "matplotlib"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def closed(*arguments, **named):
    raise OSError("no network here")

sys.meta_path.insert(0, Extras())
socket.socket.connect = closed
socket.getaddrinfo = closed
"""


def run_closed(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CLOSED + code, *arguments], capture_output=True, text=True, check=False
    )


def test_the_bare_core_audits_without_extras_and_without_network(example_dir: Path, tmp_path: Path) -> None:
    code = "from knowreason.cli import main; sys.argv[0] = 'knowreason'; main()"
    out = tmp_path / "run"
    done = run_closed(
        code,
        *("audit", str(example_dir / "traces.jsonl"), "--knowledge", str(example_dir / "notes.jsonl")),
        *("--out", str(out), "--limit", "12"),
    )
    assert done.returncode == 0, done.stderr
    assert (out / "report.html").is_file()


def test_an_inspect_log_without_its_extra_ends_with_the_pip_line(tmp_path: Path) -> None:
    log = tmp_path / "a.eval"
    log.write_bytes(b"PK\x03\x04")
    code = "from knowreason.cli import main; sys.argv[0] = 'knowreason'; main()"
    done = run_closed(code, "read", str(log), "--out", str(tmp_path / "t.jsonl"))
    assert done.returncode == 1
    assert "pip install 'knowreason[inspect]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_on_a_server_without_its_extra_ends_with_the_pip_line() -> None:
    code = "from knowreason.cli import main; sys.argv[0] = 'knowreason'; main()"
    done = run_closed(code, "doctor", "openai:m@http://127.0.0.1:9/v1")
    assert done.returncode == 1
    assert "pip install 'knowreason[api]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_figures_without_their_extra_end_with_the_pip_line(tmp_path: Path) -> None:
    for name, table in make_tables([make_audited(i) for i in range(6)]).items():
        table.write_parquet(tmp_path / f"{name}.parquet")
    code = "from knowreason.cli import main; sys.argv[0] = 'knowreason'; main()"
    done = run_closed(code, "report", str(tmp_path), "--figures", str(tmp_path / "figures"))
    assert done.returncode == 1
    assert "pip install 'knowreason[figures]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_module_has_a_docstring_that_says_something() -> None:
    for path in (ROOT / "src").rglob("*.py"):
        assert re.match(r'"""[\w`][^"]{15,}', path.read_text("utf-8")), path


def test_core_dependencies_are_the_ones_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    explained = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for requirement in project["dependencies"]:
        assert re.split(r"[>=<\[]", requirement)[0] in explained, requirement


def test_every_file_and_folder_of_the_package_stands_in_the_architecture() -> None:
    explained = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for path in (ROOT / "src" / "knowreason").iterdir():
        if path.name not in {"__init__.py", "__pycache__", "py.typed"}:
            assert f"`{path.name}" in explained, path.name


def test_no_file_names_a_place_of_one_machine() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    place = re.compile(r"/(?:wor" r"k|hom" r"e|roo" r"t)/\w+/")
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".sh", ".toml", ".tsv", ".json"} and path.is_file():
            assert not place.search(path.read_text("utf-8", errors="replace")), name
