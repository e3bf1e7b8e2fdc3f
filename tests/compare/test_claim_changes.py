"""Pruning or adding: the identity of the split, the matching of claims, and planted pruning and adding."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.compare import ClaimChange, claims_sentence, compare_runs
from knowreason.compare.claims import PARTS, Matched, Said, match, split
from knowreason.frame import Audited
from knowreason.models.scripted import Scripted
from knowreason.records import Interval, Unscored
from planted import answers, coins, write_run

VERDICTS = st.sampled_from(["supported", "refuted", "undecided"])
CLAIMS = st.lists(st.tuples(st.sampled_from("abcdefgh"), VERDICTS), max_size=10)


def index(claims: list[Said]) -> float | None:
    supported, refuted = (sum(c.verdict == label for c in claims) for label in ("supported", "refuted"))
    return supported / (supported + refuted) if supported + refuted else None


@given(CLAIMS, CLAIMS)
def test_the_parts_sum_to_the_change_of_the_index(one: list[tuple[str, str]], other: list[tuple[str, str]]) -> None:
    before, after = [Said(*c) for c in one], [Said(*c) for c in other]
    parts = split(match(before, after))
    first, second = index(before), index(after)
    if first is None or second is None:
        assert parts is None
        return
    assert parts is not None
    assert set(parts) == set(PARTS)
    assert sum(parts.values()) == pytest.approx(second - first, abs=1e-12)


@given(CLAIMS, CLAIMS)
def test_every_claim_is_kept_said_anew_or_said_no_more(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    before, after = [Said(*c) for c in one], [Said(*c) for c in other]
    matched = match(before, after)
    assert len(matched.kept) + len(matched.no_longer_said) == len(before)
    assert len(matched.kept) + len(matched.newly_said) == len(after)
    assert all(a.text == b.text for a, b in matched.kept)


@given(CLAIMS, CLAIMS)
def test_swapping_the_sides_turns_every_sign(one: list[tuple[str, str]], other: list[tuple[str, str]]) -> None:
    before, after = [Said(*c) for c in one], [Said(*c) for c in other]
    there, back = match(before, after), match(after, before)
    turned = Matched(there.no_longer_said, there.newly_said, tuple((b, a) for a, b in there.kept))
    parts, opposite = split(there), split(turned)
    if parts is not None and opposite is not None:
        for label in ("supported", "refuted"):
            assert opposite[f"{label}_newly_said"] == pytest.approx(-parts[f"{label}_no_longer_said"])
    assert len(back.kept) == len(there.kept)


def test_a_hand_calculation() -> None:
    before = [Said("bats fly", "supported"), Said("bats lay eggs", "refuted")]
    after = [Said("The bats fly.", "supported"), Said("bats are mammals", "supported"), Said("owls see", "refuted")]
    parts = split(match(before, after))
    assert parts is not None
    share, middle = (1 / 2 + 2 / 3) / 2, 2.5
    assert parts["supported_newly_said"] == pytest.approx((1 - share) / middle)
    assert parts["refuted_no_longer_said"] == pytest.approx(share / middle)
    assert parts["refuted_newly_said"] == pytest.approx(-share / middle)
    assert parts["supported_rejudged"] == 0


def test_a_fact_in_other_words_is_the_same_fact_where_each_entails_the_other() -> None:
    same = {"bats can fly", "bats are able to fly"}
    told = Scripted(entail=lambda a, b: (0.9, 0.0, 0.1) if {a, b} == same else (0.8 if a < b else 0.1, 0.0, 0.2))
    before = [Said("bats can fly", "supported"), Said("owls hunt", "supported")]
    after = [Said("bats are able to fly", "refuted"), Said("owls hunt mice", "supported")]
    matched = match(before, after, told)
    assert matched.kept == ((before[0], after[0]),)
    assert matched.newly_said == (after[1],)
    assert match(before, after).kept == ()


def test_only_pairs_that_could_matter_are_asked() -> None:
    asked: list[tuple[str, str]] = []

    def entail(premise: str, hypothesis: str) -> tuple[float, float, float]:
        asked.append((premise, hypothesis))
        return (0.0, 0.0, 1.0)

    before = [Said("bats can fly", "supported"), Said("owls hunt", "undecided")]
    after = [Said("bats lay eggs", "undecided"), Said("owls hunt mice", "undecided"), Said("it is dark", "refuted")]
    match(before, after, Scripted(entail=entail))
    assert asked == [("bats can fly", "bats lay eggs"), ("bats lay eggs", "bats can fly")]


@pytest.mark.parametrize("word", ["5", "5.2", "not"])
def test_a_number_or_a_negation_makes_another_claim(word: str) -> None:
    assert match([Said("bats sleep hours", "supported")], [Said(f"bats sleep {word} hours", "supported")]).kept == ()


def planted(folder: Path, before: tuple[str, ...], after: tuple[str, ...], count: int = 60) -> ClaimChange | Unscored:
    """Every second question has what is told; the others the baseline's on both sides."""
    verdicts = [after if n % 2 else before for n in range(count)]
    owl = answers(coins(0, count, 0.4), "owl", verdicts=before)
    eagle = answers(coins(1, count, 0.6), "eagle", lineage="owl", verdicts=verdicts)
    return compare_runs([write_run(folder, owl + eagle)], baseline="owl", draws=300).contrasts[0].claims


def test_planted_pruning_is_called_pruning(tmp_path: Path) -> None:
    found = planted(tmp_path, ("supported", "refuted"), ("supported",))
    assert isinstance(found, ClaimChange)
    assert found.outcome == "prunes"
    assert isinstance(found.total, Interval)
    assert found.total.estimate == pytest.approx(0.25)
    assert found.counts == {"refuted_kept": 30, "refuted_no_longer_said": 30, "supported_kept": 60}
    assert "no longer said" in claims_sentence(found)


def test_planted_adding_is_called_adding(tmp_path: Path) -> None:
    found = planted(tmp_path, ("refuted",), ("refuted", "supported"))
    assert isinstance(found, ClaimChange)
    assert found.outcome == "adds"
    assert "newly said" in claims_sentence(found)


def test_a_claim_judged_otherwise_is_neither(tmp_path: Path) -> None:
    found = planted(tmp_path, ("supported", "refuted"), ("supported", "supported"))
    assert isinstance(found, ClaimChange)
    assert found.outcome == "not_enough_evidence"
    rejudged = [found.parts[part] for part in PARTS if part.endswith("rejudged")]
    assert all(isinstance(part, Interval) and part.lower > 0 for part in rejudged)


def test_parts_of_a_benchmark_sum_to_its_change(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.array(["supported", "refuted", "not_enough_info"])
    told = [[tuple(rng.choice(labels, rng.integers(1, 4))) for _ in range(70)] for _ in range(2)]
    audited = [
        one
        for model, said in zip(("owl", "eagle"), told, strict=True)
        for one in answers(coins(0, 70, 0.5), model, verdicts=said)
    ]
    found = compare_runs([write_run(tmp_path, audited)], baseline="owl", draws=300).contrasts[0].claims
    assert isinstance(found, ClaimChange)
    assert isinstance(found.total, Interval)
    parts = sum(part.estimate for part in found.parts.values() if isinstance(part, Interval))
    assert parts == pytest.approx(found.total.estimate)
    assert found.questions + found.pairs_without_decided == 70


@pytest.mark.parametrize(
    ("verdicts", "reason"), [(("no_corpus",), "no_corpus"), (("not_enough_info",), "nothing_scored")]
)
def test_no_decided_claims_are_a_reason(verdicts: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    found = planted(tmp_path, verdicts, verdicts)
    assert isinstance(found, Unscored)
    assert found.reason in (reason, "no_decided_claim")


def reworded(row: Audited, text: str) -> Audited:
    """The same audited trace, its claim in other words."""
    return row._replace(claims=tuple(msgspec.structs.replace(claim, normalised=text) for claim in row.claims))


def sampled(
    folder: Path, before: dict[str, float], after: dict[str, float], *, tries: int = 6, count: int = 40
) -> ClaimChange:
    """Each try of a question says one of some claims, as often as told; "true …" is supported, "false …" refuted.

    A claim is a question's own, so that no other question's tries can have said it.
    """
    rng = np.random.default_rng(7)
    audited = []
    for model, shares in (("owl", before), ("eagle", after)):
        for sample in range(tries):
            said = [str(rng.choice(list(shares), p=list(shares.values()))) for _ in range(count)]
            rows = answers(
                coins(0, count, 0.5),
                model,
                sample=sample,
                verdicts=[("supported",) if claim.startswith("true") else ("refuted",) for claim in said],
            )
            audited += [reworded(row, f"{claim} of {n}") for n, (row, claim) in enumerate(zip(rows, said, strict=True))]
    found = compare_runs([write_run(folder, audited)], baseline="owl", draws=300).contrasts[0].claims
    assert isinstance(found, ClaimChange)
    return found


def test_a_claim_that_is_only_said_more_often_was_not_learned(tmp_path: Path) -> None:
    found = sampled(tmp_path, {"true one": 0.5, "false other": 0.5}, {"true one": 0.95, "false other": 0.05})
    assert found.samples == 6
    assert found.outcome == "prunes"
    assert isinstance(found.learned, Interval)
    assert found.learned.estimate < 0.1
    assert isinstance(found.dropped, Interval)
    assert found.dropped.lower > 0.2


def test_a_claim_that_no_try_of_the_baseline_says_was_learned(tmp_path: Path) -> None:
    found = sampled(tmp_path, {"true one": 0.5, "false other": 0.5}, {"true one": 0.5, "true other": 0.5})
    assert found.outcome == "adds"
    assert isinstance(found.learned, Interval)
    assert found.learned.estimate == pytest.approx(0.5, abs=0.1)
    assert isinstance(found.dropped, Interval)
    assert found.dropped.lower < 0.05
    assert "never states" in claims_sentence(found)


def test_with_few_tries_what_was_learned_cannot_be_told(tmp_path: Path) -> None:
    shares = {"true one": 0.5, "false other": 0.5}
    found = sampled(tmp_path, shares, {"true one": 0.95, "false other": 0.05}, tries=2)
    assert found.learned == Unscored(reason="too_few_samples")
    assert found.outcome == "prunes_and_adds"
    assert "cannot be told" in claims_sentence(found)


def test_a_model_that_says_the_same_neither_prunes_nor_adds(tmp_path: Path) -> None:
    shares = {"true one": 0.4, "true two": 0.3, "false other": 0.3}
    assert sampled(tmp_path, shares, shares).outcome == "not_enough_evidence"
