"""What the columns of the page say, in a sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from knowreason.report.words import part_words

_KNOWLEDGE = {
    "Right answers": "Traces whose stated answer is the right one; a trace without an answer counts as wrong.",
    "No answer": "Traces without an answer. The strict rule also counts those that state none formally, "
    "or several different ones.",
    "Claims that hold (Knowledge Index)": "Supported claims among those that the corpus supports or refutes. "
    "The bounds say what it could be if every undecided claim were refuted, or supported.",
    "Claims decided": "The share of all checkable claims that the corpus could support or refute.",
    "Hold, before committing": "The same index over claims made before the trace settles on its answer.",
    "Hold, on topic": "The same index over claims that share a word with the question or one of its options.",
    "Length": "Mean steps and tokens of a trace.",
    "Steps": "Mean steps of a trace.",
    "Tokens": "Mean tokens of a trace, counted by one tokenizer for all models.",
}
_SURPRISAL = {
    "Total": "How much less surprising the right answer is after the whole text than before it.",
    "Total gain": "How much less surprising the right answer is after the whole text than before it.",
    "Commitment to the gold answer": "How much further the text has settled on the right answer at its end than before "
    "it; negative where traces settle on a wrong one.",
    "Commits at": "Median place, as a share of the text, where the content of the answer is settled; and how many "
    "traces settle it before they state the answer formally.",
    "Misled mass": "The sum of all steps that moved away from the right answer, without the steps that moved towards "
    "it. Confident wrong: how much more sure the text became of some answer than of the right one.",
}
_PUBLISHED = {
    "KI as published": "The mean over all steps, with 1 for a step without a decided claim.",
    "InfoGain as published, perplexity per step": "The fall of the right answer's perplexity over the whole text, "
    "divided by the number of steps.",
}
_PARTS = {
    "informative": "The part of the total before any answer's content is named.",
    "mention": "The part where contents of answers are named or weighed, before one is settled.",
    "commitment": "The part where the content of the chosen answer is settled.",
    "statement": "The part where the answer is stated formally.",
}


def explained(headings: Iterable[str], gain_means: str) -> Iterator[tuple[str, str]]:
    """Each heading of the page's tables with its sentence."""
    parts = {word.capitalize(): _PARTS[part] for part, word in part_words(gain_means).items()}
    density = f"{part_words(gain_means)['informative'].capitalize()}, per 100 tokens"
    known = {
        **_KNOWLEDGE,
        **_SURPRISAL,
        **_PUBLISHED,
        **parts,
        density: "That part for 100 tokens before the formal statement.",
    }
    return ((heading, known[heading]) for heading in headings if heading in known)
