"""Claims: general facts as spans, told apart from everything else, and worded so that they stand alone."""

from __future__ import annotations

import time

import pytest
from taken_apart import CASE, HORMONES, PLAIN, PROBLEM, claimed, take_apart


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("However, insulin lowers blood glucose.", ["insulin lowers blood glucose"]),
        ("- Insulin lowers blood glucose.", ["Insulin lowers blood glucose"]),
        ("Step 2: Insulin lowers blood glucose.", ["Insulin lowers blood glucose"]),
        ("I think insulin lowers blood glucose.", ["insulin lowers blood glucose"]),
        ("Recall that **insulin** lowers blood glucose.", ["insulin lowers blood glucose"]),
        ("It is known that insulin lowers blood glucose.", ["insulin lowers blood glucose"]),
        ("**Aldosterone**: retains sodium in the kidney.", ["Aldosterone retains sodium in the kidney"]),
        ("- Insulin: lowers blood glucose", ["Insulin lowers blood glucose"]),
        ("1. Glucagon - raises blood sugar.", ["Glucagon raises blood sugar"]),
        ("The value $K_m$ measures the affinity of an enzyme.", ["The value K_m measures the affinity of an enzyme"]),
        (
            "Aldosterone raises sodium, while cortisol lowers calcium uptake.",
            ["Aldosterone raises sodium", "cortisol lowers calcium uptake"],
        ),
        (
            "Insulin lowers glucose, and glucagon raises it by breaking down glycogen.",
            ["Insulin lowers glucose", "glucagon raises it by breaking down glycogen"],
        ),
        ("In hypothyroidism, thyrotropin is raised.", ["In hypothyroidism, thyrotropin is raised"]),
        ("If the islets fail, glucose rises.", ["If the islets fail, glucose rises"]),
        ("Insulin lowers glucose and stores it as glycogen.", ["Insulin lowers glucose and stores it as glycogen"]),
        (
            "The liver stores fat, glycogen and several vitamins.",
            ["The liver stores fat, glycogen and several vitamins"],
        ),
        ("WAS is caused by a mutation of one gene.", ["WAS is caused by a mutation of one gene"]),
    ],
)
def test_claims_are_worded_without_lead_ins_and_cut_at_clauses(text, claims):
    assert claimed(text) == claims


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("Insulin is a hormone of the islets. It lowers glucose.", "Insulin lowers glucose"),
        ("Insulin is a hormone of the islets. This hormone lowers glucose.", "Insulin lowers glucose"),
        ("Insulin is a hormone of the islets. Its half-life is a few minutes.", "Insulin's half-life is a few minutes"),
        ("Beta cells sit in the islets. They release insulin.", "Beta cells release insulin"),
        ("Beta cells sit in the islets. These cells release insulin.", "Beta cells release insulin"),
        ("Beta cells sit in the islets. Their granules hold zinc.", "Beta cells' granules hold zinc"),
        (
            "Diabetes is a lack of insulin, and ketone bodies accumulate. It damages small vessels.",
            "Diabetes damages small vessels",
        ),
        ("### Cortisol\nIt rises in the early morning.", "Cortisol rises in the early morning"),
        ("Insulin binds a receptor. This decrease in sugar is rapid.", "This decrease in sugar is rapid"),
        ("Insulin is excluded because it lowers glucose.", "Insulin lowers glucose"),
    ],
)
def test_a_pronoun_at_the_start_is_replaced_by_what_it_stands_for(text, last):
    assert claimed(text)[-1] == last


@pytest.mark.parametrize(
    "text",
    [
        "Insulin is a hormone of the islets. They release it after a meal.",
        "Beta cells sit in the islets. It lowers blood glucose.",
        "Insulin is a hormone of the islets. Both lower blood glucose slowly.",
    ],
)
def test_a_pronoun_stands_for_nothing_of_another_number(text):
    assert not any(
        claim.startswith(("Insulin release", "Insulin lower", "Beta cells lower")) for claim in claimed(text)
    )


def test_a_pronoun_that_stands_for_nothing_leaves_no_claim():
    assert claimed("Beta cells sit in the islets. It lowers blood glucose.") == ["Beta cells sit in the islets"]


def test_a_process_is_not_called_by_the_subject_that_undergoes_it():
    assert claimed("Islets release insulin by exocytosis. This process is called secretion.")[-1] == (
        "This process is called secretion"
    )


@pytest.mark.parametrize(
    "claim",
    [
        "The rule states that allele and genotype shares will remain constant over time",
        "The pumps in the outer membrane and the inner membrane are used to store energy",
        "A cleft is due to a failed fusion of the palatine and secondary nasal processes",
        "The sodium:potassium ratio is raised by aldosterone",
    ],
)
def test_a_claim_is_not_cut_inside_its_subject_or_object(claim):
    assert claimed(claim + ".") == [claim]


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("Glucagon, on the other hand, raises blood glucose.", "Glucagon raises blood glucose"),
        ("Mitosis is a form of cell division. It keeps the count of genes.", "Mitosis keeps the count of genes"),
    ],
)
def test_asides_and_names_in_is_leave_the_wording_whole(text, claim):
    assert claimed(text)[-1] == claim


def test_a_pronoun_that_nothing_precedes_stands_for_the_subject_of_the_question():
    assert claimed("It lowers blood glucose.", "Which of these is true about insulin?") == [
        "insulin lowers blood glucose"
    ]


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("Option (B), insulin, lowers glucose.", ["insulin lowers glucose"]),
        ("(C) Growth hormone opposes insulin.", ["Growth hormone opposes insulin"]),
        ("Choice D: cortisol raises glucose.", ["cortisol raises glucose"]),
        ("Option A is wrong because it raises glucose.", ["Glucagon raises glucose"]),
    ],
)
def test_an_option_is_called_by_its_text(text, claims):
    assert claimed(text, options=HORMONES) == claims


@pytest.mark.parametrize(
    "text",
    [
        "The patient is 64 years old.",
        "This man has been thirsty for weeks.",
        "His glucose is very high.",
        "The examination shows dry skin.",
        "These symptoms suggest a metabolic disease.",
        "Does insulin lower glucose?",
        "Let's look at the hormones of the gland.",
        "We need to find the hormone that fails.",
        "I think I should start with the islets.",
        "Wait, insulin may be wrong.",
        "Maybe insulin is too low.",
        "So the answer is insulin.",
        "Option C is incorrect.",
        "The other options are not relevant to diabetes.",
        "Therefore, insulin is the most likely hormone.",
        "We refer to Wikipedia articles on endocrinology for help.",
        "This is a question about hormones.",
        "Identify the gland with the largest islets.",
        "It makes sense to begin with the islets.",
        "Step 3: Conclusion",
        "Dry skin, thirst, high glucose.",
        "胰岛素降低血糖。",
        "胰岛素 lowers 血糖 in most people.",
    ],
)
def test_what_is_no_general_fact_gives_no_claim(text):
    assert claimed(text, CASE, HORMONES) == []


@pytest.mark.parametrize(
    "text",
    [
        "14 * 12 = 168",
        "Nora has 168 eggs in all.",
        "So we have 142 eggs left.",
        "$168 - 26 = 142$",
        "Each box holds 12 eggs.",
        "Subtracting, this gives 142.",
        "The total number of eggs is the product of the two numbers 14 and 12.",
        "Let x be the number of eggs that break.",
    ],
)
def test_computations_and_facts_of_the_problem_give_no_claim(text):
    assert claimed(text, PROBLEM) == []


def test_rules_of_mathematics_are_claims_inside_a_problem():
    text = (
        "A dozen is a group of twelve things. Nora buys 14 boxes. The area of a circle is pi times its radius squared."
    )
    assert claimed(text, PROBLEM) == [
        "A dozen is a group of twelve things",
        "The area of a circle is pi times its radius squared",
    ]


def test_knowledge_in_a_relative_clause_of_a_case_fact_is_a_claim():
    text = "The patient has a duct stone, which is a cause of jaundice."
    assert claimed(text, CASE) == ["a duct stone is a cause of jaundice"]


def test_the_formal_statement_gives_no_claim_and_what_stands_before_it_does():
    found = take_apart(
        "Insulin lowers blood glucose. The answer is (B), because cortisol raises glucose.", PLAIN, HORMONES
    )
    assert [claim.text for claim in found.claims] == ["Insulin lowers blood glucose"]


def test_a_claim_told_again_in_the_same_words_counts_once():
    text = "Insulin lowers blood glucose. Glucagon raises blood glucose. Insulin lowers blood glucose."
    assert claimed(text) == ["Insulin lowers blood glucose", "Glucagon raises blood glucose"]


def test_cutting_a_text_off_after_a_claim_leaves_the_claims_before_it_unchanged():
    text = "Insulin lowers blood glucose. It is stored in granules. However, glucagon raises blood glucose. "
    whole = claimed(text)
    for end in range(len(text)):
        if text[:end].endswith(". "):
            assert claimed(text[:end]) == whole[: text[:end].count(". ")]


def test_claims_of_a_long_text_are_found_in_linear_time():
    sentence = "Hormone {0} lowers the level of sugar {0} in the blood of animals. "
    text = "".join(sentence.format(f"x{i}") for i in range(3000))
    began = time.perf_counter()
    assert len(take_apart(text).claims) == 3000
    assert time.perf_counter() - began < 30
