"""`python -m knowreason.train.evaluate --weights FOLDER --data FOLDER --out FILE`: every figure of the shipped file.

Nothing here chooses anything: the sets are the held-out tenth of the documents, errors of kinds that training
never saw, claims that people wrote and judged, and traces of questions that trained nothing.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
import numpy as np

from knowreason.models.builtin import WEIGHTS, BuiltinModel
from knowreason.models.protocols import Thresholds
from knowreason.records import Observation, Unscored
from knowreason.retrieve.knowledge import open_knowledge
from knowreason.train.claims import as_judged, read_claims
from knowreason.train.exactness import against_full, batch_invariance
from knowreason.train.example import example_claims
from knowreason.train.human import SETS, read_human
from knowreason.train.judging import Judged, baselines, by_kind, figures, judge
from knowreason.train.measures import separation
from knowreason.train.observing import by_domain, observe_items, observer_figures, prefixes, sample_items
from knowreason.train.options import held_out
from knowreason.train.pair import OPEN, SUPPORTED
from knowreason.train.pairs import Sources, make_pairs, open_sources
from knowreason.train.planted import plant, search_written, with_source, without_source
from knowreason.train.scoreboard import reliability, table
from knowreason.train.shortcuts import shortcuts
from knowreason.train.studies import read_evidence_inference
from knowreason.train.written import read_sets

HELD_OUT_LIMITS = {"openstax": 400, "medquad": 400, "ontology": 300}  # sentences of test documents
A_SOURCE, TWINS = 200, 150
TRACES = {True: 40, False: 5}  # of each model and domain: held-out models, and those that trained it
ALIKE = 48  # items asked together and alone
AGREED = 300  # pairs judged in int8 and in fp32
CORPORA = ("openstax_ccby", "medquad", "disease_ontology")
Report = dict[str, Any]
Baseline = Callable[[Sequence[Judged]], Any]


class Bench(NamedTuple):
    """What every part of the evaluation shares."""

    model: BuiltinModel
    data: Path
    seed: int
    cosine: Baseline


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write the JSON file and print the table."""
    given = _arguments(arguments)
    begun = time.perf_counter()
    bench = Bench(BuiltinModel(given.weights), given.data, given.seed, _cosine(given.weights))
    report: Report = {
        "model": bench.model.describe(),
        "date": datetime.now(UTC).date().isoformat(),
        "seed": given.seed,
        **measure(bench, given),
    }
    report["seconds"] = round(time.perf_counter() - begun, 1)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    plain = msgspec.to_builtins(report)
    if given.reliability:
        given.reliability.write_bytes(msgspec.json.format(msgspec.json.encode(reliability(plain)), indent=1) + b"\n")
    print(table(plain))


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the shipped model.")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="the folder of the shipped files")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds corpus/, claims/, traces/")
    parser.add_argument("--written", type=Path, required=True, help="the sets that were written for training")
    parser.add_argument("--claims", type=Path, required=True, help="the claims of topics that no training saw")
    parser.add_argument("--example", type=Path, required=True, help="the folder of the example, with its truth")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="start.npz, to compare with fp32")
    parser.add_argument("--pieces", type=Path, help="the folder of trained weights, to compare with fp32")
    parser.add_argument("--reliability", type=Path, help="also write what the reports say of the model here")
    parser.add_argument("--only", nargs="*", default=[], choices=list(PARTS), help="measure these parts only")
    return parser.parse_args(arguments)


def measure(bench: Bench, given: argparse.Namespace) -> Report:
    """The report's parts, in their order."""
    return {name: part(bench, given) for name, part in PARTS.items() if not given.only or name in given.only}


def held_out_text(bench: Bench, given: argparse.Namespace) -> Report:
    """Pairs of documents and studies that trained nothing, by source and by kind of error."""
    items = held_out_items(open_sources(bench.data, random.Random(bench.seed), given.written), bench.seed)
    least = bench.model.thresholds
    judged = {source: judge(bench.model, held) for source, held in items.items()}
    out: Report = {
        "all": figures([one for held in items.values() for one in held], np.concatenate([*judged.values()]), least)
    }
    for source, held in items.items():
        out[source] = {**figures(held, judged[source], least), "baselines": _beside(bench, held)}
        out[source]["kinds"] = by_kind(held, judged[source], least)
    return out


def held_out_items(sources: Sources, seed: int) -> dict[str, list[Judged]]:
    """At most `A_SOURCE` pairs of each source."""
    pairs = make_pairs(sources, seed, HELD_OUT_LIMITS, part="test")
    random.Random(seed).shuffle(pairs)
    out: dict[str, list[Judged]] = {source: [] for source in sorted({pair.source for pair in pairs})}
    for pair in pairs:
        held = out[pair.source]
        if len(held) < A_SOURCE:
            held.append(Judged((pair.premise,), pair.claim, pair.label, pair.kind, pair.premise[:80]))
    return out


def planted_errors(bench: Bench, given: argparse.Namespace) -> Report:
    """True claims and their false twins, retrieved and judged as in an audit, source present and removed."""
    del given
    twins = plant(open_sources(bench.data, random.Random(bench.seed)), TWINS, part="test", seed=bench.seed)
    index = open_knowledge([bench.data / "corpus" / f"{name}.jsonl.gz" for name in CORPORA])
    out: Report = {}
    least = bench.model.thresholds
    for name, find in (("present", with_source), ("removed", without_source)):
        items = find(index, twins)
        judged = judge(bench.model, items)
        beside = _beside(bench, items) if name == "present" else baselines(bench.model, items)
        out[name] = {**figures(items, judged, least), "baselines": beside, "kinds": by_kind(items, judged, least)}
        out[name]["claims_without_passage"] = sum(not item.passages for item in items)
    return out


def written_claims(bench: Bench, given: argparse.Namespace) -> Report:
    """Natural claims that trained nothing, against the passages of all written sets, retrieved as in an audit."""
    sets = read_sets(given.written)
    with TemporaryDirectory() as folder:
        passages = Path(folder) / "passages.jsonl"
        passages.write_bytes(
            b"\n".join(msgspec.json.encode({"id": n, "title": s.title, "text": s.passage}) for n, s in enumerate(sets))
        )
        items = search_written(open_knowledge([passages]), [held for held in sets if held.part == "test"])
    judged, least = judge(bench.model, items), bench.model.thresholds
    return {"notes": {**figures(items, judged, least), "baselines": _beside(bench, items)}}


def topic_claims(bench: Bench, given: argparse.Namespace) -> Report:
    """Claims of topics that no training saw, each against its own passage; what predicts them unread beside it."""
    rows = read_claims(given.claims)
    items = as_judged(rows)
    judged, least = judge(bench.model, items), bench.model.thresholds
    found = {**figures(items, judged, least), "baselines": _beside(bench, items)}
    return {"own_passage": {**found, "kinds": by_kind(items, judged, least), "shortcuts": shortcuts(rows)}}


def example(bench: Bench, given: argparse.Namespace) -> Report:
    """The claims of the example against its notes, found, retrieved and judged as in an audit."""
    items = example_claims(given.example, open_knowledge([given.example / "notes.jsonl"]))
    judged, least = judge(bench.model, items), bench.model.thresholds
    found = {**figures(items, judged, least), "baselines": _beside(bench, items)}
    return {"notes": {**found, "domains": _by_domain(items, judged, least)}}


def _by_domain(items: Sequence[Judged], judged: Any, least: Thresholds) -> Report:
    domains = np.array([item.kind for item in items])
    return {
        str(name): figures([item for item in items if item.kind == name], judged[domains == name], least)
        for name in np.unique(domains)
    }


def human_claims(bench: Bench, given: argparse.Namespace) -> Report:
    """Claims that people wrote, with the sentences they cited."""
    del given
    out: Report = {}
    least = bench.model.thresholds
    for chosen in SETS:
        items = read_human(bench.data, chosen)
        out[chosen.name] = {**figures(items, judge(bench.model, items), least), "baselines": _beside(bench, items)}
    return out


def observer(bench: Bench, given: argparse.Namespace) -> Report:
    """The answer head on traces of questions that trained nothing: models it never saw, and models it did."""
    del given
    seen = observe_items(bench.model, sample_items(bench.data, TRACES, bench.seed))
    unseen = [one for one in seen if held_out(one.item.model)]
    return {
        "unseen_models": {**observer_figures(unseen), "domains": by_domain(unseen)},
        "seen_models": observer_figures([one for one in seen if not held_out(one.item.model)]),
    }


def file(bench: Bench, given: argparse.Namespace) -> Report:
    """The file itself: batch neighbours, and int8 against fp32 where the trained weights are given."""
    told = read_evidence_inference(bench.data / "claims", random.Random(bench.seed))
    pairs = list(islice((pair for pair in told if pair.part == "test"), AGREED))
    items = sample_items(bench.data, {True: 1, False: 1}, bench.seed)
    asked = [
        Observation(question=i.question, prefix=prefixes(i)[cut], candidates=i.options, labels=i.labels)
        for i in items
        for cut in ("quarter_0.5", "quarter_1")
    ]
    out: Report = {
        "largest_difference_in_a_batch": batch_invariance(
            bench.model, [(p.premise, p.claim) for p in pairs[:ALIKE]], asked[:ALIKE]
        )
    }
    if given.start and given.pieces:
        out["int8_against_fp32"] = against_full(given.weights, given.start, given.pieces, pairs, asked)
    else:
        out["int8_against_fp32"] = Unscored(reason="no_pieces", detail="give --start and --pieces")
    return out


PARTS: dict[str, Callable[[Bench, argparse.Namespace], Report]] = {
    "held_out_text": held_out_text,
    "planted_errors": planted_errors,
    "written_claims": written_claims,
    "topic_claims": topic_claims,
    "example": example,
    "human_claims": human_claims,
    "observer": observer,
    "file": file,
}


def _beside(bench: Bench, items: Sequence[Judged]) -> Report:
    return {**baselines(bench.model, items), "cosine": bench.cosine(items)}


def _cosine(folder: Path) -> Baseline:
    """AUROC of the base encoder's cosine; Unscored where torch is not installed."""
    try:
        from knowreason.train.cosine import base_encoder, closeness
    except ModuleNotFoundError:
        return lambda items: Unscored(reason="no_torch", detail="pip install 'knowreason[train]'")
    from knowreason.models.builtin import open_tokenizer

    tokenizer, network = open_tokenizer(folder / "tokenizer.json"), base_encoder()

    def measured(items: Sequence[Judged]) -> Any:
        known = [item for item in items if item.label < OPEN]
        scores = closeness(known, network, lambda text: tokenizer.encode(text, add_special_tokens=False).ids)
        labels = [item.label == SUPPORTED for item in known]
        return separation(scores, np.array(labels), [item.cluster for item in known])

    return measured


if __name__ == "__main__":
    main()
