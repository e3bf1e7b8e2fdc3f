"""Two passes over a text give what a plain pass over every prefix gives, wherever and however it is cut."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_causal import KINDS, QUESTION, TEXT, make_model, make_tokenizer

import made_records

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from knowreason.answers import final_statement  # noqa: E402
from knowreason.decompose.steps import split_steps  # noqa: E402
from knowreason.errors import ModelError  # noqa: E402
from knowreason.gain import OptionScorer, trace_gain  # noqa: E402
from knowreason.models.causal import Bounds, CausalScorer  # noqa: E402
from knowreason.models.protocols import PrefixScorer, Scorer  # noqa: E402
from knowreason.models.sight import sight_of  # noqa: E402
from knowreason.records import Continuation, Observation, Prefixes, Step, Trace, TraceGain, Unscored  # noqa: E402

Nested = list[list[list[float]]]
EXACT = 1e-5  # nats, fp32
TARGETS = (" insulin", " a hormone of the pancreas", " B", "")


@cache
def scorer(kind: str, bounds: Bounds | None = None) -> CausalScorer:
    return CausalScorer(make_model(kind), make_tokenizer(begin=kind == "llama"), name=f"hf:{kind}", bounds=bounds)


@cache
def raw(kind: str) -> tuple[Any, Any]:
    return make_model(kind), make_tokenizer(begin=kind == "llama")


def step_by_step(kind: str, context: str, target: str) -> list[float]:
    """A plain pass over the context and the target, encoded apart: no cache, no mask, no positions."""
    return plainly(*raw(kind), context, target)


def plainly(model: Any, tokenizer: Any, context: str, target: str) -> list[float]:
    before = tokenizer(context).input_ids
    after = tokenizer(target, add_special_tokens=False).input_ids
    with torch.inference_mode():
        logs = model(input_ids=torch.tensor([before + after])).logits[0].double().log_softmax(-1)
    return [float(logs[len(before) + i - 1, token]) for i, token in enumerate(after)]


def ask(*cuts: int, targets: tuple[str, ...] = TARGETS, lead: str = "\nThe answer is:") -> Prefixes:
    return Prefixes(context=f"{QUESTION}\n{TEXT}", cuts=cuts, lead=lead, targets=targets)


def answered(found: Nested | Unscored) -> Nested:
    assert not isinstance(found, Unscored)
    return found


def largest(one: Nested, other: Nested) -> float:
    assert [[len(tokens) for tokens in row] for row in one] == [[len(tokens) for tokens in row] for row in other]
    pairs = zip(_flat(one), _flat(other), strict=True)
    return max(abs(a - b) for a, b in pairs)


def _flat(nested: Nested) -> list[float]:
    return [value for row in nested for tokens in row for value in tokens]


ENDS = (len(QUESTION), len(QUESTION) + 1, 60, 61, 63, 95, 128, 200, 240, len(QUESTION) + 1 + len(TEXT))


@pytest.mark.parametrize("kind", KINDS)
def test_two_passes_equal_a_plain_pass_for_every_prefix(kind: str) -> None:
    asked = ask(*ENDS)
    plain = [[step_by_step(kind, asked.context[:cut] + asked.lead, t) for t in TARGETS] for cut in ENDS]
    assert largest(answered(scorer(kind).prefix_logprobs(asked)), plain) < EXACT
    spread = [row[0][0] for row in plain]
    assert max(spread) - min(spread) > 0.1, "the probe would not notice a prefix that is ignored"


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_of_any_size_give_the_same(kind: str) -> None:
    whole = answered(scorer(kind).prefix_logprobs(ask(*ENDS)))
    for bounds in (Bounds(7, 10, 2**62), Bounds(1, 1, 1), Bounds(10_000, 10_000, 2**62)):
        assert largest(answered(scorer(kind, bounds).prefix_logprobs(ask(*ENDS))), whole) < EXACT


@pytest.mark.parametrize("kind", KINDS)
def test_one_by_one_and_along_a_text_are_the_same_question(kind: str) -> None:
    asked = ask(*ENDS)
    model: Scorer = scorer(kind)
    assert isinstance(model, PrefixScorer)
    pairs = [Continuation(context=asked.context[:c] + asked.lead, target=t) for c in ENDS for t in TARGETS]
    alone = model.logprobs(pairs)
    nested = [alone[i : i + len(TARGETS)] for i in range(0, len(alone), len(TARGETS))]
    assert largest(answered(model.prefix_logprobs(asked)), nested) < EXACT


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, len(QUESTION) + 1 + len(TEXT)), min_size=1, max_size=6), st.sampled_from(KINDS))
def test_what_is_said_at_a_cut_does_not_depend_on_the_other_cuts(cuts: list[int], kind: str) -> None:
    together = answered(scorer(kind).prefix_logprobs(ask(*cuts)))
    for cut, row in zip(cuts, together, strict=True):
        assert largest([row], answered(scorer(kind).prefix_logprobs(ask(cut)))) < EXACT


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said_at_a_cut_does_not_depend_on_the_text_after_it(kind: str) -> None:
    asked = ask(40, 75)
    other = Prefixes(context=asked.context[:75] + "xyz" * 30, cuts=(40, 75, 120), lead=asked.lead, targets=TARGETS)
    found = answered(scorer(kind).prefix_logprobs(other))[:2]
    assert largest(found, answered(scorer(kind).prefix_logprobs(asked))) < EXACT


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_does_not_depend_on_the_targets_beside_it(kind: str) -> None:
    together = answered(scorer(kind).prefix_logprobs(ask(60, 200)))
    for place, target in enumerate(TARGETS):
        alone = answered(scorer(kind).prefix_logprobs(ask(60, 200, targets=(target,))))
        assert all(row[0] == pytest.approx(both[place], abs=EXACT) for row, both in zip(alone, together, strict=True))


def test_the_texts_of_other_traces_do_not_matter() -> None:
    model = scorer("qwen2")
    first = answered(model.prefix_logprobs(ask(50, 100)))
    model.prefix_logprobs(Prefixes(context="Tin is a metal. " * 20, cuts=(16, 320), lead="\nSo:", targets=(" tin",)))
    assert answered(model.prefix_logprobs(ask(50, 100))) == first


def test_what_looks_like_a_control_token_in_a_trace_is_text() -> None:
    model = scorer("qwen2")
    [[tokens]] = answered(model.prefix_logprobs(Prefixes(context="Well.", cuts=(5,), lead="", targets=("<|end|>",))))
    assert len(tokens) > 1


def test_a_text_longer_than_the_model_reads_is_unscored() -> None:
    asked = Prefixes(context="sugar and " * 600, cuts=(5, 6000), lead="", targets=(" tea",))
    found = scorer("gpt2").prefix_logprobs(asked)
    assert isinstance(found, Unscored)
    assert found.reason == "context_too_long"
    assert "the model reads 1024" in found.detail
    with pytest.raises(ModelError, match="too long"):
        scorer("gpt2").logprobs([Continuation(context=asked.context, target=" tea")])


def test_a_context_without_a_token_is_refused_unless_the_model_marks_the_beginning() -> None:
    with pytest.raises(ModelError, match="at least one token"):
        scorer("qwen2").logprobs([Continuation(context="", target=" tea")])
    [tokens] = scorer("llama").logprobs([Continuation(context="", target=" tea")])
    assert tokens == pytest.approx(step_by_step("llama", "", " tea"), abs=EXACT)


ROPE = {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 1e4}


@pytest.mark.parametrize(
    ("kind", "changes", "sight"),
    [
        ("qwen2", {}, (1024, None, True)),
        ("qwen2", {"use_sliding_window": True, "sliding_window": 256, "max_window_layers": 1}, (1024, 256, True)),
        ("mistral", {"sliding_window": 256}, (1024, 256, False)),
        ("mistral", {"sliding_window": 4096}, (1024, None, False)),
        ("mistral", {"sliding_window": 9_000, "max_position_embeddings": 32_768}, (9_000, None, False)),
        ("llama", {"rope_parameters": {**ROPE, "original_max_position_embeddings": 500}}, (500, None, False)),
        ("gpt2", {}, (1024, None, False)),
    ],
)
def test_how_far_a_model_sees_is_read_from_its_configuration(
    kind: str, changes: dict[str, Any], sight: tuple[int, int | None, bool]
) -> None:
    assert sight_of(make_model(kind, **changes).config) == sight


@pytest.mark.parametrize(
    ("kind", "window"),
    [
        ("qwen2", {"use_sliding_window": True, "sliding_window": 40, "max_window_layers": 1}),
        ("mistral", {"sliding_window": 40}),
    ],
)
@pytest.mark.parametrize("bounds", [None, Bounds(7, 10, 2**62)])
def test_layers_that_see_a_window_only_are_read_exactly(
    kind: str, window: dict[str, Any], bounds: Bounds | None
) -> None:
    model, tokenizer = make_model(kind, **window), make_tokenizer()
    sliding = CausalScorer(model, tokenizer, name="hf:sliding", bounds=bounds)
    asked = Prefixes(context=f"{QUESTION}\n" + TEXT * 3, cuts=(10, 200, 500, 700), lead="\nSo:", targets=TARGETS)
    found = answered(sliding.prefix_logprobs(asked))
    plain = [[plainly(model, tokenizer, asked.context[:c] + asked.lead, t) for t in TARGETS] for c in asked.cuts]
    assert largest(found, plain) < EXACT
    full = {**window, "use_sliding_window": False} if kind == "qwen2" else {"sliding_window": None}
    other = make_model(kind, **full)
    assert abs(sum(plainly(other, tokenizer, asked.context[:700] + asked.lead, " B")) - sum(plain[3][2])) > 0.01


def _ignoring_masks(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **given: Any) -> Any:
    """An attention that hears of causality but never of a mask."""
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    del attention_mask
    return sdpa_attention_forward(module, query, key, value, None, **given)


def _with_boolean_masks(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **given: Any) -> Any:
    """The known trap: a boolean mask added to the scores by an eager attention."""
    from transformers.models.qwen2.modeling_qwen2 import eager_attention_forward

    seen = None if attention_mask is None else attention_mask > -1
    return eager_attention_forward(module, query, key, value, seen, **given)


@pytest.mark.parametrize("attention", [_ignoring_masks, _with_boolean_masks])
def test_an_attention_that_is_silently_wrong_is_refused(attention: Callable[..., Any]) -> None:
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import eager_mask

    AttentionInterface.register(attention.__name__, attention)
    AttentionMaskInterface.register(attention.__name__, eager_mask)
    with pytest.raises(ModelError, match=rf"did not prove itself: .*nats \({attention.__name__} attention\)"):
        CausalScorer(make_model("qwen2", attention=attention.__name__), make_tokenizer(), name="hf:wrong")


def test_a_model_that_reads_less_than_the_probe_is_refused() -> None:
    with pytest.raises(ModelError, match="reads 64 tokens: too few"):
        CausalScorer(make_model("gpt2", n_positions=64), make_tokenizer(), name="hf:short")


def test_a_model_that_counts_positions_itself_is_refused() -> None:
    from transformers import Qwen2ForCausalLM

    class Counting(Qwen2ForCausalLM):
        def forward(self, *given: Any, position_ids: Any = None, **named: Any) -> Any:
            del position_ids
            return super().forward(*given, **named)

    plain = make_model("qwen2")
    model = Counting(plain.config)
    model.load_state_dict(plain.state_dict())
    with pytest.raises(ModelError, match="did not prove itself"):
        CausalScorer(model, make_tokenizer(), name="hf:counting")


def test_a_tokenizer_of_another_model_is_refused() -> None:
    with pytest.raises(ModelError, match=r"its tokenizer knows \d+ tokens, the model 300"):
        CausalScorer(make_model("qwen2", vocabulary=300), make_tokenizer(), name="hf:other")


def test_half_precision_is_near_and_named() -> None:
    half = CausalScorer(make_model("llama").to(torch.bfloat16), make_tokenizer(begin=True), name="hf:half")
    assert half.describe()["dtype"] == "bfloat16"
    found = answered(half.prefix_logprobs(ask(*ENDS)))
    assert largest(found, answered(scorer("llama").prefix_logprobs(ask(*ENDS)))) < 0.5


def test_a_plain_eager_attention_is_right() -> None:
    eager = CausalScorer(make_model("qwen2", attention="eager"), make_tokenizer(), name="hf:eager")
    found = answered(eager.prefix_logprobs(ask(*ENDS)))
    assert largest(found, answered(scorer("qwen2").prefix_logprobs(ask(*ENDS)))) < EXACT


def test_a_model_that_does_not_look_at_the_text_is_refused() -> None:
    model = make_model("qwen2")
    with torch.no_grad():
        model.lm_head.weight.zero_()
    with pytest.raises(ModelError, match="do not depend on the context"):
        CausalScorer(model, make_tokenizer(), name="hf:flat")


def test_the_proof_is_told() -> None:
    assert scorer("qwen2").proof.startswith("two passes equal plain passes within")
    assert scorer("qwen2").describe() == {
        "id": "hf:qwen2",
        "sha256": "",
        "dtype": "float32",
        "device": scorer("qwen2").describe()["device"],
        "attention": "sdpa",
    }


OPTIONS = {"A": "glucagon", "B": "insulin", "C": "cortisol"}


def make_trace(options: dict[str, str] | None, gold: str | None, reasoning: str = TEXT) -> Trace:
    kind = "option" if options else "free_text"
    return made_records.make_trace(
        question=QUESTION, options=options, gold=gold, answer_type=kind, reasoning=reasoning, response=reasoning
    )


def steps_of(trace: Trace) -> Any:
    statement = final_statement(trace.reasoning, None, trace.options)
    return split_steps(trace, statement, lambda texts: [1 for _ in texts])


def cut_at(steps: tuple[Step, ...], place: int) -> list[Step]:
    out: list[Step] = []
    for step in steps:
        edges = [step.start, *([place] if step.start < place < step.end else []), step.end]
        for start, end in pairwise(edges):
            out.append(
                Step(
                    trace_id="t1",
                    step=len(out) + 1,
                    start=start,
                    end=end,
                    text=TEXT[start:end],
                    move=step.move,
                    part=step.part,
                    tokens=1,
                )
            )
    return out


def parts_of(gain: TraceGain) -> dict[str | None, float]:
    assert not isinstance(gain.outcome, Unscored)
    sums: dict[str | None, float] = {None: gain.outcome[0].surprisal - gain.outcome[-1].surprisal}
    for one in gain.outcome[1:]:
        sums[one.part] = sums.get(one.part, 0.0) + (one.gain or 0.0)
    return sums


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("options", "gold"), [(OPTIONS, "B"), (None, "beta cell insulin"), (None, "42")])
def test_gains_sum_to_the_total_and_cutting_a_step_changes_no_part(
    kind: str, options: dict[str, str] | None, gold: str
) -> None:
    trace, observer = make_trace(options, gold), OptionScorer(scorer(kind))
    steps, commitment = steps_of(trace)
    whole = trace_gain(trace, steps, commitment, observer)
    sums = parts_of(whole)
    assert sum(v for part, v in sums.items() if part) == pytest.approx(sums[None], abs=1e-9) or not options
    for place in (20, 33, 57, 101, 140):
        finer = trace_gain(trace, cut_at(steps, place), commitment, observer)
        assert parts_of(finer) == pytest.approx(sums, abs=EXACT * (whole.answer_tokens or 2))


def test_a_free_answer_is_scored_by_its_own_tokens_total_and_count() -> None:
    trace, observer = make_trace(None, "beta cells"), OptionScorer(scorer("llama"))
    steps, commitment = steps_of(trace)
    gain = trace_gain(trace, steps, commitment, observer)
    assert (gain.answer_space, gain.confident_wrong) == ("tokens", None)
    assert not isinstance(gain.outcome, Unscored)
    assert {g.entropy for g in gain.outcome} == {None}
    for one, end in zip(gain.outcome, [0, *(s.end for s in steps)], strict=True):
        plain = step_by_step("llama", f"{QUESTION}\n{TEXT[:end]}{observer.cue}", " beta cells")
        assert one.surprisal == pytest.approx(-sum(plain), abs=EXACT * len(plain))
        assert gain.answer_tokens == len(plain)


def test_without_a_gold_answer_nothing_is_scored() -> None:
    for gold in (None, "  "):
        trace = make_trace(None, gold)
        gain = trace_gain(trace, *steps_of(trace), OptionScorer(scorer("qwen2")))
        assert isinstance(gain.outcome, Unscored)
        assert gain.outcome.reason == "no_gold"


def test_a_trace_that_is_too_long_is_unscored_with_its_reason() -> None:
    trace = make_trace(OPTIONS, "B", " ".join([TEXT] * 60))
    gain = trace_gain(trace, *steps_of(trace), OptionScorer(scorer("qwen2")))
    assert isinstance(gain.outcome, Unscored)
    assert gain.outcome.reason == "context_too_long"


@pytest.mark.parametrize("kind", KINDS)
def test_reading_a_text_once_changes_no_option(kind: str) -> None:
    observer, ends = OptionScorer(scorer(kind)), (0, 57, 100, len(TEXT))
    seen = Observation(question=QUESTION, prefix=TEXT, candidates=tuple(OPTIONS.values()), labels=tuple(OPTIONS))
    along = observer.observe_along(seen, ends)
    assert not isinstance(along, Unscored)
    for end, logs in zip(ends, along, strict=True):
        alone = Observation(question=QUESTION, prefix=TEXT[:end], candidates=seen.candidates, labels=seen.labels)
        assert observer.observe([alone])[0] == pytest.approx(logs, abs=EXACT * 5)
