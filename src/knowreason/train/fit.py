"""`python -m knowreason.train.fit --data FOLDER --out FOLDER`: train both heads together, on a processor or a GPU.

Needs torch and numpy only, and the folder that `prepare` wrote. Writes weights_*.npz (fp16, pieces under
16 MB, without the word table, which training leaves alone) and curves.json. A run may end before its schedule does
(`--until`) and another go on from its weights (`--weights`) with other shares of the kinds of pairs.
"""

# pyright: reportMissingImports=false, reportUntypedFunctionDecorator=false, reportUnknownParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from knowreason.train.network import Network
from knowreason.train.progress import measure
from knowreason.train.sampling import SHARES, Data, Stream
from knowreason.train.start import join, read_start
from knowreason.train.store import GROUPS, load_options, load_pairs

PIECE = 15_000_000  # bytes of one file of weights
WARM_UP = 0.04


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, report to the terminal, write weights and curves."""
    given = _arguments(arguments)
    torch.manual_seed(given.seed)
    if given.device == "cpu":
        torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(given)
    trainer.run()


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the built-in model.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=8_000)
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop then at the latest, schedule included")
    parser.add_argument("--until", type=float, default=1.0, help="end at this share of the schedule")
    parser.add_argument("--weights", type=Path, help="go on from the weights in this folder")
    parser.add_argument("--shares", type=float, nargs=len(GROUPS), default=SHARES, help=f"of {', '.join(GROUPS)}")
    parser.add_argument("--tokens", type=int, default=32_768, help="of one batch, padding included")
    parser.add_argument("--rate", type=float, default=1.5e-4)
    parser.add_argument("--head-rate", type=float, default=6e-4)
    parser.add_argument("--pair-share", type=float, default=0.5)
    parser.add_argument("--workers", type=int, default=0, help="processes that draw batches")
    parser.add_argument("--threads", type=int, default=1, help="of torch, on a processor")
    parser.add_argument("--check-pairs", type=int, default=3_000, help="dev pairs of each of the six checks")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args(arguments)


class Trainer:
    """The network, a running average of its weights, and the curves."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.data = Data(
            load_pairs(given.data / "pairs_train.npz"),
            load_options(given.data / "options_train.npz"),
            np.load(given.data / "continues.npy"),
        )
        self.checks = Data(
            load_pairs(given.data / "pairs_dev.npz"),
            load_options(given.data / "options_calibrate.npz"),
            self.data.continues,
        )
        self.network = start_network(given.data / "start.npz", given.weights).to(given.device)
        self.average = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.optimiser = _optimiser(self.network, given.rate, given.head_rate)
        self.base = [group["lr"] for group in self.optimiser.param_groups]
        told = {name: str(value) for name, value in vars(given).items() if name not in ("data", "out", "weights")}
        self.curves: dict[str, Any] = {"arguments": told, "torch": torch.__version__, "train": [], "checks": []}

    def run(self) -> None:
        """Train until the steps or the seconds are used up; check the average from time to time."""
        started, losses, done, next_check = time.perf_counter(), ([0.0, 0], [0.0, 0]), 0.0, 0.1
        rows = 0
        for step, (batch, targets, counts) in enumerate(self._batches()):
            elapsed = time.perf_counter() - started
            done = max(step / self.given.steps, elapsed / self.given.seconds)
            if done >= self.given.until:
                break
            self._set_rate(done)
            loss = self._step(batch, targets, counts)
            self._update_average(step)
            rows += len(targets)
            kind = losses[int(counts[0] > 0)]
            if step % 10 == 0:
                kind[0], kind[1] = kind[0] + float(loss), kind[1] + 1
            if step % 200 == 199:
                self._report(step, rows, elapsed, losses)
                losses = ([0.0, 0], [0.0, 0])
            if done >= next_check:
                self._check(step, rows, elapsed)
                next_check += 0.2
        self._check(-1, rows, time.perf_counter() - started)

    def _batches(self) -> DataLoader:
        given = self.given
        stream = Stream(
            self.data, tokens=given.tokens, pair_share=given.pair_share, shares=given.shares, seed=given.seed
        )
        return DataLoader(stream, batch_size=None, num_workers=given.workers)

    def _step(self, batch: Any, targets: Tensor, counts: Tensor) -> Tensor:
        loss = batch_loss(self.network, [part.to(self.given.device) for part in batch], targets, counts)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return loss.detach()

    def _set_rate(self, done: float) -> None:
        share = done / WARM_UP if done < WARM_UP else 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))
        for group, base in zip(self.optimiser.param_groups, self.base, strict=True):
            group["lr"] = base * max(share, 0.005)

    @torch.no_grad()
    def _update_average(self, step: int) -> None:
        decay = min(0.998, (step + 1) / (step + 10))
        values = dict(self.network.named_parameters())
        names = [name for name in self.average if values[name].requires_grad]
        torch._foreach_lerp_([self.average[n] for n in names], [values[n] for n in names], 1 - decay)

    def _report(self, step: int, rows: int, elapsed: float, losses: tuple[list[float], list[float]]) -> None:
        pair, option = (round(total / max(1, count), 4) for total, count in losses)
        entry = {"step": step, "rows": rows, "seconds": round(elapsed, 1), "pair_loss": pair, "option_loss": option}
        self.curves["train"].append(entry)
        print(json.dumps(entry), flush=True)

    def _check(self, step: int, rows: int, elapsed: float) -> None:
        checked = Network(self.network.shape).to(self.given.device).eval()
        checked.load_state_dict(self.average)
        found = measure(checked, self.checks, self.given.device, self.given.check_pairs)
        entry = {"step": step, "rows": rows, "seconds": round(elapsed, 1), **found}
        self.curves["checks"].append(entry)
        print(json.dumps(entry), flush=True)
        self.save()

    def save(self) -> None:
        """Write what there is: after a stop, the weights of the last check are whole."""
        save_pieces(self.average, self.given.out)
        (self.given.out / "curves.json").write_text(json.dumps(self.curves, indent=1) + "\n")


def start_network(path: Path, pieces: Path | None = None) -> Network:
    """The network with the start weights, or with those trained before; its word table does not learn.

    Without `pieces` its two heads are new.
    """
    network = Network()
    found = join(path, pieces) if pieces else read_start(path)
    weights = {name: torch.from_numpy(value) for name, value in found.items()}
    missing = network.load_state_dict(weights, strict=False).missing_keys
    assert all(name.startswith(("pair_", "option_", "closeness")) for name in missing), missing
    network.words.weight.requires_grad_(False)
    return network


def batch_loss(network: Network, batch: Sequence[Tensor], targets: Tensor, counts: Tensor) -> Tensor:
    """Mean cross-entropy in nats."""
    ids, types, positions, blocks, slots = batch
    targets = targets.to(ids.device)
    with torch.autocast(ids.device.type, torch.bfloat16):
        states = network.encode(ids, types, positions, blocks)
    if int(counts[0]) == 0:
        return functional.cross_entropy(network.entail(states, types, blocks), targets)
    empty = slots[None, :] > counts.to(ids.device)[:, None]
    scores = network.choose(states, blocks, slots).masked_fill(empty, -1e4)
    return functional.cross_entropy(scores, targets)


def _optimiser(network: Network, rate: float, head_rate: float) -> torch.optim.Optimizer:
    heads = [p for name, p in network.named_parameters() if name.startswith(("pair_", "option_", "closeness"))]
    known = {id(p) for p in heads}
    encoder = [p for p in network.parameters() if p.requires_grad and id(p) not in known]
    groups = [{"params": encoder, "lr": rate}, {"params": heads, "lr": head_rate}]
    return torch.optim.AdamW(groups, weight_decay=0.01, betas=(0.9, 0.98))


def save_pieces(weights: dict[str, Tensor], out: Path) -> None:
    """Everything but the word table in fp16, in files under 16 MB."""
    piece: dict[str, Any] = {}
    size = number = 0
    for name, value in weights.items():
        if name == "words.weight":
            continue
        small = value.detach().cpu().numpy().astype(np.float16)
        if piece and size + small.nbytes > PIECE:
            np.savez(out / f"weights_{number}.npz", **piece)
            piece, size, number = {}, 0, number + 1
        piece[name] = small
        size += small.nbytes
    np.savez(out / f"weights_{number}.npz", **piece)


if __name__ == "__main__":
    main()
