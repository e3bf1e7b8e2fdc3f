"""The reasoning domain: what is printed is read back, and the reader's distribution is carried through the chain."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.errors import InputError
from knowreason.lab.arithmetic import (
    Chain,
    ask_chain,
    draw_chain,
    is_true_step,
    operate,
    parse_question,
    parse_step,
    reason,
    result_posterior,
    say_step,
)
from knowreason.lab.world import Fact

CHAINS = st.builds(
    lambda depth, modulus, seed: draw_chain(depth, modulus, random.Random(seed)),
    st.integers(1, 12),
    st.integers(2, 20),
    st.integers(0, 10_000),
)


@given(CHAINS)
def test_a_chain_and_its_steps_are_read_back(chain: Chain) -> None:
    assert parse_question(ask_chain(chain)) == chain
    for step in chain.steps:
        assert parse_step(say_step(step)) == step
        assert is_true_step(step, chain.modulus) is True
    assert len(chain.steps) == len(chain.operations)


@given(CHAINS)
def test_each_step_goes_on_from_the_one_before(chain: Chain) -> None:
    at = chain.start
    for step, (name, number) in zip(chain.steps, chain.operations, strict=True):
        assert step.entity == f"{at} {name} {number}"
        at = operate(at, name, number, chain.modulus)
        assert step.value == str(at)
    assert chain.result == at


def test_a_chain_worked_out_by_hand() -> None:
    chain = Chain(3, (("plus", 4), ("times", 2), ("minus", 5)), 10)
    assert ask_chain(chain) == "Start with 3. Then plus 4, times 2, minus 5. What is left modulo 10?"
    assert [s.value for s in chain.steps] == ["7", "4", "9"]
    assert is_true_step(Fact("7 times 2", "gives", "5"), 10) is False
    assert is_true_step(Fact("belora", "marker", "tolin"), 10) is None


@given(CHAINS, st.integers(0, 1000))
def test_a_trace_without_slips_ends_in_the_result_and_a_slip_leads_on(chain: Chain, seed: int) -> None:
    sentences, result = reason(chain, random.Random(seed), corruption=0.0, filler=0.0)
    assert result == chain.result
    assert [parse_step(s) for s in sentences] == list(chain.steps)
    slipped, end = reason(chain, random.Random(seed), corruption=1.0, filler=0.0)
    facts = [parse_step(s) for s in slipped]
    assert all(f is not None and is_true_step(f, chain.modulus) is False for f in facts)
    assert facts[-1] is not None
    assert facts[-1].value == str(end)


@given(CHAINS, st.floats(0.3, 0.99), st.floats(0.55, 0.99))
def test_probabilities_sum_to_one_whatever_was_stated(chain: Chain, recall: float, trust: float) -> None:
    for stated in ([], chain.steps[:1], chain.steps):
        assert sum(result_posterior(chain, stated, recall=recall, trust=trust)) == pytest.approx(1)


def test_one_step_and_two_steps_as_worked_out_by_hand() -> None:
    # modulo 2, plus 1 and times 1 from 0: right with .8 each, and two slips meet again: .8*.8 + .2*.2 = .68
    chain = Chain(0, (("plus", 1), ("times", 1)), 2)
    assert result_posterior(chain, [], recall=0.8, trust=0.9) == pytest.approx([0.32, 0.68])
    # the first step is stated: .8*.9 / (.8*.9 + .2*.1) = .72 / .74
    known = 0.72 / 0.74
    stated = result_posterior(chain, chain.steps[:1], recall=0.8, trust=0.9)
    assert stated[1] == pytest.approx(known * 0.8 + (1 - known) * 0.2)


@given(CHAINS)
def test_who_computes_perfectly_gains_nothing_from_a_true_step(chain: Chain) -> None:
    before = result_posterior(chain, [], recall=1.0, trust=0.9)
    assert before[chain.result] == pytest.approx(1)
    assert result_posterior(chain, chain.steps, recall=1.0, trust=0.9) == pytest.approx(before)


def test_an_impossible_depth_is_refused_in_one_line() -> None:
    for depth in (0, 13):
        with pytest.raises(InputError, match=f"depth {depth}: choose 1 to 12"):
            draw_chain(depth, 10, random.Random(0))
