"""`hf:FOLDER` as a verifier: an NLI checkpoint whose labels are read by name, and proven."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from made_encoders import LABELS, nli_pairs, relabel, train_nli
from typer.testing import CliRunner

from knowreason.cli import app
from knowreason.errors import ModelError, Unanswered
from knowreason.models.load import load
from knowreason.models.protocols import Entailer, Judge, Observer, Scorer
from knowreason.pipeline import audit
from knowreason.read import Source
from knowreason.records import Unscored
from knowreason.task import Audit

pytest.importorskip("torch")
pytest.importorskip("transformers")

from knowreason.models.entailing import PairClassifier, label_order

RIGHT = {0: 1, 1: 0, 2: 2}  # the fixture's own order: contradiction, entailment, neutral


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_nli(tmp_path_factory.mktemp("models") / "nli")


@pytest.fixture(scope="module")
def model(folder: Path) -> PairClassifier:
    found = load(f"hf:{folder}")
    assert isinstance(found, PairClassifier)
    return found


def test_a_folder_with_a_pair_classifier_is_a_verifier_and_no_scorer(model: PairClassifier) -> None:
    assert isinstance(model, Entailer)
    assert isinstance(model, Judge)
    assert not isinstance(model, Observer | Scorer)
    told = model.describe()
    assert (told["id"], told["dtype"], told["labels"]) == ("hf:nli", "float32", "entailment, contradiction, neutral")
    assert len(told["sha256"]) == 64


def test_what_it_cannot_do_is_said_of_the_option_that_named_it(folder: Path, example_dir: Path, tmp_path: Path) -> None:
    given = ["audit", str(example_dir / "traces.jsonl"), "--knowledge", str(example_dir / "notes.jsonl")]
    for option, named in (("--judge", "--judge"), ("--decomposer", "--decomposer")):
        done = CliRunner().invoke(app, [*given, "--out", str(tmp_path / "run"), option, f"hf:{folder}"])
        assert isinstance(done.exception, ModelError)
        assert str(done.exception).startswith(f"{named} hf:{folder} cannot read claims")


def test_labels_are_read_by_name_and_not_by_place(model: PairClassifier) -> None:
    pairs = nli_pairs(200, seed=9)
    said = [max(range(3), key=p.__getitem__) for p in model.entail([(p, h) for p, h, _ in pairs])]
    right = sum(found == RIGHT[label] for found, (_, _, label) in zip(said, pairs, strict=True))
    assert right > 170


def test_probabilities_are_those_of_a_plain_pass(model: PairClassifier, folder: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    plain = AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for premise, hypothesis, _ in nli_pairs(5, seed=3):
        with torch.inference_mode():
            logits = plain(**tokenizer(premise, hypothesis, return_tensors="pt")).logits[0].double()
        contradiction, entailment, neutral = logits.softmax(-1).tolist()
        found = model.entail([(premise, hypothesis)])[0]
        assert found == pytest.approx((entailment, contradiction, neutral), abs=1e-6)


def test_a_score_does_not_depend_on_its_neighbours(model: PairClassifier) -> None:
    pairs = [(p, h) for p, h, _ in nli_pairs(30, seed=4)]
    pairs += [("tea raises pain . " * repeats, "tea raises pain.") for repeats in (3, 9, 20)]
    together = model.entail(pairs)
    for pair, found in zip(pairs, together, strict=True):
        assert model.entail([pair])[0] == pytest.approx(found, abs=1e-6)
    assert model.entail(pairs[::-1])[::-1] == [pytest.approx(found, abs=1e-6) for found in together]


def test_a_pair_that_is_too_long_is_unscored_and_never_cut(model: PairClassifier) -> None:
    long, short = ("tea raises pain . " * 60, "tea raises pain."), ("tea raises pain.", "tea raises pain.")
    first, second = model.judge([long, short])
    assert isinstance(first, Unscored)
    assert (first.reason, first.detail) == ("context_too_long", "247 tokens, the model reads 128")
    assert not isinstance(second, Unscored)
    assert second.probabilities == pytest.approx(model.entail([short])[0], abs=1e-6)
    with pytest.raises(Unanswered, match="context_too_long"):
        model.entail([long])
    assert model.judge([]) == []


def test_what_looks_like_a_mark_in_a_text_is_text(model: PairClassifier, folder: Path) -> None:
    from transformers import AutoTokenizer

    from knowreason.models.encoding import encode

    tokenizer = AutoTokenizer.from_pretrained(folder)
    mark = tokenizer.sep_token_id
    ids = encode(tokenizer, ["tea [SEP] rain raises pain"], ["tea [CLS] raises pain"])[0].ids
    assert ids.count(mark) == 2
    assert ids.count(tokenizer.cls_token_id) == 1
    assert model.entail([("tea [SEP] rain", "tea [CLS]")])[0] != model.entail([("tea rain", "tea")])[0]


@pytest.mark.parametrize(
    "labels", [{0: "entailment", 1: "neutral", 2: "contradiction"}, {0: "entailment", 1: "contradiction", 2: "neutral"}]
)
def test_permuted_labels_are_refused_with_what_the_model_answered(
    labels: dict[int, str], folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(
        ModelError, match=r"did not prove itself: to 'Iron\. .*' it answers .*, not supported; .*id2label"
    ):
        load(f"hf:{relabel(folder, tmp_path / 'wrong', labels)}")


def test_labels_without_names_are_refused_with_what_to_write(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"does not name its labels \(0: LABEL_0.*id2label of its config\.json, as in"):
        load(f"hf:{relabel(folder, tmp_path / 'nameless', None)}")


def test_labels_of_fact_verification_are_known(folder: Path, tmp_path: Path) -> None:
    named = relabel(folder, tmp_path / "fever", {0: "REFUTES", 1: "SUPPORTS", 2: "NOT ENOUGH INFO"})
    found = load(f"hf:{named}")
    assert isinstance(found, PairClassifier)
    assert found.describe()["labels"] == "SUPPORTS, REFUTES, NOT ENOUGH INFO"


def test_label_names_are_taken_in_any_order_and_spelling() -> None:
    assert label_order({0: "CONTRADICTION", 1: "Neutral", 2: "entailment"}, "m") == [2, 0, 1]
    assert label_order({2: "not_enough_info", 0: "supports", 1: "refutes"}, "m") == [0, 1, 2]
    with pytest.raises(ModelError, match="2 labels"):
        label_order({0: "entailment", 1: "contradiction"}, "m")
    for wrong in ({0: "entailment", 1: "not_entailment"}, {0: "entailment", 1: "entails", 2: "neutral"}):
        with pytest.raises(ModelError, match="say nothing of entailment, or one twice"):
            label_order(wrong, "m")


def test_a_model_that_reads_its_padding_is_refused(folder: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from knowreason.models.huggingface import Opened

    class Careless(AutoModelForSequenceClassification.from_pretrained(folder).__class__):  # type: ignore[misc]
        def forward(self, *, input_ids, attention_mask, token_type_ids=None):  # type: ignore[no-untyped-def]
            return super().forward(input_ids=input_ids, token_type_ids=token_type_ids)

    model = Careless.from_pretrained(folder).eval()
    with pytest.raises(ModelError, match=r"a probability changes by .* beside other pairs"):
        PairClassifier(Opened(model, AutoTokenizer.from_pretrained(folder), "hf:careless", "", folder))


def test_a_checkpoint_of_another_kind_is_refused_by_its_name(folder: Path, tmp_path: Path) -> None:
    other = relabel(folder, tmp_path / "other", LABELS)
    config = json.loads((other / "config.json").read_text())
    config["architectures"] = ["BertForMaskedLM"]
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="holds a BertForMaskedLM, which has no use here: give a causal"):
        load(f"hf:{other}")


def test_the_doctor_shows_the_three_pairs(folder: Path) -> None:
    shown = CliRunner().invoke(app, ["doctor", f"hf:{folder}"])
    assert shown.exit_code == 0, shown.output
    assert "ok    proved itself when it was opened: three fixed pairs are right (probabilities" in shown.stdout
    assert "ok    a claim that the passage contradicts is refuted" in shown.stdout
    assert "ok    a verdict does not depend on its batch" in shown.stdout
    assert CliRunner().invoke(app, ["doctor", f"hf:{folder}", "--use", "scorer"]).exit_code == 1


def _task(folder: Path, example_dir: Path, out: Path, workers: int) -> Audit:
    sources, notes = (Source(str(example_dir / "traces.jsonl")),), (example_dir / "notes.jsonl",)
    return Audit(sources=sources, knowledge=notes, out=out, verifier=f"hf:{folder}", limit=12, workers=workers)


def _shortened(folder: Path, copy: Path) -> Path:
    """The same model where it reads 64 tokens: some passages are longer."""
    relabel(folder, copy, LABELS)
    config = json.loads((copy / "tokenizer_config.json").read_text())
    (copy / "tokenizer_config.json").write_text(json.dumps({**config, "model_max_length": 64}))
    return copy


def test_an_audit_with_an_nli_checkpoint_verifies_every_claim_or_says_why(
    folder: Path, example_dir: Path, tmp_path: Path
) -> None:
    short = _shortened(folder, tmp_path / "nli")
    run = audit(_task(short, example_dir, tmp_path / "a", workers=1))
    claims = pl.read_parquet(run / "claims.parquet")
    assert claims.height > 20
    assert claims.filter(pl.col("verdict").is_null() == pl.col("unscored").is_null()).height == 0
    assert claims.filter(pl.col("unscored") == "context_too_long").height > 0
    assert claims.filter(pl.col("confidence").is_not_null())["confidence"].is_between(0, 1).all()
    manifest = json.loads((run / "manifest.json").read_text())
    verifier = manifest["models"]["verifier"]
    assert {"sha256", "dtype", "device", "labels"} <= set(verifier)
    assert manifest["thresholds"] == {"supported": 0.5, "refuted": 0.5}
    assert str(folder) not in json.dumps(verifier)
    other = audit(_task(short, example_dir, tmp_path / "b", workers=3))
    for table in ("claims", "evidence", "scores"):
        assert (other / f"{table}.parquet").read_bytes() == (run / f"{table}.parquet").read_bytes()


def test_an_entailer_is_no_scorer(folder: Path, example_dir: Path, tmp_path: Path) -> None:
    sources = (Source(str(example_dir / "traces.jsonl")),)
    with pytest.raises(ModelError, match="can neither observe answers nor score"):
        audit(Audit(sources=sources, out=tmp_path / "run", scorer=f"hf:{folder}"))
