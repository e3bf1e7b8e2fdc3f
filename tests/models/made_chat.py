"""A tiny chat model that has learned a few verdicts by heart, so that judging can be tested without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from knowreason.models.remote.grading import GRADE
from knowreason.models.remote.judging import VERIFY
from knowreason.models.remote.prompting import Task, messages, outcome, prompt
from knowreason.models.remote.reading import READ
from knowreason.records import AnswerToGrade, StepToRead, Unscored

PASSAGE = "Copper conducts heat well. Iron rusts in rain."
QUOTE = "Copper conducts heat well."
TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
UNUSABLE = "Yes, surely."
CLAIMS = {
    "Copper is a good conductor.": [f'{{"quote": "{QUOTE}", "verdict": "supported"}}'],
    "Copper keeps heat away.": [f'```json\n{{"quote": "{QUOTE}", "verdict": "refuted"}}\n```'],
    "Zinc is grey.": ['{"quote": "", "verdict": "not_enough_info"}'],
    "Iron turns red in rain.": [UNUSABLE, '{"quote": "Iron rusts in rain.", "verdict": "supported"}'],
    "Iron loves rain.": [UNUSABLE, UNUSABLE],
    "Copper is liquid.": ['{"quote": "Copper melts at once.", "verdict": "supported"}'] * 2,
}
"""What is written to each claim, and what to the repair where the first answer cannot be used."""


STEP = StepToRead(question="Which metal?", options=None, spoken_of=("Copper",), text="It conducts heat well.")
READ_ANSWER = (
    '{"claims": [{"quote": "It conducts heat well.", "claim": "Copper conducts heat well.", "query": "copper heat"}]}'
)
ANSWER = AnswerToGrade(question="Which metal?", reference="copper", response="So it is copper.")
MARK_ANSWER = '{"quote": "it is copper", "grade": "correct"}'


def chats() -> list[tuple[list[dict[str, str]], str]]:
    """(chat, answer) for every turn of every claim, and of a step to read and an answer to grade."""
    judged = [turn for claim, answers in CLAIMS.items() for turn in _turns(VERIFY, (PASSAGE, claim), answers)]
    return [*judged, *_turns(READ, STEP, [READ_ANSWER]), *_turns(GRADE, ANSWER, [MARK_ANSWER])]


def _turns(task: Task[Any], item: Any, answers: list[str]) -> list[tuple[list[dict[str, str]], str]]:
    found: list[tuple[list[dict[str, str]], str]] = []
    unusable = None
    for answer in answers:
        found.append((messages(prompt(task.prompt), task.given(item), unusable), answer))
        unusable = (answer, _why(task, item, answer))
    return found


def _why(task: Task[Any], item: Any, answer: str) -> str:
    from knowreason.models.remote.replies import ChatChoice, Message

    told = outcome(task, ChatChoice(message=Message(content=answer), finish_reason="stop"), item).output
    return told.detail if isinstance(told, Unscored) else ""


def chat_tokenizer(texts: list[str], template: str = TEMPLATE) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    marks = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=900, special_tokens=marks, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|end|>", chat_template=template)


def save_chat(folder: Path, *, learned: bool = True, template: str = TEMPLATE) -> Path:
    """A Qwen2 with random weights whose last layer knows the answers by heart; else it writes at random."""
    import torch
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, Qwen2Config

    known = chats()
    texts = [turn["content"] for chat, _ in known for turn in chat] + [answer for _, answer in known]
    chat_tokenizer(texts, template).save_pretrained(folder)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=1_024,
        hidden_size=512,
        intermediate_size=512,
        num_hidden_layers=3,
        num_attention_heads=8,
        num_key_value_heads=8,
        max_position_embeddings=4_096,
        initializer_range=0.2,
        tie_word_embeddings=False,
    )
    config.save_pretrained(folder)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)  # as it will be read: as it is written
    config.eos_token_id = tokenizer.eos_token_id
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa").eval()
    if learned:
        _learn(model, tokenizer, known)
    model.save_pretrained(folder)
    return folder


def _learn(model: Any, tokenizer: Any, known: list[tuple[list[dict[str, str]], str]]) -> None:
    """Ridge regression: at every place of an answer the next token gets a logit of 12, all others 0."""
    import torch

    states, tokens = [], []
    for chat, answer in known:
        asked = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        before = tokenizer(asked, add_special_tokens=False).input_ids
        after = tokenizer(f"{answer}<|end|>", add_special_tokens=False).input_ids
        with torch.inference_mode():
            hidden = model.base_model(input_ids=torch.tensor([before + after]), use_cache=False).last_hidden_state[0]
        states.append(hidden[len(before) - 1 : -1])
        tokens += after
    wanted = 12.0 * torch.nn.functional.one_hot(torch.tensor(tokens), model.config.vocab_size).double()
    places = torch.cat(states).double()
    assert len(places) < places.shape[1], "fewer answers, or a wider model: nothing else can be learned by heart"
    ridge = 0.1 * torch.eye(len(places), dtype=torch.float64)
    model.lm_head.weight.data = (
        (places.T @ torch.linalg.solve(places @ places.T + ridge, wanted)).T.float().contiguous()
    )
