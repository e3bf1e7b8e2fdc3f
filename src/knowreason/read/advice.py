"""What to change in a harness so that its logs keep the reasoning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from knowreason.records import Trace

SHARE = 0.2  # of a model's traces: below it, lost reasoning needs no advice
_HIDDEN = ("redacted", "summary_only", "stripped")
_CUT = ("length_cut", "unclosed_thought")

_KEEP = {
    "lm-eval": "leave think_end_token and enable_thinking out of --model_args (think_end_token deletes the thinking "
    "before --log_samples writes it); if enable_thinking=True is needed, add think_end_token=KEEP, a text that never "
    "occurs, and --gen_kwargs until=[], or the task's stop strings cut the thinking; "
    "with --model local-chat-completions start the server without --reasoning-parser, since only the content "
    "is logged",
    "inspect": "run the model through a provider that returns its reasoning (for vLLM: vllm serve MODEL "
    "--reasoning-parser NAME); for hosted models that hide it, --reasoning-summary auto keeps at least a summary",
    "chat": "log the whole message and not only its content: the reasoning is in `reasoning` or `reasoning_content` "
    "(vllm serve MODEL --reasoning-parser NAME fills it; without the parser it stays in the content between tags)",
    "": "keep the model's thinking in `reasoning`, or leave it in `response` between <think> and </think>",
}
_LENGTHEN = {
    "lm-eval": "--gen_kwargs max_gen_toks=16384 (the default is 256) and a model length that holds it "
    "(--model_args max_length=32768, for vllm max_model_len=32768)",
    "inspect": "--max-tokens 16384",
    "chat": "max_completion_tokens 16384 in the request (max_tokens on older servers)",
    "": "a larger limit for generated tokens",
}


class Tally:
    """Counts traces by harness, model, variant and integrity, as they are read."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, str], Counter[str]] = {}

    def add(self, trace: Trace) -> None:
        """Counts one trace."""
        key = (_harness(trace), trace.model, trace.variant)
        self.counts.setdefault(key, Counter())[trace.integrity] += 1


def advice(tally: Tally) -> list[str]:
    """One line for each model with over a fifth of its reasoning hidden or cut: the options that keep it."""
    lines: list[str] = []
    for (harness, model, variant), counts in sorted(tally.counts.items()):
        name = f"{model} ({variant})" if variant != model else model
        for labels, trouble, remedy in ((_HIDDEN, "without", _KEEP), (_CUT, "with cut-off", _LENGTHEN)):
            lost = _count(counts, labels)
            if lost > SHARE * counts.total():
                lines.append(f"{name}: {lost} of {counts.total()} traces {trouble} reasoning; {remedy[harness]}")
    return lines


def _count(counts: Counter[str], labels: Iterable[str]) -> int:
    return sum(counts[label] for label in labels)


def _harness(trace: Trace) -> str:
    """The harness that a foreign log names first in its meta; "" for our own rows."""
    named = (h for h in _KEEP if h and trace.meta.startswith(f'{{"harness":"{h}"'))
    return next(named, "")
