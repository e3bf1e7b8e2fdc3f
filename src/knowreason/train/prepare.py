"""`python -m knowreason.train.prepare --data FOLDER --out FOLDER`: everything that training reads, tokenised."""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from knowreason.errors import InputError
from knowreason.planting.shared_words import content
from knowreason.train.claims import claim_pairs, read_claims
from knowreason.train.contrasts import contrast_pairs, read_contrasts
from knowreason.train.grids import GridMaker
from knowreason.train.options import Item, held_out, read_items, read_worked
from knowreason.train.pair import SUPPORTED, Pair
from knowreason.train.pairs import Sources, make_pairs, open_sources, seeds, summary
from knowreason.train.start import base_folder, write_start
from knowreason.train.store import save_options, save_pairs

REMOVED = {"openstax": 130, "medquad": 110, "ontology": 60}  # claims whose source is taken away
PASSAGES = 5  # of each of them


def main(arguments: Sequence[str] | None = None) -> None:
    """Write start.npz, pairs_*.npz, options_*.npz, trained_questions.npy and summary.json."""
    parser = argparse.ArgumentParser(description="Prepare the training data of the built-in model.")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds corpus/, claims/, traces/")
    parser.add_argument("--written", type=Path, required=True, help="the sets that were written for training")
    parser.add_argument("--claims", type=Path, nargs="*", default=[], help="claims with their passages, one a row")
    parser.add_argument("--contrasts", type=Path, nargs="*", default=[], help="two passages and claims, a set a row")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    if not (given.data / "corpus").is_dir():
        raise InputError(f"{given.data} holds no corpus/; set KNOWREASON_DATA to the data folder")
    given.out.mkdir(parents=True, exist_ok=True)
    write_start(given.out / "start.npz")
    encode = _encoder()
    np.save(given.out / "continues.npy", continuations())
    told = {
        "pairs": prepare_pairs(given, encode),
        "options": prepare_options(given.data, given.out, encode, given.seed),
    }
    (given.out / "summary.json").write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told))


def prepare_pairs(given: argparse.Namespace, encode: Callable[[str], Any]) -> dict[str, object]:
    """The verifier's pairs, train and dev; the test part is left for the evaluation."""
    data, out, seed = given.data, given.out, given.seed
    pairs = make_pairs(open_sources(data, random.Random(seed), given.written), seed)
    pairs += [pair for path in given.claims for pair in claim_pairs(read_claims(path))]
    pairs += [pair for path in given.contrasts for pair in contrast_pairs(read_contrasts(path), random.Random(seed))]
    random.Random(seed).shuffle(pairs)
    for part in ("train", "dev"):
        save_pairs(out / f"pairs_{part}.npz", [pair for pair in pairs if pair.part == part], encode)
    # sources opened anew: what is drawn here must not depend on what was drawn above
    save_pairs(out / "removed_dev.npz", removed(open_sources(data, random.Random(seed)), seed), encode)
    return summary(pairs)


def removed(sources: Sources, seed: int) -> list[Pair]:
    """True claims of the dev documents with what retrieval finds without their source, a pair a passage.

    The passages of a claim follow each other: on them the verifier is made to abstain rather than refute.
    """
    rng = random.Random(seed)
    maker = GridMaker(sources.contradictor, rng)
    out: list[Pair] = []
    for held in seeds(sources.passages, REMOVED, rng, part="dev"):
        claim = next(pair.claim for pair in maker.pairs(held) if pair.kind == "same")
        said = content(held.sentence)
        far = [near for near in held.near if len(said & content(near.text)) < 0.7 * len(said)]
        texts = [f"{near.title}. {near.text}" if near.title else near.text for near in far[:PASSAGES]]
        out.extend(Pair(text, claim, SUPPORTED, held.passage.corpus, "removed", "dev") for text in texts)
    return out


def prepare_options(data: Path, out: Path, encode: Callable[[str], Any], seed: int) -> dict[str, object]:
    """The observer's items: train without the held-out models, calibrate with the others, and the questions' keys."""
    items = [item for item in read_items(data) if not held_out(item.model)]
    worked = list(read_worked(data / "questions" / "gsm8k_train.jsonl.gz", random.Random(seed)))
    train = [item for item in items if item.part == "train"] + worked
    random.Random(seed).shuffle(train)
    calibrate = [item for item in items if item.part == "calibrate"]
    save_options(out / "options_train.npz", train, encode)
    save_options(out / "options_calibrate.npz", calibrate, encode)
    keys = _keys([*train, *calibrate])
    np.save(out / "trained_questions.npy", keys)
    return {
        "train": len(train),
        "calibrate": len(calibrate),
        "questions": len(keys),
        "models": dict(Counter(item.model for item in train)),
        "domains": dict(Counter(item.domain for item in train)),
        "content_before_statement": round(float(np.mean([item.content < item.statement for item in train])), 3),
    }


def _keys(items: Sequence[Item]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """The first eight bytes of each question's key, sorted."""
    return np.array(sorted({int(item.question_key[:16], 16) for item in items}), np.uint64)


def continuations() -> np.ndarray[Any, np.dtype[np.bool_]]:
    """For every token id, whether it continues a word."""
    tokenizer = _tokenizer()
    return np.array([tokenizer.id_to_token(i).startswith("##") for i in range(tokenizer.get_vocab_size())])


def _encoder() -> Callable[[str], Any]:
    tokenizer = _tokenizer()
    return lambda text: tokenizer.encode(text, add_special_tokens=False)


def _tokenizer() -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(base_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


if __name__ == "__main__":
    main()
