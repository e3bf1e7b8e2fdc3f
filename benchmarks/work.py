"""What is measured: one function a stage and one for its nearest alternative. Run through `python -m benchmarks`."""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from knowreason.answers import final_statement
from knowreason.decompose import Decomposition, decompose, split_steps
from knowreason.read import Source, read_traces
from knowreason.records import Trace


class Measured(NamedTuple):
    """`items` done in `seconds` of the work itself, loading apart; `unit` says what an item is."""

    items: int
    unit: str
    seconds: float


def data_dir() -> Path:
    """The real data; benchmarks are never run on anything else."""
    folder = Path(os.environ.get("KNOWREASON_DATA", "../shared/data"))
    if not (folder / "traces").is_dir():
        raise SystemExit("benchmarks need the real data: set KNOWREASON_DATA to the folder with traces/ and corpus/")
    return folder


def mmlu_files() -> list[Path]:
    return sorted((data_dir() / "traces").glob("mmlu_pro_*.jsonl.gz"))


def traces_of(paths: Sequence[Path], size: int) -> Iterator[Trace]:
    found = read_traces([Source(str(p)) for p in paths])
    return islice((t for t in found if isinstance(t, Trace)), size)


def read_split_grade(size: int) -> Measured:
    """Read, cut into steps and grade, as an audit does, holding one trace at a time."""
    from knowreason.grade import Grader

    begun = time.perf_counter()
    done = 0
    with Grader() as grader:
        for trace in traces_of(mmlu_files(), size):
            grader.grade([trace])
            _split(trace)
            done += 1
    return Measured(done, "traces", time.perf_counter() - begun)


def split_ours(size: int) -> Measured:
    """Steps with the parts of the gain: statements, mentions and commitment found on the whole text."""
    traces = list(traces_of(mmlu_files(), size))
    begun = time.perf_counter()
    for trace in traces:
        _split(trace)
    return Measured(len(traces), "traces", time.perf_counter() - begun)


def split_pysbd(size: int) -> Measured:
    """pysbd, a rule-based sentence segmenter, on the same texts: sentences only."""
    import pysbd

    traces = list(traces_of(mmlu_files(), size))
    segmenter = pysbd.Segmenter(language="en", clean=False, char_span=True)
    begun = time.perf_counter()
    for trace in traces:
        segmenter.segment(trace.reasoning)
    return Measured(len(traces), "traces", time.perf_counter() - begun)


def claims_ours(size: int) -> Measured:
    """Everything of decompose: steps, moves and claims."""
    traces = list(traces_of(mmlu_files(), size))
    begun = time.perf_counter()
    for trace in traces:
        decompose(trace, no_tokens)
    return Measured(len(traces), "traces", time.perf_counter() - begun)


def grade_ours(size: int) -> Measured:
    """Numeric answers of GSM8K traces: plain numbers compared at once, formulas by math-verify in its process."""
    from knowreason.grade import Grader

    traces = _numeric(size)
    begun = time.perf_counter()
    with Grader() as grader:
        grader.grade(traces)
    return Measured(len(traces), "traces", time.perf_counter() - begun)


def grade_math_verify(size: int) -> Measured:
    """math-verify on the whole response of the same traces, in this process."""
    from math_verify import parse, verify

    traces = _numeric(size)
    begun = time.perf_counter()
    for trace in traces:
        verify(parse(f"${trace.gold}$"), parse(trace.response))
    return Measured(len(traces), "traces", time.perf_counter() - begun)


def _split(trace: Trace) -> None:
    statement = final_statement(trace.reasoning, trace.thinking_end, trace.options)
    split_steps(trace, statement, no_tokens)


def _numeric(size: int) -> list[Trace]:
    return list(traces_of([data_dir() / "traces" / "gsm8k_gpt3.jsonl.gz"], size))


def read_only(size: int) -> Measured:
    """Read alone: integrity, answer type and question hash decided."""
    begun = time.perf_counter()
    done = sum(1 for _ in traces_of(mmlu_files(), size))
    return Measured(done, "traces", time.perf_counter() - begun)


def inspect_json_dataset(size: int) -> Measured:
    """Inspect's own reader of the same rows, which decides nothing about them."""
    from inspect_ai.dataset import FieldSpec, json_dataset

    plain = Path(os.environ["BENCHMARK_SCRATCH"]) / "rows.jsonl"
    with plain.open("w", encoding="utf-8") as stream:
        stream.writelines(line + "\n" for line in islice(_lines(), size))
    begun = time.perf_counter()
    spec = FieldSpec(input="question", target="gold", id="question_id", metadata=["response", "model"])
    rows = json_dataset(str(plain), spec)
    return Measured(len(rows), "traces", time.perf_counter() - begun)


def search_ours(size: int) -> Measured:
    """Our persisted index, `size` claims of real traces in one call."""
    queries = _queries(size)
    index = audited_index()
    begun = time.perf_counter()
    index.search(queries, 5)
    return Measured(len(queries), "queries", time.perf_counter() - begun)


def search_rank_bm25(size: int) -> Measured:
    """rank_bm25 over the same passages and terms; it keeps everything in memory and scores in Python."""
    import numpy as np
    from rank_bm25 import BM25Okapi

    from knowreason.retrieve.terms import terms

    index = audited_index()
    passages = [index.passage(i) for i in range(index.counts.passages)]
    engine = BM25Okapi([terms(f"{p.title} {p.text}") for p in passages])
    queries = _queries(size)
    begun = time.perf_counter()
    for query in queries:
        np.argsort(engine.get_scores(terms(query)))[::-1][:5]
    return Measured(len(queries), "queries", time.perf_counter() - begun)


def verify_ours(size: int) -> Measured:
    """All claims of `size` traces against the three corpora, retrieval included, one core."""
    from knowreason.models.builtin import BuiltinModel
    from knowreason.verify import Thresholds, verify_claims

    model, index, work = BuiltinModel(), audited_index(), _audited(size)
    begun = time.perf_counter()
    for trace, parts in work:
        found = index.search([c.normalised for c in parts.claims], 5)
        verify_claims(trace, parts.claims, found, model, Thresholds())
    return Measured(len(work), "traces", time.perf_counter() - begun)


def verify_one_by_one(size: int) -> Measured:
    """The same weights and pairs, one pair a call: the plain way."""
    from knowreason.models.builtin import BuiltinModel
    from knowreason.verify.verdicts import premise

    model, index, work = BuiltinModel(), audited_index(), _audited(size)
    begun = time.perf_counter()
    for _, parts in work:
        for claim, hits in zip(parts.claims, index.search([c.normalised for c in parts.claims], 5), strict=True):
            for hit in hits:
                if hit.above_floor:
                    model.entail([(premise(hit.passage), claim.normalised)])
    return Measured(len(work), "traces", time.perf_counter() - begun)


def observe_ours(size: int) -> Measured:
    """All steps of `size` traces, all options packed into one row, one core."""
    return _observe(size, packed=True)


def observe_one_option_a_row(size: int) -> Measured:
    """The same weights, one option a row: the plain way."""
    return _observe(size, packed=False)


def _observe(size: int, *, packed: bool) -> Measured:
    from knowreason.models.builtin import BuiltinModel
    from knowreason.records import Observation

    model, work = BuiltinModel(), _audited(size)
    begun = time.perf_counter()
    for trace, parts in work:
        options = tuple((trace.options or {}).values())
        ends = [0, *(step.end for step in parts.steps)]
        groups = [options] if packed else [(option,) for option in options]
        for start in range(0, len(ends), 32):  # some positions at a time, as an audit asks
            prefixes = [trace.reasoning[:end] for end in ends[start : start + 32]]
            model.observe(
                [Observation(question=trace.question, prefix=p, candidates=g) for p in prefixes for g in groups]
            )
    return Measured(len(work), "traces", time.perf_counter() - begun)


def _audited(size: int) -> list[tuple[Trace, Decomposition]]:
    names = ("mmlu_pro_mistral-7b_base.jsonl.gz", "mmlu_pro_mathstral-7b_math-tuned.jsonl.gz")
    per_file = size // len(names)
    chosen: list[Trace] = []
    for name in names:
        wanted = (t for t in traces_of([data_dir() / "traces" / name], 10**9) if t.domain in {"medicine", "math"})
        chosen += islice(wanted, per_file)
    return [(t, decompose(t, no_tokens)) for t in chosen]


def _queries(size: int) -> list[str]:
    texts: list[str] = []
    for trace in traces_of([f for f in mmlu_files() if "instruct" in f.name], 10**9):
        texts += [c.normalised for c in decompose(trace, no_tokens).claims]
        if len(texts) >= size:
            break
    return texts[:size]


def audited_index():
    from knowreason.retrieve.knowledge import open_knowledge

    return open_knowledge(sorted((data_dir() / "corpus").glob("*.jsonl.gz")))


def _lines() -> Iterator[str]:
    for path in mmlu_files():
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            for line in stream:
                row = json.loads(line)
                row["options"] = None
                yield json.dumps(row)


def no_tokens(texts: Sequence[str]) -> list[int]:
    return [0] * len(texts)


WORK: dict[str, Callable[[int], Measured]] = {
    f.__name__: f
    for f in (
        read_split_grade,
        split_ours,
        split_pysbd,
        claims_ours,
        grade_ours,
        grade_math_verify,
        read_only,
        inspect_json_dataset,
        search_ours,
        search_rank_bm25,
        verify_ours,
        verify_one_by_one,
        observe_ours,
        observe_one_option_a_row,
    )
}
