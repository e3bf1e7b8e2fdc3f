"""The real traces; figures are of the files, counted by their own fields or with another JSON reader."""

from __future__ import annotations

import gzip
import json
from collections import Counter

from read_rows import read

from knowreason.read import parse_source, read_traces
from knowreason.records import Trace


def test_all_mmlu_pro_traces_stream_through_without_an_issue(data_dir):
    sources = [parse_source(str(path)) for path in sorted((data_dir / "traces").glob("mmlu_pro_*"))]
    ids, integrity = set(), Counter()
    for item in read_traces(sources):
        assert isinstance(item, Trace), item
        ids.add(item.trace_id)
        integrity[item.integrity] += 1
        assert item.gold in (item.options or {})
    assert len(ids) == integrity.total() == 41_845
    assert integrity["complete"] > 0.8 * integrity.total()
    assert set(integrity) <= {"complete", "length_cut", "looping", "ends_without_answer", "empty"}


def test_questions_pair_across_models_by_their_key_as_by_their_id(data_dir):
    keys: dict[str, set[str]] = {}
    texts: set[tuple[str, ...]] = set()
    for name in ("mistral-7b_base", "mathstral-7b_math-tuned"):
        for item in read(data_dir / "traces" / f"mmlu_pro_{name}.jsonl.gz"):
            assert isinstance(item, Trace)
            keys.setdefault(item.question_id, set()).add(item.question_key)
            texts.add((item.question, *(item.options or {}).values()))
    assert all(len(found) == 1 for found in keys.values())
    assert len(set.union(*keys.values())) == len(texts), "one key for each question; the set repeats 95 of them"


def test_the_texts_of_traces_without_thinking_are_the_files_own(data_dir):
    path = data_dir / "traces" / "gsm8k_gpt3.jsonl.gz"
    with gzip.open(path) as stream:
        rows = [json.loads(line) for line in stream]
    items = read(path)
    assert len(items) == len(rows) == 5_276
    for item, line in zip(items, rows, strict=True):
        assert isinstance(item, Trace)
        assert (item.response, item.gold, item.question) == (line["response"], line["gold"], line["question"])
        assert item.thinking_end is None
        assert json.loads(item.meta) == line["meta"]


def test_thinking_is_found_in_each_model_of_the_32b_family(data_dir):
    thinks = Counter()
    for item in read(data_dir / "traces" / "qwen32_family_math.jsonl.gz"):
        assert isinstance(item, Trace)
        thinks[item.model, item.thinking_end is not None] += 1
        assert "</think>" not in item.reasoning
    assert thinks == {
        ("r1-distill-qwen-32b", True): 634,
        ("qwq-32b", True): 634,
        ("s1.1-32b", True): 634,
        ("qwen2.5-32b", False): 634,
        ("limo-32b", False): 52,
    }


def test_long_free_text_diagnoses_keep_their_thinking(data_dir):
    items = [t for t in read(data_dir / "traces" / "medrbench.jsonl.gz") if isinstance(t, Trace)]
    assert len(items) == 1_914
    assert Counter((t.model, t.thinking_end is not None) for t in items) == {
        ("deepseek-r1", True): 957,
        ("qwq", False): 957,
    }
