"""Prompts of conditions: what is asked, what is left out and counted, and that no prompt knows the answer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from knowreason.conditions import Fact, Wanted, Written, facts_of, gives_away, prompt_for, write_conditions
from knowreason.errors import InputError
from knowreason.read.questions import Asked, read_questions
from knowreason.records import ReadIssue
from knowreason.retrieve.knowledge import open_knowledge

QUESTIONS = [
    {
        "id": "bile",
        "question": "Which organ makes bile?",
        "options": {"A": "the spleen", "B": "the liver", "C": "the kidney"},
        "answer": "B",
        "facts": ["Hepatocytes secrete bile acids.", "Bile is made by the Liver!", "The spleen filters blood."],
        "plan": "Name the cells that secrete bile, then where they are.",
    },
    {"id": "gas", "question": "Which gas do leaves take in?", "options": ["oxygen", "carbon dioxide"], "answer": 1},
    {"id": "sum", "question": "What is 17 + 25?", "gold": "42", "plan": ["Add the tens.", "It is 42."]},
]


def questions(folder: Path, rows: list[dict[str, object]] = QUESTIONS) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def asked(folder: Path, rows: list[dict[str, object]] = QUESTIONS) -> list[Asked]:
    return [one for one in read_questions(questions(folder, rows)) if isinstance(one, Asked)]


def wanted(**changes: object) -> Wanted:
    told = {"benchmark": "organs", "domain": "medicine", "budgets": (64, 512), "leaks": "drop", "room": 900}
    return Wanted(**{**told, "formats": ("lm-eval", "inspect"), **changes})  # type: ignore[arg-type]


def write(folder: Path, **changes: object) -> Written:
    found = asked(folder)
    return write_conditions(found, facts_of(found, None, 5), wanted(**changes), folder / "out")


def prompts(folder: Path, condition: str) -> dict[str, str]:
    lines = (folder / "out" / "lm_eval" / f"organs_{condition}.jsonl").read_text("utf-8").splitlines()
    return {row["id"]: row["prompt"] for row in map(json.loads, lines)}


def test_no_prompt_changes_with_the_right_answer(tmp_path: Path) -> None:
    turned = [{**QUESTIONS[0], "answer": "C"}, {**QUESTIONS[1], "answer": 0}, {**QUESTIONS[2], "gold": "41"}]
    told = []
    for name, rows in (("a", QUESTIONS), ("b", turned)):
        (tmp_path / name).mkdir()
        found = asked(tmp_path / name, rows)
        write_conditions(found, facts_of(found, None, 5), wanted(leaks="keep"), tmp_path / name / "out")
        told.append(
            {c: prompts(tmp_path / name, c) for c in ("direct", "cot", "facts_given", "plan_given", "budget_64")}
        )
    assert told[0] == told[1]


def test_what_differs_between_conditions_is_the_help_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path)
    cot, given = prompts(tmp_path, "cot")["bile"], prompts(tmp_path, "facts_given")["bile"]
    assert given.endswith(cot)
    assert given.startswith("These facts are true:\n- Hepatocytes")
    assert prompts(tmp_path, "plan_given")["bile"].endswith(cot)
    assert "Do not explain" in prompts(tmp_path, "direct")["bile"]
    assert "at most 64 tokens" in prompts(tmp_path, "budget_64")["bile"]


def test_facts_that_state_the_right_answer_are_left_out_and_counted(tmp_path: Path) -> None:
    written = write(tmp_path)
    assert (written.facts, written.leaking, written.naming) == (3, 1, 2)
    told = prompts(tmp_path, "facts_given")["bile"]
    assert "made by the Liver" not in told
    assert "The spleen filters" in told


def test_facts_that_state_any_option_may_be_left_out_or_all_be_kept(tmp_path: Path) -> None:
    write(tmp_path, leaks="any")
    assert "The spleen filters" not in prompts(tmp_path, "facts_given")["bile"]
    assert write(tmp_path, leaks="keep").leaking == 1
    assert "made by the Liver" in prompts(tmp_path, "facts_given")["bile"]


def test_a_question_without_help_is_left_out_of_that_condition_and_counted(tmp_path: Path) -> None:
    told = {one.condition: one for one in write(tmp_path).conditions}
    assert {name: one.questions for name, one in told.items()} == {
        "direct": 3,
        "cot": 3,
        "facts_given": 1,
        "plan_given": 1,
        "budget_64": 3,
        "budget_512": 3,
    }
    assert told["facts_given"].left_out == {"no fact was found": 2}
    assert told["plan_given"].left_out == {"no plan is given": 1, "the plan states the right answer": 1}


def test_a_condition_that_no_question_has_the_help_for_is_not_written(tmp_path: Path) -> None:
    found = asked(tmp_path, [QUESTIONS[1]])
    written = write_conditions(found, facts_of(found, None, 5), wanted(budgets=()), tmp_path / "out")
    assert [one.condition for one in written.conditions] == ["direct", "cot"]
    assert written.not_written == {"facts_given": "no fact was found", "plan_given": "no plan is given"}
    assert not (tmp_path / "out" / "inspect" / "facts_given.jsonl").exists()


@pytest.mark.parametrize(
    ("text", "gold", "leaks"),
    [
        ("It is made by THE LIVER.", "B", True),
        ("Deliver it to the spleen.", "B", False),
        ("The livers of geese.", "B", False),
        ("The kidney.", "C", True),
    ],
)
def test_an_answer_is_given_away_word_for_word_only(text: str, gold: str, leaks: bool, tmp_path: Path) -> None:
    (one,) = asked(tmp_path, [{**QUESTIONS[0], "answer": gold}])
    assert gives_away(text, one) is leaks


def test_a_yes_is_in_any_text_and_gives_nothing_away(tmp_path: Path) -> None:
    (one,) = asked(tmp_path, [{"question": "Is water wet?", "gold": "yes"}])
    assert not gives_away("Yes, it is.", one)


def test_facts_come_from_a_corpus_by_the_question_and_all_of_its_options(tmp_path: Path) -> None:
    corpus = tmp_path / "notes.jsonl"
    notes = ["Leaves take in carbon dioxide gas for photosynthesis.", "Leaves give off the gas oxygen by day."]
    corpus.write_text("".join(json.dumps({"id": f"n{n}", "text": t}) + "\n" for n, t in enumerate(notes)), "utf-8")
    index = open_knowledge([corpus])
    rows = [{**QUESTIONS[1], "answer": right} for right in (0, 1)]
    one, other = (facts_of(asked(tmp_path, [row]), index, 5)[0] for row in rows)
    assert [fact.text for fact in one] == [fact.text for fact in other]
    assert {fact.source for fact in one} == {"n0", "n1"}
    assert [fact.leaks for fact in one] == [not fact.leaks for fact in other]


def test_a_prompt_without_its_help_cannot_be_made() -> None:
    for condition in ("facts_given", "plan_given"):
        with pytest.raises(ValueError, match="is cot"):
            prompt_for(condition, "Why?", None)


def test_rows_that_are_no_questions_are_issues_with_their_reason(tmp_path: Path) -> None:
    rows = [QUESTIONS[0], QUESTIONS[0], {"question": "Why?"}, {"gold": "A"}, {**QUESTIONS[1], "facts": 3}]
    found = list(read_questions(questions(tmp_path, rows)))
    assert isinstance(found[0], Asked)
    reasons = [one.reason for one in found if isinstance(one, ReadIssue)]
    assert reasons[:2] == ["duplicate_question", "missing_gold"]
    assert reasons[3] == "wrong_type"
    assert len(reasons) == 4


def test_mistakes_are_clear_lines(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no file of questions"):
        read_questions(tmp_path / "nowhere.jsonl")
    with pytest.raises(InputError, match="'luck' is no field"):
        read_questions(questions(tmp_path), {"luck": "x"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(InputError, match="holds something else"):
        write(tmp_path)
    with pytest.raises(InputError, match="no question"):
        write_conditions([], [], wanted(), tmp_path / "new")
    assert Fact("a", "", False, False).text == "a"


def test_the_command_says_what_was_written_and_what_was_left_out(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "knowreason.cli", "conditions", str(questions(tmp_path)), "--out"]
    command += [str(tmp_path / "out"), "--budget", "64", "--name", "organs"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "facts_given  1 prompts; left out 2: no fact was found" in done.stdout
    assert "1 state the right answer (left out), 2 any option (kept)" in done.stdout
    again = subprocess.run([*command, "--json", "--format", "inspect"], capture_output=True, text=True, check=False)
    assert json.loads(again.stdout)["conditions"][0] == {"condition": "direct", "questions": 3, "left_out": {}}
