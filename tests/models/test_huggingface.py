"""`hf:FOLDER`: what is opened, what is refused, and a whole audit with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from made_causal import KINDS, save_model
from typer.testing import CliRunner

from knowreason.cli import app
from knowreason.errors import ModelError
from knowreason.models.load import load
from knowreason.models.protocols import Entailer, Observer, PrefixScorer
from knowreason.pipeline import audit
from knowreason.read import Source
from knowreason.task import Audit

pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_any_architecture_is_a_scorer(kind: str, tmp_path: Path) -> None:
    model = load(f"hf:{save_model(tmp_path / kind, kind)}")
    assert isinstance(model, PrefixScorer)
    assert not isinstance(model, Observer | Entailer)
    told = model.describe()
    assert told["id"] == f"hf:{kind}"
    assert len(told["sha256"]) == 64
    assert told["dtype"] in ("float32", "bfloat16")


def test_other_weights_and_other_tokenizers_have_another_hash(folder: Path, tmp_path: Path) -> None:
    first = load(f"hf:{folder}").describe()["sha256"]
    assert load(f"hf:{folder}").describe()["sha256"] == first
    other = save_model(tmp_path / "tiny", intermediate_size=64)
    assert load(f"hf:{other}").describe()["sha256"] != first
    plain = json.loads((folder / "tokenizer_config.json").read_text())
    changed = save_model(tmp_path / "changed")
    (changed / "tokenizer_config.json").write_text(json.dumps({**plain, "model_max_length": 99}))
    assert load(f"hf:{changed}").describe()["sha256"] != first


def test_what_cannot_be_opened_says_why(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ModelError, match=r"no config\.json"):
        load(f"hf:{empty}")
    pickled = save_model(tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"no weights in safetensors, only pytorch_model\.bin"):
        load(f"hf:{pickled}")
    broken = save_model(tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}")
    with pytest.raises(ModelError, match="cannot be opened as a causal language model"):
        load(f"hf:{broken}")
    with pytest.raises(ModelError, match="write hf:FOLDER or hf:ORG/NAME"):
        load(f"hf:{tmp_path}/none")
    with pytest.raises(ModelError, match="as in hf:"):
        load("hf:")


def test_a_model_that_lacks_weights_is_refused_and_not_filled_with_random_ones(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    partial = save_model(tmp_path / "partial")
    weights = load_file(partial / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, partial / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks weights of its model: model\.layers\.1\.mlp\.up_proj\.weight"):
        load(f"hf:{partial}")


def test_code_that_comes_with_a_model_is_not_run(tmp_path: Path) -> None:
    mine = save_model(tmp_path / "mine")
    config = json.loads((mine / "config.json").read_text())
    config["model_type"] = "mine"
    config["auto_map"] = {"AutoConfig": "mine.Config", "AutoModelForCausalLM": "mine.Model"}
    (mine / "config.json").write_text(json.dumps(config))
    (mine / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(ModelError, match="cannot be opened"):
        load(f"hf:{mine}")
    assert not (tmp_path / "ran").exists()


def test_the_doctor_says_that_a_causal_model_is_no_verifier(folder: Path) -> None:
    shown = CliRunner().invoke(app, ["doctor", f"hf:{folder}", "--use", "verifier"])
    assert shown.exit_code == 1
    assert "FAIL  it judges claims" in shown.output


def test_the_doctor_shows_the_proof(folder: Path) -> None:
    shown = CliRunner().invoke(app, ["doctor", f"hf:{folder}"])
    assert shown.stderr == ""
    assert "ok    proved itself when it was opened: two passes equal plain passes within" in shown.stdout
    assert "ok    every prefix at once equals one by one" in shown.stdout
    assert "likely continuation beats an unlikely one" in shown.stdout


@pytest.fixture(scope="module")
def run(folder: Path, example_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return audit(_task(folder, example_dir, tmp_path_factory.mktemp("audit") / "run", workers=1))


def _task(folder: Path, example_dir: Path, out: Path, workers: int) -> Audit:
    sources = (Source(str(example_dir / "traces.jsonl")),)
    return Audit(sources=sources, out=out, scorer=f"hf:{folder}", limit=24, workers=workers)


def test_an_audit_with_a_causal_model_measures_a_gain_whose_parts_sum(run: Path) -> None:
    scores = pl.read_parquet(run / "scores.parquet")
    scored = scores.filter(pl.col("gain_total").is_not_null() & pl.col("parts_unscored").is_null())
    assert scored.height > 5
    parts = scored.select(pl.sum_horizontal(f"gain_{p}" for p in ("informative", "mention", "commitment", "statement")))
    assert (parts.to_series() - scored["gain_total"]).abs().max() < 1e-9  # type: ignore[operator]
    instruments = json.loads((run / "summary.json").read_text())["instruments"]
    assert (instruments["scorers"], instruments["gain_means"]) == (["hf:tiny"], "gain")
    by_tokens = scores.filter(pl.col("answer_space") == "tokens")
    assert by_tokens.filter(pl.col("gain_total").is_not_null())["answer_tokens"].null_count() == 0
    assert scores.filter(pl.col("answer_space") == "options")["answer_tokens"].null_count() > 0


def test_workers_do_not_change_a_byte(run: Path, folder: Path, example_dir: Path, tmp_path: Path) -> None:
    other = audit(_task(folder, example_dir, tmp_path / "run", workers=3))
    for table in ("gains", "scores"):
        assert (other / f"{table}.parquet").read_bytes() == (run / f"{table}.parquet").read_bytes()


def test_the_manifest_names_weights_and_dtype_and_no_path(run: Path, folder: Path) -> None:
    scorer = json.loads((run / "manifest.json").read_text())["models"]["scorer"]
    assert scorer["id"] == "hf:tiny"
    assert {"sha256", "dtype", "device", "attention"} <= set(scorer)
    assert str(folder) not in json.dumps(scorer)


def _offline(cache: Path, name: str) -> subprocess.CompletedProcess[str]:
    """The doctor as a user calls it, where the hub cannot be reached."""
    environment = {**os.environ, "HF_HOME": str(cache), "HF_HUB_CACHE": str(cache / "hub"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "knowreason.cli", "doctor", f"hf:{name}"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_model_that_was_fetched_before_is_used_by_its_name(folder: Path, tmp_path: Path) -> None:
    stored = tmp_path / "hub" / "models--reed--tiny"
    shutil.copytree(folder, stored / "snapshots" / ("a" * 40))
    (stored / "refs").mkdir()
    (stored / "refs" / "main").write_text("a" * 40)
    assert "ok    loaded: hf:reed/tiny " in _offline(tmp_path, "reed/tiny").stdout


def test_a_model_that_cannot_be_fetched_is_one_clear_line(tmp_path: Path) -> None:
    done = _offline(tmp_path, "reed/none")
    assert done.returncode == 1
    assert done.stderr.startswith("knowreason: hf:reed/none: no such folder, and it could not be fetched: ")
    assert done.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("others") / "tiny", kind="gpt2")


def _several(folders: list[str], example_dir: Path, out: Path, workers: int) -> Audit:
    sources = (Source(str(example_dir / "traces.jsonl")),)
    first, *others = folders
    return Audit(
        sources=sources,
        out=out,
        scorer=first,
        more_scorers=tuple(others),
        where={"benchmark": ("example-medicine",)},
        limit=12,
        workers=workers,
    )


@pytest.fixture(scope="module")
def twice(folder: Path, second: Path, example_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    scorers = [f"hf:{folder}", f"hf:{second}", "builtin:"]
    return audit(_several(scorers, example_dir, tmp_path_factory.mktemp("several") / "run", workers=1))


def test_several_scorers_leave_the_first_ones_tables_alone_and_add_one(
    twice: Path, folder: Path, example_dir: Path, tmp_path: Path
) -> None:
    alone = audit(_several([f"hf:{folder}"], example_dir, tmp_path / "run", workers=1))
    same = pl.read_parquet(twice / "gains.parquet")
    assert same.equals(pl.read_parquet(alone / "gains.parquet"))
    assert pl.read_parquet(alone / "other_gains.parquet").height == 0
    others = pl.read_parquet(twice / "other_gains.parquet")
    assert others.group_by("scorer").len().height == 2
    assert others.select(pl.struct("trace_id", "step", "scorer").is_duplicated().any()).item() is False
    assert set(others["trace_id"]) == set(same["trace_id"])


def test_folders_of_one_name_are_told_apart_by_their_hash(twice: Path, folder: Path) -> None:
    models = json.loads((twice / "manifest.json").read_text())["models"]
    names = [models[use]["id"] for use in ("scorer", "scorer_2", "scorer_3")]
    assert [name.partition(" ")[0] for name in names[:2]] == ["hf:tiny", "hf:tiny"]
    assert len(set(names)) == 3
    assert names[0] == f"hf:tiny ({load(f'hf:{folder}').describe()['sha256'][:8]})"
    scored = pl.read_parquet(twice / "scores.parquet")["scorer"].unique().to_list()
    assert scored == names[:1]


def test_what_a_second_scorer_sees_is_what_it_sees_alone(
    twice: Path, second: Path, example_dir: Path, tmp_path: Path
) -> None:
    alone = pl.read_parquet(audit(_several([f"hf:{second}"], example_dir, tmp_path / "run", 1)) / "gains.parquet")
    name = json.loads((twice / "manifest.json").read_text())["models"]["scorer_2"]["id"]
    beside = pl.read_parquet(twice / "other_gains.parquet").filter(pl.col("scorer") == name)
    assert beside.select(alone.columns).equals(alone)


def test_an_audit_of_several_scorers_goes_on_after_a_stop_with_the_same_bytes(
    twice: Path, folder: Path, second: Path, example_dir: Path, tmp_path: Path
) -> None:
    task = _several([f"hf:{folder}", f"hf:{second}", "builtin:"], example_dir, tmp_path / "run", workers=2)

    class Stop(Exception):  # noqa: N818 - it stands for a kill
        pass

    def stop(stage: str, done: int, total: int | None) -> None:
        if stage == "audit" and done:
            raise Stop

    with pytest.raises(Stop):
        audit(task, stop)
    audit(task)
    for table in ("gains", "other_gains", "scores"):
        assert (task.out / f"{table}.parquet").read_bytes() == (twice / f"{table}.parquet").read_bytes()


def test_the_summary_says_how_far_scorers_agree_and_what_they_share(twice: Path) -> None:
    summary = json.loads((twice / "summary.json").read_text())
    pairs = [(found["compares"], found["traces"] + found["left_out"]) for found in summary["agreement"]]
    n = pl.read_parquet(twice / "scores.parquet").filter(pl.col("gain_unscored").is_null()).height
    assert sorted(pairs) == sorted([("gain with gain", n), ("commitment with gain", n), ("commitment with gain", n)])
    assert all(found["total"]["type"] == "unscored" for found in summary["agreement"])  # 4 questions: refused
    models = json.loads((twice / "manifest.json").read_text())["models"]
    assert {found["scorer"] for found in summary["others"]} == {models[use]["id"] for use in ("scorer_2", "scorer_3")}


def test_a_scorer_named_twice_is_refused(folder: Path, example_dir: Path, tmp_path: Path) -> None:
    traces = str(example_dir / "traces.jsonl")
    given = ["audit", traces, "--out", str(tmp_path / "run")]
    again = CliRunner().invoke(app, [*given, "--scorer", f"hf:{folder}", "--scorer", f"hf:{folder}"])
    assert "named twice" in str(again.exception)
    copy = tmp_path / "tiny"
    shutil.copytree(folder, copy)
    same = CliRunner().invoke(app, [*given, "--scorer", f"hf:{folder}", "--scorer", f"hf:{copy}"])
    assert "two scorers are the same model" in str(same.exception)
