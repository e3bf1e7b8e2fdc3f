"""The observational arm: planted worlds are told apart, and everything that must be refused is."""

from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.outliers_influence import variance_inflation_factor
from worlds import observed, write_run

from knowreason.diagnose import Diagnosis, Observation, diagnose_runs
from knowreason.diagnose.error import Rates, error_variances, reliability
from knowreason.diagnose.figures import design_of, pooled_design
from knowreason.diagnose.observation import agree
from knowreason.diagnose.published import published_of
from knowreason.diagnose.whole import as_text, write_diagnosis
from knowreason.frame import Audited, read_runs
from knowreason.records import Interval, Unscored
from knowreason.stats import logistic
from made_records import make_audited

PERFECT = {"knowledge": 1.0}


def seen(folder: Path, audited: list[Audited], **told: object) -> Observation:
    found = diagnose_runs([write_run(folder, audited)], draws=500, **told)  # type: ignore[arg-type]
    assert len(found.needs) == 1
    return found.needs[0].observation


def test_right_answers_that_go_with_facts_are_told_from_those_that_go_with_reasoning(tmp_path: Path) -> None:
    facts = seen(tmp_path / "a", observed(1, knowledge=1.2, reasoning=0.0), reliabilities={"knowledge": 0.99})
    assert facts.conclusion.outcome == "knowledge_bound", facts.conclusion.sentence
    gains = seen(tmp_path / "b", observed(2, knowledge=0.0, reasoning=1.5), reliabilities={"knowledge": 0.99})
    assert gains.conclusion.outcome == "reasoning_bound", gains.conclusion.sentence
    neither = seen(tmp_path / "c", observed(3, knowledge=0.0, reasoning=0.0))
    assert neither.conclusion.outcome == "not_separable"
    assert neither.conclusion.questions_needed is not None


def test_that_reasoning_explains_more_shows_nothing_while_the_error_of_the_facts_is_unknown(tmp_path: Path) -> None:
    found = seen(tmp_path, observed(2, knowledge=0.0, reasoning=1.5))
    assert found.conclusion.outcome == "not_separable"
    assert "--reliability knowledge=SHARE" in found.conclusion.sentence
    assert not next(a for a in found.conclusion.assumptions if a.name == "error_known").held


def test_the_coefficients_are_those_of_a_regression_by_hand(tmp_path: Path) -> None:
    found = seen(tmp_path, observed(4, knowledge=0.8, reasoning=0.8))
    rows = read_runs([tmp_path])
    supported, refuted = rows["supported_before"].fill_null(0), rows["refuted_before"].fill_null(0)
    columns = np.column_stack([supported / (supported + refuted), rows["gain_informative"], np.log(rows["tokens"])])
    z = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    ours = logistic((rows["grade"] == "correct").to_numpy(), z, rows["question_key"].to_numpy())
    assert not isinstance(ours, Unscored)
    told = [found.parts[name].coefficient.estimate for name in ("knowledge", "reasoning", "length")]
    assert told == pytest.approx(ours.coefficients[1:].tolist())
    factors = [variance_inflation_factor(np.column_stack([np.ones(len(z)), z]), at) for at in (1, 2, 3)]
    assert [found.parts[n].inflation for n in ("knowledge", "reasoning", "length")] == pytest.approx(factors)


def test_shares_sum_to_one_where_anything_is_explained(tmp_path: Path) -> None:
    found = seen(tmp_path, observed(5, knowledge=1.0, reasoning=1.0))
    shares = [part.share for part in found.parts.values()]
    assert all(isinstance(one, Interval) for one in shares)
    assert sum(one.estimate for one in shares if isinstance(one, Interval)) == pytest.approx(1)


def test_mention_commitment_and_statement_change_nothing(tmp_path: Path) -> None:
    plain = observed(6, knowledge=0.5, reasoning=0.5)
    moved = []
    for one in plain:
        gains = one.gain.outcome
        assert not isinstance(gains, Unscored)
        start, after = gains[0].surprisal, gains[1].surprisal
        right = one.grade.outcome == "correct"
        later = (start, after, after - 0.3 * right, after - 0.9 * right, after - 1.1 * right)
        moved.append(
            make_audited(
                int(one.trace.question_id[1:]),
                verdicts=[v.outcome.label for v in one.verifications],  # type: ignore[union-attr]
                grade=str(one.grade.outcome),
                surprisals=later,
                sentences=[step.text for step in one.steps],
                trace_id=one.trace.trace_id,
            )
        )
    first, second = seen(tmp_path / "a", plain), seen(tmp_path / "b", moved)
    assert first.parts == second.parts
    assert first.conclusion == second.conclusion
    used, end = second.circularity["gain_used"], second.circularity["surprisal_at_the_end"]
    assert isinstance(used, Interval)
    assert isinstance(end, Interval)
    assert end.estimate > used.estimate  # the rest of the gain knows whether the answer is right


def test_a_verdict_that_the_undecided_claims_could_overturn_does_not_stand(tmp_path: Path) -> None:
    audited = observed(7, knowledge=1.5, reasoning=0.0)
    blurred = []
    for number, one in enumerate(audited):
        labels = [v.outcome.label for v in one.verifications]  # type: ignore[union-attr]
        # claims that were left open: one of each kind, wherever the answer is wrong
        more = ["not_enough_info"] * (2 if one.grade.outcome != "correct" and labels[0] == "refuted" else 0)
        blurred.append(
            make_audited(
                number,
                verdicts=[*labels, *more][:4],
                grade=str(one.grade.outcome),
                surprisals=(2.0, 1.5 - 0.001 * number, 1.5 - 0.001 * number, 1.2, 1.0),
                sentences=[step.text for step in one.steps],
                trace_id=one.trace.trace_id,
            )
        )
    found = seen(tmp_path, blurred)
    assert set(found.at_bounds) == {"lower", "upper"}
    if found.conclusion.outcome == "knowledge_bound":
        assert all(isinstance(bound, Interval) and bound.lower > 0 for bound in found.at_bounds.values())
    else:
        assert found.conclusion.outcome == "not_separable"


def test_an_instrument_that_is_mostly_error_separates_nothing(tmp_path: Path) -> None:
    found = seen(tmp_path, observed(1, knowledge=1.2, reasoning=0.0), reliabilities={"knowledge": 0.2})
    assert found.conclusion.outcome == "not_separable"
    assert found.without_error == Unscored(reason="instrument_too_noisy")
    assert "Instrument too noisy: 80% of the variance" in found.conclusion.sentence


def test_known_rates_of_the_verifier_say_how_reliable_its_index_is(tmp_path: Path) -> None:
    labelled = [
        {"claims": "made", "true": 90, "false": 90, "auroc": 0.9, "true_called_supported": 0.9}
        | {"true_called_refuted": 0.1, "false_called_refuted": 0.8, "false_called_supported": 0.2}
    ]
    run = write_run(tmp_path, observed(1, knowledge=1.2, reasoning=0.0), {"reliability": labelled})
    found = diagnose_runs([run], draws=300).needs[0].observation
    reliable = found.reliability["knowledge"]
    assert reliable is not None
    assert 0.3 < reliable < 0.95
    assert isinstance(found.without_error, Interval)
    assert isinstance(found.difference, Interval)
    assert found.without_error.estimate > found.difference.estimate  # error hid what the facts explain


def test_the_variance_of_an_index_is_that_of_simulated_verdicts() -> None:
    rng = np.random.default_rng(0)
    decided = np.full(4000, 5.0)
    true = rng.binomial(5, 0.7, 4000)
    supported = rng.binomial(true, 0.9) + rng.binomial(5 - true, 0.2)
    variance = error_variances(["r"] * 4000, supported.astype(float), decided, {"r": Rates(0.9, 0.2)})
    assert variance is not None
    expected = 0.2 + 0.7 * true / 5
    assert variance.mean() == pytest.approx(np.var(supported / 5 - expected), rel=0.08)
    index = supported / 5
    truth = np.corrcoef(index, true)[0, 1] ** 2
    assert reliability(index, variance) == pytest.approx(truth, abs=0.05)
    assert error_variances(["r"], np.ones(1), np.ones(1), {"r": None}) is None


@pytest.mark.parametrize(
    ("changes", "reasons", "act"),
    [
        ({"scorer": "builtin:"}, ["observer_reads_commitment_only"], "causal language model as --scorer"),
        ({"verdicts": ("no_corpus",)}, ["no_corpus"], "--knowledge CORPUS"),
        (
            {"scorer": "builtin:", "verdicts": ("no_corpus",)},
            ["observer_reads_commitment_only", "no_corpus"],
            "--knowledge CORPUS",
        ),
        ({"verdicts": ("not_enough_info",)}, ["too_few_facts"], "a corpus of the subject"),
        ({"condition": "direct"}, ["no_cot"], "--set condition=cot"),
        ({"grade": "needs_judge"}, ["needs_judge"], "need a judge"),
        ({"grade": "correct"}, ["one_class"], "of which some are answered right"),
        ({"grade": "incorrect"}, ["one_class"], "of which some are answered right"),
        ({"verdicts": ("supported",)}, ["constant"], "the KI before commitment does not vary"),
    ],
)
def test_what_cannot_be_observed_is_refused_with_the_next_act(
    changes: dict[str, object], reasons: list[str], act: str, tmp_path: Path
) -> None:
    told = []
    for number in range(60):
        gain = 0.01 * number
        fields: dict[str, object] = {"grade": ("correct", "incorrect")[number % 2]}
        fields |= {
            "surprisals": (2.0, 2.0 - gain, 1.9 - gain, 1.5 - gain, 1.2),
            "verdicts": (("supported",), ("refuted",))[number % 3 == 0],
        }
        words = "so " * (1 + number % 7)
        fields |= {"sentences": (f"Bats are mammals {words}. ", "Bats lay eggs. ", "So a bat. ", "The answer is (B).")}
        told.append(make_audited(number, **{**fields, **changes}))  # type: ignore[arg-type]
    found = seen(tmp_path, told)
    assert found.conclusion.outcome == "cannot_be_judged"
    assert [one.reason for one in found.refusals] == reasons
    assert act in found.conclusion.sentence
    assert found.parts == {}
    assert isinstance(found.difference, Unscored)


@pytest.mark.parametrize("count", [5, 19])
def test_fewer_than_twenty_questions_are_no_observation(count: int, tmp_path: Path) -> None:
    found = seen(tmp_path, observed(1, knowledge=1.0, reasoning=0.0, count=count))
    assert found.conclusion.outcome == "cannot_be_judged"
    assert found.parts == {}


def test_perfectly_separated_answers_are_refused(tmp_path: Path) -> None:
    found = seen(tmp_path, observed(1, knowledge=0.0, reasoning=4000.0))
    assert [one.reason for one in found.refusals] == ["separated"]
    assert "more questions are needed" in found.conclusion.sentence


def test_models_that_agree_are_taken_together_and_others_are_not(tmp_path: Path) -> None:
    alike = [
        *observed(1, knowledge=1.2, reasoning=0.0, model="owl"),
        *observed(2, knowledge=1.2, reasoning=0.0, model="eagle"),
    ]
    found = diagnose_runs([write_run(tmp_path / "a", alike)], draws=300)
    assert [(one.subject.model, one.models) for one in found.pooled] == [("all models", 2)]
    assert found.pooled[0].observation.traces == 480
    assert found.pooled[0].observation.questions == 240
    apart = [
        *observed(1, knowledge=1.5, reasoning=0.0, model="owl"),
        *observed(2, knowledge=-1.5, reasoning=1.5, model="eagle"),
    ]
    other = diagnose_runs([write_run(tmp_path / "b", apart)], draws=300)
    assert other.pooled == ()
    assert other.disagreeing == ("animals",)


def test_opposite_verdicts_never_agree() -> None:
    assert not agree([], ["knowledge_bound", "reasoning_bound"])


def test_the_questions_easy_before_reasoning_are_looked_at_apart(tmp_path: Path) -> None:
    found = seen(tmp_path, observed(9, knowledge=0.8, reasoning=0.8))
    assert found.strata  # one surprisal before reasoning for all: one stratum holds them all
    assert sum(one.questions for one in found.strata) == 240


def test_the_published_argument_counts_all_orders_of_four_models(tmp_path: Path) -> None:
    audited = [
        one
        for number, name in enumerate(("owl", "eagle", "hawk", "kite"))
        for one in observed(number, knowledge=0.5, reasoning=0.5, count=40, model=name)
    ]
    (one,) = published_of(read_runs([write_run(tmp_path, audited)]))
    assert one.models == 4
    assert not isinstance(one.knowledge, Unscored)
    assert one.knowledge.exact
    assert one.knowledge.p * 24 == pytest.approx(round(one.knowledge.p * 24))
    assert one.says in ("knowledge_bound", "reasoning_bound")


def test_one_model_has_no_correlation(tmp_path: Path) -> None:
    (one,) = published_of(read_runs([write_run(tmp_path, observed(1, knowledge=0, reasoning=0, count=30))]))
    assert one.says is None
    assert isinstance(one.knowledge, Unscored)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", observed(1, knowledge=0.5, reasoning=0.5, count=60))
    told: list[Diagnosis] = [diagnose_runs([run], draws=300, seed=5) for _ in range(2)]
    assert as_text(told[0]) == as_text(told[1])
    assert write_diagnosis(told[0], tmp_path / "d.json").read_text("utf-8") == as_text(told[1])


def test_pooled_columns_are_in_standard_deviations_of_their_own_model(tmp_path: Path) -> None:
    from knowreason.diagnose.columns import Columns, columns_of

    runs = [
        write_run(tmp_path / name, observed(n, knowledge=0.5, reasoning=0.5, count=50, model=name))
        for n, name in enumerate(("owl", "kite"))
    ]
    columns = [columns_of(read_runs([run]), {}) for run in runs]
    assert all(isinstance(one, Columns) for one in columns)
    design = pooled_design([design_of(one) for one in columns if isinstance(one, Columns)])
    for column in design.columns.values():
        assert column[:50].mean() == pytest.approx(0, abs=1e-12)
        assert column[50:].std() == pytest.approx(1)
    assert design.base.sum() == 50
