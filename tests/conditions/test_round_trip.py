"""Prompts through a harness and back: Inspect as it is, and samples as the lm-evaluation-harness wrote them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_conditions import asked, wanted

from knowreason.conditions import facts_of, write_conditions
from knowreason.read import read_traces
from knowreason.records import Trace

RUN_INSPECT = """
import sys
from pathlib import Path

from inspect_ai import eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model

def answered(messages, *_):
    output = ModelOutput.from_content("mockllm", "Hepatocytes make it. The answer is (B).")
    output.usage = ModelUsage(output_tokens=9)
    return output

(logs,) = sys.argv[1:]
model = get_model("mockllm/model", custom_outputs=answered)
done = eval("tasks.py", model=model, log_dir=logs, display="none")
assert all(log.status == "success" for log in done), [log.error for log in done]
print(len(done))
"""


def back(logs: Path) -> list[Trace]:
    found = list(read_traces([logs]))
    assert all(isinstance(one, Trace) for one in found), found
    return [one for one in found if isinstance(one, Trace)]


def check(traces: list[Trace], folder: Path) -> None:
    """Every trace has its condition and its question as it was before anything was added."""
    known = {one.question_id: one for one in asked(folder)}
    assert {one.condition for one in traces} == {
        "direct",
        "cot",
        "facts_given",
        "plan_given",
        "budget_64",
        "budget_512",
    }
    for one in traces:
        question = known[one.question_id]
        assert (one.question, one.options, one.gold) == (question.question, question.options, question.gold)
        assert one.question_key == question.question_key
        assert (one.benchmark, one.domain) == ("organs", "medicine")


def test_logs_of_inspect_come_back_with_their_condition(tmp_path: Path) -> None:
    pytest.importorskip("inspect_ai")
    found = asked(tmp_path)
    write_conditions(found, facts_of(found, None, 5), wanted(), tmp_path / "out")
    logs = tmp_path / "logs"
    command = [sys.executable, "-c", RUN_INSPECT, str(logs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path / "out" / "inspect")
    assert done.returncode == 0, done.stderr[-2000:]
    traces = back(logs)
    assert len(traces) == 3 + 3 + 1 + 1 + 3 + 3
    check(traces, tmp_path)


def test_samples_of_the_harness_come_back_with_their_condition(tmp_path: Path) -> None:
    """A row as lm-eval 0.4.13 writes it: our row is its `doc`."""
    found = asked(tmp_path)
    write_conditions(found, facts_of(found, None, 5), wanted(), tmp_path / "out")
    logs = tmp_path / "logs"
    logs.mkdir()
    for path in sorted((tmp_path / "out" / "lm_eval").glob("*.jsonl")):
        lines = []
        for number, text in enumerate(path.read_text("utf-8").splitlines()):
            doc = json.loads(text)
            row = {"doc_id": number, "doc": doc, "target": doc["target"], "filter": "stated", "metrics": []}
            row |= {"resps": [["Cells make it. The answer is (B)."]], "filtered_resps": ["B"], "doc_hash": f"h{number}"}
            lines.append(json.dumps(row) + "\n")
        (logs / f"samples_{path.stem}_2026-11-23T08-20-53.731129.jsonl").write_text("".join(lines), "utf-8")
    check(back(logs), tmp_path)
