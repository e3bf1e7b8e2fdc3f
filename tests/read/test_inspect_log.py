"""The logs under logs/inspect were written by Inspect itself; see logs/make_inspect.py."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile

import pytest
from read_rows import LOGS, read

from knowreason.read import Source, read_traces
from knowreason.records import ReadIssue, Trace

HERE = importlib.util.find_spec("inspect_ai") is not None
needs_inspect = pytest.mark.skipif(not HERE, reason="inspect-ai is not installed: pip install 'knowreason[inspect]'")
# Inspect's own imports warn on some versions
pytestmark = pytest.mark.filterwarnings("default")


@needs_inspect
@pytest.mark.parametrize("name", ["organs.eval", "organs.json"])
def test_reasoning_is_a_part_of_the_content_and_epochs_are_samples(name):
    traces = [item for item in read(f"rl={LOGS}/inspect/{name}") if isinstance(item, Trace)]
    assert [(t.question_id, t.sample) for t in traces] == [(q, e) for e in range(3) for q in ("1", "bile")]
    assert [t.integrity for t in traces] == [
        *("complete", "summary_only", "unclosed_thought", "redacted", "complete", "stripped"),
    ]
    assert all(t.integrity_basis == "declared" for t in traces)
    assert {(t.benchmark, t.model, t.variant) for t in traces} == {("organs", "mockllm/finch", "rl")}
    assert traces[0].reasoning == "Cells take up sugar when insulin binds.\nANSWER: A"
    assert traces[1].reasoning.startswith("The model weighed two hormones.")
    assert traces[3].thinking_end is None
    assert (traces[0].options, traces[0].gold) == ({"A": "insulin", "B": "glucagon"}, "A")


@needs_inspect
@pytest.mark.parametrize("name", ["organs.eval", "organs.json"])
@pytest.mark.parametrize("kept", [0, 9_000])
def test_a_broken_log_is_one_issue(name, kept, tmp_path):
    data = (LOGS / "inspect" / name).read_bytes()[:kept]
    (tmp_path / name).write_bytes(data)
    items = read(tmp_path / name)
    assert len(items) == (0 if name.endswith("json") and not kept else 1)
    assert all(isinstance(item, ReadIssue) and item.reason in ("broken_file", "malformed_json") for item in items)


def test_without_the_extra_the_error_ends_with_the_line_to_install_it():
    program = (
        "import sys; sys.modules['inspect_ai'] = None\n"
        "from knowreason.errors import MissingExtra\n"
        "from knowreason.read import parse_source, read_traces\n"
        "try: list(read_traces([parse_source(sys.argv[1])]))\n"
        "except MissingExtra as error: print(error)"
    )
    log = str(LOGS / "inspect" / "organs.eval")
    done = subprocess.run([sys.executable, "-c", program, log], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("pip install 'knowreason[inspect]'")


def test_reading_other_logs_does_not_import_what_is_not_needed():
    program = (
        "import sys\n"
        "from knowreason.read import parse_source, read_traces\n"
        "list(read_traces([parse_source(sys.argv[1])]))\n"
        "print([name for name in ('inspect_ai', 'polars', 'scipy', 'onnxruntime') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(LOGS / "lm_eval")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_small_file_that_unpacks_to_a_large_one_is_not_unpacked(tmp_path):
    pytest.importorskip("inspect_ai")
    bomb = tmp_path / "bomb.eval"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("header.json", "w") as header:
        for _ in range(257):
            header.write(bytes(1024 * 1024))
    (issue,) = read_traces([Source(str(bomb))])
    assert isinstance(issue, ReadIssue)
    assert issue.reason == "too_large"
