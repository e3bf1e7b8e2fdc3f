"""The folders under logs/lm_eval were written by the harness itself; see logs/make_lm_eval.py."""

from __future__ import annotations

import json
import shutil

from read_rows import LOGS, read, reason_of, trace_of, write

from knowreason.records import ReadIssue, Trace


def sample(**changed):
    doc = {"question": "Which organ makes bile?", "choices": ["liver", "spleen"], "answer": 0}
    row = {"doc_id": 0, "doc": doc, "target": "A", "resps": [["The answer is (A)."]], "filter": "none"}
    return {**row, "filtered_resps": ["A"], "doc_hash": "cafe", "metrics": ["acc"], "acc": 1.0, **changed}


def test_two_result_folders_become_two_models_with_the_same_questions():
    items = read(f"base={LOGS}/lm_eval/base", f"sft={LOGS}/lm_eval/sft", settings={"sft": {"lineage": "base"}})
    traces = [item for item in items if isinstance(item, Trace)]
    base, sft = ([t for t in traces if t.variant == name] for name in ("base", "sft"))
    assert {t.model for t in base} == {"finch-base"}
    assert {t.model for t in sft} == {"finch-sft"}
    assert [t.question_key for t in base] == [t.question_key for t in sft]
    assert [t.question_id for t in base] == [t.question_id for t in sft]
    assert [t.lineage for t in base + sft] == [None] * 6 + ["base"] * 6
    assert {t.benchmark for t in traces} == {"organs_cot"}


def test_one_filter_is_read_and_repeats_are_samples():
    traces = [item for item in read(LOGS / "lm_eval/sft") if isinstance(item, Trace)]
    assert [t.sample for t in traces] == [0, 1] * 3
    assert [t.gold for t in traces] == ["B", "B", "A", "A", "C", "C"]
    assert all(t.integrity == "complete" and t.thinking_end for t in traces)
    chosen = [item for item in read(LOGS / "lm_eval/sft", filter="loose") if isinstance(item, Trace)]
    assert [t.trace_id for t in chosen] == [t.trace_id for t in traces]
    assert {json.loads(t.meta)["filter"] for t in chosen} == {"loose"}


def test_a_filter_that_is_not_there_is_said_with_those_that_are():
    first = read(LOGS / "lm_eval/sft", filter="exact")[0]
    assert isinstance(first, ReadIssue)
    assert (first.reason, first.line) == ("unknown_filter", 0)
    assert "loose, strict" in first.excerpt


def test_a_ranked_task_gives_one_issue_a_file_with_what_to_run_instead():
    issues = [item for item in read(LOGS / "lm_eval/base") if isinstance(item, ReadIssue)]
    assert [issue.reason for issue in issues] == ["no_generated_text"]
    assert "generate_until" in issues[0].excerpt


def test_a_text_that_a_server_did_not_give_is_an_empty_trace():
    last = [item for item in read(LOGS / "lm_eval/base") if isinstance(item, Trace)][-1]
    assert (last.integrity, last.response) == ("empty", "")


def test_without_a_results_file_the_folder_names_the_model(tmp_path):
    folder = tmp_path / "finch-7b"
    shutil.copytree(LOGS / "lm_eval/sft/finch-sft", folder, ignore=shutil.ignore_patterns("results*"))
    assert {item.model for item in read(folder) if isinstance(item, Trace)} == {"finch-7b"}


def test_the_results_of_the_same_run_name_the_model(tmp_path):
    for date, model in (("2024-01-01T00-00-00.1", "old"), ("2024-02-02T00-00-00.2", "new")):
        (tmp_path / f"results_{date}.json").write_text(
            json.dumps({"config": {"model_args": f"pretrained={model},a=1"}})
        )
        write(tmp_path / f"samples_organs_{date}.jsonl", sample(doc_hash=date))
    assert [item.model for item in read(tmp_path) if isinstance(item, Trace)] == ["old", "new"]


def test_an_unreadable_results_file_costs_only_the_name(tmp_path):
    (tmp_path / "results_2024-01-01T00-00-00.1.json").write_bytes(b'{"model_name": ')
    (item,) = read(write(tmp_path / "samples_organs_2024-01-01T00-00-00.1.jsonl", sample()).parent)
    assert isinstance(item, Trace)
    assert item.model == tmp_path.name


def test_a_run_that_deletes_thinking_declares_it(tmp_path):
    for token, integrity in (("</think>", "stripped"), ("KEEP", "complete")):
        folder = tmp_path / integrity
        folder.mkdir()
        config = {"model_name": "finch", "config": {"model_args": {"think_end_token": token}}}
        (folder / "results_2024-01-01T00-00-00.1.json").write_text(json.dumps(config))
        (item,) = read(write(folder / "samples_organs_2024-01-01T00-00-00.1.jsonl", sample()).parent)
        assert isinstance(item, Trace)
        assert (item.integrity, item.model) == (integrity, "finch")


def test_documents_of_many_data_sets_give_question_options_and_gold(tmp_path):
    four = ["liver", "spleen", "kidney", "gut"]
    shapes = [
        ({"Question": "Q?", "choice1": "liver", "choice2": "spleen"}, "(A)", "A"),
        ({"sent1": "Q?", "ending0": "liver", "ending1": "spleen", "ending2": "", "label": 1}, "1", "B"),
        ({"question": "Q?", "opa": "liver", "opb": "spleen", "cop": 1}, "", "B"),
        ({"question": "Q?", "choices": {"text": four, "label": ["A", "B", "C", "D"]}, "answerKey": "D"}, "3", "D"),
        ({"question": "Q?", "options": {"A": "liver", "B": "spleen"}, "answer_idx": "B", "answer": "spleen"}, "?", "B"),
        ({"input": "Q?", "A": "liver", "B": "spleen", "target": "B"}, "B", "B"),
    ]
    for doc, target, letter in shapes:
        trace = trace_of(tmp_path, sample(doc=doc, target=target))
        assert (trace.question, trace.gold, (trace.options or {})["A"]) == ("Q?", letter, "liver")


def test_a_worked_solution_as_target_leaves_its_number(tmp_path):
    doc = {"question": "How many?", "answer": "2 + 2 = 4\n#### 4"}
    trace = trace_of(tmp_path, sample(doc=doc, target=doc["answer"], resps=[["The answer is 4."]]))
    assert (trace.gold, trace.options, trace.answer_type) == ("4", None, "math")


def test_rows_that_cannot_be_read_say_why(tmp_path):
    assert reason_of(tmp_path, sample(doc={"text": "no question"})) == "missing_question"
    assert reason_of(tmp_path, sample(resps=[])) == "missing_response"
    assert reason_of(tmp_path, sample(resps=[[3]])) == "wrong_type"
    assert reason_of(tmp_path, sample(filter=["a"])) == "wrong_type"
    assert reason_of(tmp_path, sample(resps=[["-1.5", "False"], ["-2.5", "True"]])) == "no_generated_text"
