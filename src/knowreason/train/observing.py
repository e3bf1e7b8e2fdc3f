"""What the answer head reads from traces of questions that trained nothing: how often, how surely, how wrongly.

The target is the option that the trace itself ends on. A trace is cut at quarters of the text before its
formal statement, where it commits to the content of its answer, and at its end.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from knowreason.answers.mentions import OptionReader
from knowreason.models.protocols import Observer
from knowreason.planting.shared_words import content
from knowreason.read import ReadOptions, Source, read_traces
from knowreason.records import Observation, Trace
from knowreason.sentences import split_sentences
from knowreason.stats import calibration_error
from knowreason.train.measures import Floats, mean, separation
from knowreason.train.options import TEXT_LIMIT, Item, held_out, item_of, share_of

QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
CUTS = (*(f"quarter_{quarter:g}" for quarter in QUARTERS), "content", "end")
UNSEEN_SHARE = (60, 70)  # of the question hash: a tenth of all questions, none of which trained or chose anything
REASONING_AT_LEAST = 25  # characters before the statement: less is a bare answer
FILLER = (
    "Let me go through this carefully, one thing at a time. First I read the question again and make sure that I "
    "understand what is asked. Then I think about what is known and what is not. There are several ways to look at "
    "it, and each of them deserves some attention. I will consider them in order. "
)
LARGE = 0.5  # nats


class Look(NamedTuple):
    """One observation: the log-probabilities of the options, and what the string rule makes of the same text."""

    logs: Floats
    rule: Floats


class Seen(NamedTuple):
    """An item with what was observed at every cut, after filler, and after another question's reasoning."""

    item: Item
    looks: dict[str, Look]
    filler: Floats
    other: Floats


def sample_items(data: Path, per_cell: dict[bool, int], seed: int) -> list[Item]:
    """Items of questions that trained nothing, the same number of each model and domain where there are enough.

    `per_cell` is the number a model and domain: for models that are held out (True) and for the others.
    """
    cells: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in _unseen(data):
        cells[item.model, item.domain].append(item)
    rng = random.Random(seed)
    out: list[Item] = []
    for model, domain in sorted(cells):
        held = cells[model, domain]
        out.extend(rng.sample(held, min(per_cell[held_out(model)], len(held))))
    return out


def _unseen(data: Path) -> Iterator[Item]:
    files = sorted((data / "traces").glob("mmlu_pro_*.jsonl.gz"))
    for trace in read_traces([Source(str(path), None) for path in files], ReadOptions()):
        if not isinstance(trace, Trace) or not trace.options or len(trace.reasoning) > TEXT_LIMIT:
            continue
        share = int(sha256(trace.question_key.encode()).hexdigest()[:8], 16) % 100
        if not UNSEEN_SHARE[0] <= share < UNSEEN_SHARE[1]:
            continue
        item = item_of(trace, share_of(trace.question_key))
        if item is not None and len(item.text[: item.statement].strip()) >= REASONING_AT_LEAST:
            yield item


def prefixes(item: Item) -> dict[str, str]:
    """The text at every cut; a quarter ends with the last whole sentence in it."""
    out: dict[str, str] = {}
    for quarter in QUARTERS:
        place = max((cut for cut in item.cuts if cut <= quarter * item.statement), default=0)
        out[f"quarter_{quarter:g}"] = item.text[:place]
    return {**out, "content": item.text[: item.content], "end": item.text}


def observe_items(model: Observer, items: Sequence[Item]) -> list[Seen]:
    """Ask the model about every item at every cut and after two texts that say nothing of its answer."""
    out: list[Seen] = []
    for item, texts, found in observe_texts(model, items):
        rule = StringRule(item)
        looks = {name: Look(found[name], rule.shares(texts[name])) for name in CUTS}
        out.append(Seen(item, looks, found["filler"], found["other"]))
    return out


def observe_texts(model: Observer, items: Sequence[Item]) -> list[tuple[Item, dict[str, str], dict[str, Floats]]]:
    """Every item with its texts, cut and empty ones, and the log-probabilities of its options after each."""
    texts = [{**prefixes(item), "filler": _filler(item), "other": other} for item, other in _with_other(items)]
    distinct = [list(dict.fromkeys(held.values())) for held in texts]
    asked = [
        Observation(question=item.question, prefix=text, candidates=item.options, labels=item.labels)
        for item, held in zip(items, distinct, strict=True)
        for text in held
    ]
    answers = iter(model.observe(asked))
    out: list[tuple[Item, dict[str, str], dict[str, Floats]]] = []
    for item, held, each in zip(items, texts, distinct, strict=True):
        found = {text: np.array(next(answers)) for text in each}
        out.append((item, held, {name: found[text] for name, text in held.items()}))
    return out


def _filler(item: Item) -> str:
    return FILLER * max(1, item.statement // len(FILLER))


def _with_other(items: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """Each item with the text before the statement of another question of its domain."""
    for index, item in enumerate(items):
        others = [*items[index + 1 :], *items[:index]]
        same = (o for o in others if o.domain == item.domain and o.question_key != item.question_key)
        other = next(same, None)
        yield item, other.text[: other.statement] if other else FILLER


class StringRule:
    """The option that the text tells last; while it tells none, the options that share most words with it."""

    def __init__(self, item: Item) -> None:
        self._options = dict(zip(item.labels, item.options, strict=True))
        self._reader = OptionReader(item.question, self._options, None, None)

    def shares(self, text: str) -> Floats:
        """Weight of each option: 1 for the chosen one, equal parts where several are as good."""
        for start, end in reversed(split_sentences(text)):
            told = self._reader.read(text[start:end]).told
            if told is not None:
                return np.array([float(label == told) for label in self._options])
        words = content(text)
        shared = [len(content(o) & words) / max(1, len(content(o))) for o in self._options.values()]
        best = np.array([share == max(shared) for share in shared], np.float64)
        return best / best.sum()


def by_cut(seen: Sequence[Seen]) -> dict[str, Any]:
    """At every cut: top-1 on the trace's own answer, its log-loss, the rule's top-1, the calibration error."""
    clusters = [one.item.question_key for one in seen]
    out: dict[str, Any] = {}
    for cut in CUTS:
        looks = [one.looks[cut] for one in seen]
        own = [one.item.own for one in seen]
        losses = [-float(look.logs[o]) for look, o in zip(looks, own, strict=True)]
        empty = [-float(one.looks["quarter_0"].logs[o]) for one, o in zip(seen, own, strict=True)]
        right = np.array([look.logs.argmax() == o for look, o in zip(looks, own, strict=True)])
        rule = np.array([look.rule[o] for look, o in zip(looks, own, strict=True)])
        sure = np.array([math.exp(look.logs.max()) for look in looks])
        out[cut] = {
            "top1": mean(right, clusters),
            "log_loss": mean(losses, clusters),
            "log_loss_above_no_text": mean(np.subtract(losses, empty), clusters),
            "calibration_error": round(calibration_error(sure, right), 4),
            "calibration_error_of_a_calibrated_one": round(error_of_a_calibrated_one(sure), 4),
        }
        if cut != "end":  # there the statement itself stands, by which the target was read
            out[cut] |= {"string_rule_top1": mean(rule, clusters), "top1_above_rule": mean(right - rule, clusters)}
    return out


def error_of_a_calibrated_one(sure: Floats, draws: int = 400) -> float:
    """The mean calibration error of an observer that is right exactly as often as it is sure, on so many traces."""
    rng = np.random.default_rng(0)
    return float(np.mean([calibration_error(sure, rng.random(len(sure)) < sure) for _ in range(draws)]))


def observer_figures(seen: Sequence[Seen]) -> dict[str, Any]:
    """Every figure of a group of traces."""
    clusters = [one.item.question_key for one in seen]
    gold_gain = np.array([_gain(one, one.looks["content"].logs, one.item.gold) for one in seen])
    correct = np.array([one.item.own == one.item.gold for one in seen])
    return {
        "traces": len(seen),
        "chance": mean([1 / len(one.item.options) for one in seen], clusters),
        "uniform_log_loss": mean([math.log(len(one.item.options)) for one in seen], clusters),
        "cuts": by_cut(seen),
        "before_content": {
            "own_answer_gain": mean([_gain(s, s.looks["content"].logs, s.item.own) for s in seen], clusters),
            "auroc_correct_by_gold_gain": separation(gold_gain, correct, clusters),
        },
        "empty_text": {name: _empty(seen, name, clusters) for name in ("filler", "other")},
    }


def _empty(seen: Sequence[Seen], name: str, clusters: Sequence[str]) -> dict[str, Any]:
    """Gains after a text that says nothing: how large on average, and how often beyond half a nat."""
    own = np.array([_gain(one, getattr(one, name), one.item.own) for one in seen])
    gold = np.array([_gain(one, getattr(one, name), one.item.gold) for one in seen])
    return {
        "mean_own_answer_gain": mean(own, clusters),
        "mean_absolute_own_answer_gain": mean(np.abs(own), clusters),
        "own_answer_gain_beyond_half_a_nat": mean(np.abs(own) > LARGE, clusters),
        "gold_gain_beyond_half_a_nat": mean(np.abs(gold) > LARGE, clusters),
    }


def _gain(one: Seen, logs: Floats, option: int) -> float:
    return float(logs[option] - one.looks["quarter_0"].logs[option])


def by_domain(seen: Sequence[Seen], cut: str = "quarter_1") -> dict[str, Any]:
    """Top-1 of model and rule by domain at one cut: before the formal statement unless told otherwise."""
    out: dict[str, Any] = {}
    for domain in sorted({one.item.domain for one in seen}):
        held = by_cut([one for one in seen if one.item.domain == domain])[cut]
        out[domain] = {name: held[name] for name in ("top1", "string_rule_top1", "top1_above_rule")}
    return out
