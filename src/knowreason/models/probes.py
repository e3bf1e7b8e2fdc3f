"""Fixed questions with known answers: what a model must get right before it is trusted."""

from __future__ import annotations

PASSAGE = "Iron. Vitamin C, taken with a meal, raises the share of plant iron that the gut absorbs."
CLAIMS = (
    ("Vitamin C raises the absorption of plant iron.", 0, "a claim that the passage states is supported"),
    ("Vitamin C lowers the absorption of plant iron.", 1, "a claim that the passage contradicts is refuted"),
    ("The femur is the longest bone of the body.", 2, "a claim about something else is left open"),
)
"""A claim, the place of its answer among (supported, refuted, not enough information), and the probe in words."""

STATEMENTS = (
    (
        "The heart has four chambers.",
        "There are four chambers in the heart.",
        "The heart pumps blood through the body.",
    ),
    (
        "Insulin lowers blood sugar.",
        "The sugar in the blood falls under insulin.",
        "Insulin is a hormone made by the pancreas.",
    ),
    (
        "Water boils at 100 degrees at sea level.",
        "At sea level, water boils at 100 degrees.",
        "Water expands as it freezes.",
    ),
    (
        "Aspirin keeps platelets from clumping together.",
        "Platelets clump together less under aspirin.",
        "Aspirin irritates the lining of the stomach.",
    ),
    (
        "The square of a negative number is positive.",
        "A negative number squared gives a positive number.",
        "Negative numbers have no real square root.",
    ),
    (
        "Light travels faster than sound.",
        "Sound is slower than light.",
        "Sound needs a medium to travel through.",
    ),
    (
        "A tenant must give notice before leaving.",
        "Before moving out, a tenant has to give notice.",
        "A tenant pays the rent at the start of the month.",
    ),
    (
        "Yeast turns sugar into alcohol and carbon dioxide.",
        "Sugar is changed by yeast into alcohol and carbon dioxide.",
        "Yeast is a single-celled fungus.",
    ),
    (
        "Copper is a good conductor of electricity.",
        "Electricity flows well through copper.",
        "Copper turns green in moist air.",
    ),
    (
        "The treaty was signed in Vienna.",
        "Vienna is where the treaty was signed.",
        "The treaty ended a war of ten years.",
    ),
)
"""A statement, the same fact in other words, and another fact about the same thing."""
