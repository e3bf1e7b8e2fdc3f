"""Makes the two result folders beside this file with the real harness (lm-eval 0.4.13).

The answers are those of the example in ../two_domains, replayed by a model that looks them up, so that the folders
are exactly what an evening with a base model and its fine-tuned child leaves behind. Not run by the tests:
`pip install lm-eval`, then `python make_logs.py` in this folder.
"""

import json
import os
from pathlib import Path

os.environ["HF_DATASETS_OFFLINE"] = os.environ["HF_HUB_OFFLINE"] = "1"

import lm_eval
from lm_eval.api.model import LM
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

TASK = """
task: clinic_mcq
dataset_path: json
dataset_kwargs: {data_files: {test: questions.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "Question: {{question}}\\n{% for c in choices %}({{'ABCDE'[loop.index0]}}) {{c}}\\n{% endfor %}Answer:"
doc_to_target: "{{'ABCDE'[answer]}}"
generation_kwargs: {until: ["Question:"], max_gen_toks: 2048}
filter_list:
  - {name: strict-match, filter: [{function: regex, regex_pattern: "answer is .([A-E])"}, {function: take_first}]}
  - {name: flexible-extract, filter: [{function: regex, regex_pattern: "([A-E])", group_select: -1}, {function: take_first}]}
metric_list: [{metric: exact_match}]
"""


class Replay(LM):
    """A model that answers a question it knows with what was written for it."""

    def __init__(self, answers):
        super().__init__()
        self.answers = answers

    def generate_until(self, requests, **_):
        return [next(a for q, a in self.answers.items() if q in r.args[0]) for r in requests]

    def loglikelihood(self, requests, **_):
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


rows = [json.loads(line) for line in Path("../two_domains/traces.jsonl").read_text("utf-8").splitlines()]
rows = [r for r in rows if r["domain"] == "medicine" and r["options"]]
questions = {r["question"]: (list(r["options"].values()), sorted(r["options"]).index(r["gold"])) for r in rows}
Path("questions.jsonl").write_text(
    "".join(json.dumps({"question": q, "choices": c, "answer": a}) + "\n" for q, (c, a) in questions.items())
)
Path("clinic_mcq.yaml").write_text(TASK)
for folder, model in (("base", "finch-base"), ("finetuned", "finch-med")):
    tracker = EvaluationTracker(output_path=folder)
    tracker.general_config_tracker.log_experiment_args("replay", f"pretrained={model}", "", "", False)
    results = lm_eval.simple_evaluate(
        Replay({r["question"]: r["response"] for r in rows if r["model"] == model}),
        tasks=["clinic_mcq"],
        task_manager=TaskManager(include_path=".", include_defaults=False),
        log_samples=True,
    )
    samples = results.pop("samples")
    results["config"]["model_args"] = f"pretrained={model}"
    tracker.save_results_aggregated(results=results, samples=samples)
    tracker.save_results_samples(task_name="clinic_mcq", samples=samples["clinic_mcq"])
for file in ("questions.jsonl", "clinic_mcq.yaml"):
    Path(file).unlink()
