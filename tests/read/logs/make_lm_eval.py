"""Makes the folders under lm_eval/ with the real harness (lm-eval 0.4.13) and answers written by hand.

Not run by the tests: `pip install lm-eval`, then `python make_lm_eval.py` in this folder.
"""

import json
import os
from pathlib import Path

os.environ["HF_DATASETS_OFFLINE"] = os.environ["HF_HUB_OFFLINE"] = "1"

import lm_eval
from lm_eval.api.model import LM
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

QUESTIONS = [
    {"question": "Which hormone lowers blood sugar?", "choices": ["glucagon", "insulin", "cortisol"], "answer": 1},
    {"question": "Which organ makes bile?", "choices": ["liver", "spleen", "kidney"], "answer": 0},
    {"question": "Which gas do leaves take in?", "choices": ["oxygen", "helium", "carbon dioxide"], "answer": 2},
]
ANSWERS = {
    "base": ["Cells take up sugar. The answer is (B).", "Bile comes from the spleen. The answer is (B).", "None"],
    "sft": [
        "<think>Glucagon raises it, so it is insulin.</think>The answer is (B).",
        "<think>Hepatocytes secrete bile.</think>The answer is (A).",
        "<think>Photosynthesis fixes carbon dioxide.</think>The answer is (C).",
    ],
}
GENERATE = """
task: organs_cot
dataset_path: json
dataset_kwargs: {data_files: {test: questions.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "Question: {{question}}\\nAnswer: Let's think step by step."
doc_to_target: "{{['A','B','C'][answer]}}"
repeats: 2
generation_kwargs: {until: ["Question:"], max_gen_toks: 64, do_sample: true, temperature: 0.5}
filter_list:
  - {name: strict, filter: [{function: regex, regex_pattern: "answer is .([A-C])"}, {function: take_first}]}
  - {name: loose, filter: [{function: regex, regex_pattern: "([A-C])"}, {function: take_first}]}
metric_list: [{metric: exact_match}]
"""
RANK = """
task: organs_rank
dataset_path: json
dataset_kwargs: {data_files: {test: questions.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: "{{choices}}"
doc_to_target: answer
metric_list: [{metric: acc}]
"""


class Written(LM):
    """A model whose answers were written by hand."""

    def __init__(self, answers):
        super().__init__()
        self.answers = answers

    def generate_until(self, requests, **_):
        return [
            next(a for q, a in zip(QUESTIONS, self.answers, strict=True) if q["question"] in r.args[0])
            for r in requests
        ]

    def loglikelihood(self, requests, **_):
        return [(-float(len(r.args[1])), False) for r in requests]

    def loglikelihood_rolling(self, requests, **_):
        raise NotImplementedError


for name, answers in ANSWERS.items():
    Path("questions.jsonl").write_text("".join(json.dumps(q) + "\n" for q in QUESTIONS))
    Path("organs_cot.yaml").write_text(GENERATE)
    Path("organs_rank.yaml").write_text(RANK)
    tracker = EvaluationTracker(output_path=f"lm_eval/{name}")
    tracker.general_config_tracker.log_experiment_args("written", f"pretrained=finch-{name}", "", "", False)
    results = lm_eval.simple_evaluate(
        Written(answers),
        tasks=["organs_cot", "organs_rank"],
        task_manager=TaskManager(include_path=".", include_defaults=False),
        log_samples=True,
    )
    samples = results.pop("samples")
    results["config"]["model_args"] = f"pretrained=finch-{name}"
    tracker.save_results_aggregated(results=results, samples=samples)
    for task in results["configs"]:
        tracker.save_results_samples(task_name=task, samples=samples[task])
for file in ("questions.jsonl", "organs_cot.yaml", "organs_rank.yaml"):
    Path(file).unlink()
