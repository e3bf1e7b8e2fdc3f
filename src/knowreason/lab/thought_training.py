"""Thoughts beside a text: sampled at some of its places, seen by the next words there, never by the text that follows.

A row is a text and, after it, one branch for each thought, word by word: the first word of every branch, the second of
every branch, and so on. A branch repeats the word at its place p and goes on:

    text[p]  <think>  t_1 ... t_k  </think>  text[p+1] ... text[p+m-1]

It sees text[:p] and itself, so without a thought it is the text. What a branch foretells is text[p+1 .. p+m].
"""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

BEGIN_ID = 0
THINK, THOUGHT, PAUSE = range(3)  # the marks, counted from the end of the words
MARKS = 3


class Rows(NamedTuple):
    """Texts as arrays. ids [rows, length], padded with the begin mark; lengths [rows]; places [rows, branches].

    A place is the index of the token after which the thought is thought.
    """

    ids: Any
    lengths: Any
    places: Any


class Foretold(NamedTuple):
    """What was foretold at the places of rows, [rows, branches, ahead] in nats; `weight` is the mixing head's, 0 to 1.

    without: by the text alone. after: by the branch alone. mixed: by both, their logits weighed by the head.
    sampled: log-probabilities of the thought's own words, [rows, branches, k]. text: mean loss of the text, a scalar.
    logits: mixed, of the first word foretold, [rows, branches, words].
    """

    without: Any
    after: Any
    mixed: Any
    weight: Any
    sampled: Any
    text: Any
    logits: Any


def rows_of(texts: Sequence[Sequence[int]], places: Sequence[Sequence[int]]) -> Rows:
    """Texts as token ids, each opening with the begin mark, and the places of each, as many for each text."""
    import torch

    lengths = torch.tensor([len(text) for text in texts])
    ids = torch.full((len(texts), int(lengths.max())), BEGIN_ID)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.tensor(list(text))
    at = torch.tensor([list(p) for p in places], dtype=torch.long).reshape(len(texts), len(places[0]))
    return Rows(ids, lengths, at)


def sees(length: int, places: Any, depth: int) -> Any:
    """[rows, 1, all, all]: which token (row) sees which, of a text of `length` and branches of `depth` words each."""
    import torch

    rows, branches = places.shape
    total = length + depth * branches
    at = torch.arange(total)
    own = (at[:, None] - at[None, :]) % max(branches, 1) == 0
    inside = (at[:, None] >= length) & (at[None, :] >= length) & own
    limit = torch.cat([torch.full((rows, length), length), places.repeat(1, depth)], dim=1)
    text = (at[None, None, :] < limit[:, :, None]) & (at[None, None, :] < length)
    return ((text | inside[None]) & (at[None, :] <= at[:, None])[None])[:, None]


def positions(length: int, places: Any, depth: int) -> Any:
    """[rows, all]: the place of each token in what it sees."""
    import torch

    trunk = torch.arange(length).expand(len(places), length)
    branch = (places[:, None, :] + torch.arange(depth)[None, :, None]).flatten(1)
    return torch.cat([trunk, branch], dim=1)


def sample(model: Any, rows: Rows, count: int, words: int, generator: Any) -> Any:
    """`count` words of a thought at every place: [rows, branches, count]; the likeliest where `generator` is None.

    Only words can be thought, no marks; the begin mark and the unknown word are no words.
    """
    import torch

    branches = rows.places.shape[1]
    first = rows.ids.gather(1, rows.places)
    branch = torch.stack([first, torch.full_like(first, words + THINK)], dim=1)  # [rows, depth, branches]
    cache: Any = None
    with torch.no_grad():
        fed, length = torch.cat([rows.ids, branch.flatten(1)], dim=1), rows.ids.shape[1]
        for _ in range(count):
            depth = branch.shape[1]
            new = fed.shape[1]
            out = _forward(
                model,
                fed,
                positions(length, rows.places, depth)[:, -new:],
                sees(length, rows.places, depth)[:, :, -new:],
                cache,
            )
            cache = out.past_key_values
            logits = _words(model, out.last_hidden_state[:, -branches:], words)
            logits[..., :2] = -torch.inf
            fed = _drawn(logits, generator)
            branch = torch.cat([branch, fed[:, None]], dim=1)
    return branch[:, 2:].transpose(1, 2)


def foretell(model: Any, head: Any, rows: Rows, thoughts: Any, words: int, *, ahead: int = 1) -> Foretold:
    """What text and branches foretell. `thoughts` [rows, branches, k] are words or pauses; k = 0 thinks nothing.

    With k = 0 there are no marks either, and `after` equals `without`.
    """
    import torch

    batch, branches, count = thoughts.shape
    length = rows.ids.shape[1]
    targets = torch.stack([rows.ids.gather(1, rows.places + i) for i in range(1, ahead + 1)], dim=2)
    branch = _branch(rows, thoughts, targets, words)
    depth = branch.shape[2]
    fed = torch.cat([rows.ids, branch.transpose(1, 2).flatten(1)], dim=1)
    seen, at = sees(length, rows.places, depth), positions(length, rows.places, depth)
    hidden = _forward(model, fed, at, seen, None).last_hidden_state
    trunk = hidden[:, :length]
    twigs = (
        hidden[:, length:].reshape(batch, depth, branches, hidden.shape[-1]).transpose(1, 2)
    )  # [rows, branches, depth, width]
    ends = twigs[:, :, depth - ahead :]
    here = torch.stack([_at(trunk, rows.places + i) for i in range(ahead)], dim=2)
    plain, thought = _words(model, here, words), _words(model, ends, words)
    weight = head(torch.cat([here, ends], dim=-1))
    mixed = weight * thought + (1 - weight) * plain
    sampled = _picked(_words(model, twigs[:, :, 1 : count + 1], words, barred=True), thoughts.clamp(max=words - 1))
    return Foretold(
        without=-_picked(plain, targets),
        after=-_picked(thought, targets),
        mixed=-_picked(mixed, targets),
        weight=weight.squeeze(-1),
        sampled=sampled,
        text=_text_loss(_words(model, trunk, words), rows),
        logits=mixed[:, :, 0],
    )


def rewards(without: Any, thought: Any) -> Any:
    """[rows, thoughts]: by how much the loss of the next words falls with each thought, nats; never below 0.

    reward = max(0, sum over the next m words of (loss without - loss with)); both are [rows, thoughts, m].
    """
    return (without - thought).sum(-1).clamp(min=0).detach()


def policy_loss(rewarded: Any, sampled: Any, group: int) -> Any:
    """REINFORCE: -(reward - mean reward of the thoughts of one place) * log p(thought), the mean over thoughts.

    `rewarded` [rows, places * group], the thoughts of a place side by side; `sampled` [rows, places * group, k].
    """
    by_place = rewarded.unflatten(1, (-1, group))
    advantage = (by_place - by_place.mean(-1, keepdim=True)).flatten(1)
    return -(advantage * sampled.sum(-1)).mean()


def make_head(width: int, bias: float) -> Any:
    """The mixing head: from the states without and with the thought to the weight of the thought, by one hidden layer.

    It begins near 1 / (1 + exp(-bias)) everywhere.
    """
    import torch

    outer = torch.nn.Linear(width, 1)
    torch.nn.init.zeros_(outer.weight)
    torch.nn.init.constant_(outer.bias, bias)
    return torch.nn.Sequential(torch.nn.Linear(2 * width, width), torch.nn.ReLU(), outer, torch.nn.Sigmoid())


def _branch(rows: Rows, thoughts: Any, targets: Any, words: int) -> Any:
    """[rows, branches, depth]: the words of each branch."""
    import torch

    first = rows.ids.gather(1, rows.places)[..., None]
    ahead = targets[..., :-1]
    if thoughts.shape[2] == 0:
        return torch.cat([first, ahead], dim=2)
    opened, closed = torch.full_like(first, words + THINK), torch.full_like(first, words + THOUGHT)
    return torch.cat([first, opened, thoughts, closed, ahead], dim=2)


def _forward(model: Any, ids: Any, at: Any, seen: Any, cache: Any) -> Any:
    import torch

    mask = torch.zeros(seen.shape).masked_fill_(~seen, torch.finfo(torch.float32).min)
    return model.base_model(
        input_ids=ids,
        position_ids=at,
        attention_mask=mask,
        past_key_values=cache,
        use_cache=not torch.is_grad_enabled(),
    )


def _words(model: Any, hidden: Any, words: int, *, barred: bool = False) -> Any:
    """Logits of the words: the marks are read, never said; `barred`: nor are the begin mark and the unknown word."""
    import torch

    logits = hidden @ model.lm_head.weight[:words].T
    if barred:
        logits = logits.masked_fill(torch.arange(words) < 2, -torch.inf)
    return logits


def _drawn(logits: Any, generator: Any) -> Any:
    import torch

    if generator is None:
        return logits.argmax(-1)
    flat = logits.flatten(0, 1).softmax(-1)
    return torch.multinomial(flat, 1, generator=generator).reshape(logits.shape[:2])


def _picked(logits: Any, targets: Any) -> Any:
    return logits.log_softmax(-1).gather(-1, targets[..., None]).squeeze(-1)


def _at(trunk: Any, places: Any) -> Any:
    return trunk.gather(1, places[..., None].expand(-1, -1, trunk.shape[-1]))


def _text_loss(logits: Any, rows: Rows) -> Any:
    """The mean loss of the text's words after the first, nats a word; padding is no text."""
    import torch

    labels = rows.ids[:, 1:]
    kept = torch.arange(1, rows.ids.shape[1])[None] < rows.lengths[:, None]
    return torch.nn.functional.cross_entropy(logits[:, :-1][kept], labels[kept])
