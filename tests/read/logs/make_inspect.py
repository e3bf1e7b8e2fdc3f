"""Makes inspect/organs.eval and inspect/organs.json with the real Inspect (0.3.285) and answers written by hand.

Not run by the tests: `pip install inspect-ai`, then `python make_inspect.py` in this folder.
"""

import shutil
from pathlib import Path

from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageAssistant, ContentReasoning, ContentText, ModelOutput, ModelUsage
from inspect_ai.scorer import choice
from inspect_ai.solver import solver

THOUGHT = ContentReasoning(reasoning="Cells take up sugar when insulin binds.")
SUMMARY = ContentReasoning(reasoning="c2VhbGVk", summary="The model weighed two hormones.", redacted=True)
SEALED = ContentReasoning(reasoning="c2VhbGVk", redacted=True)
REPLIES = {
    (1, 1): ([THOUGHT, ContentText(text="ANSWER: A")], "stop", 0),
    ("bile", 1): ([SUMMARY, ContentText(text="ANSWER: B")], "stop", 0),
    (1, 2): ([THOUGHT], "max_tokens", 0),
    ("bile", 2): ([SEALED, ContentText(text="ANSWER: B")], "stop", 0),
    (1, 3): ("<think>Glucagon raises it.</think>ANSWER: A", "stop", 0),
    ("bile", 3): ("ANSWER: A", "stop", 90),
}


@solver
def written():
    """Gives each sample the answer written for it."""

    async def solve(state, generate):
        content, stop, hidden = REPLIES[state.sample_id, state.epoch]
        state.output = ModelOutput.from_message(ChatMessageAssistant(content=content, model="finch"), stop)
        state.output.usage = ModelUsage(output_tokens=100, reasoning_tokens=hidden)
        return state

    return solve


DATA = MemoryDataset(
    [
        Sample(id=1, input="Which hormone lowers blood sugar?", choices=["insulin", "glucagon"], target="A"),
        Sample(id="bile", input="Which organ makes bile?", choices=["spleen", "liver"], target="B"),
    ]
)
for form in ("eval", "json"):
    task = Task(name="organs", dataset=DATA, solver=written(), scorer=choice())
    folder = Path("made")
    (log,) = eval(task, model="mockllm/finch", epochs=3, log_dir=str(folder), log_format=form, display="none")
    Path("inspect").mkdir(exist_ok=True)
    shutil.move(next(folder.glob(f"*.{form}")), f"inspect/organs.{form}")
    shutil.rmtree(folder)
