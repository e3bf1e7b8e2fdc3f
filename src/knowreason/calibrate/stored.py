"""Where a calibration goes: a file of its own, or a finished run that it must fit."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from knowreason.errors import InputError
from knowreason.frame import SCHEMAS
from knowreason.reliability import FILE, Calibration, Identity, encode_calibration, identity_of, mismatch
from knowreason.store import Store


class Target(NamedTuple):
    """The file to write, and the finished run that it lies in, None where it lies in none."""

    file: Path
    run: Path | None

    @property
    def ledger(self) -> Path:
        """Where answers of servers are kept: beside the file, or beside the run."""
        return (self.run or self.file).absolute().parent / "ledger.sqlite"

    def fits(self, measured: Identity) -> None:
        """Raises `InputError` where the run was audited by another verifier or on another corpus."""
        if self.run is None:
            return
        why = mismatch(measured, identity_of(Store(self.run, SCHEMAS).manifest() or {}))
        if why is not None:
            raise InputError(
                f"--out {self.run}: what would be measured does not fit this run: {why.removeprefix('it ')}; give the "
                "run's own --verifier and --knowledge, or another --out"
            )


def target_of(out: Path | None) -> Target:
    """calibration.json in a run, in a folder or where the user is, or the .json file `out`.

    Raises `InputError` for an audit that is not finished and for names that a run's own files bear.
    """
    if out is None or out.is_dir() or out.suffix != ".json":
        folder = out or Path()
        return Target(folder / FILE, _run(folder))
    if out.name in ("manifest.json", "summary.json"):
        raise InputError(f"--out {out}: name a .json file of its own, such as {FILE}")
    return Target(out, _run(out.parent) if out.name == FILE else None)


def write_calibration(calibration: Calibration, target: Target) -> None:
    """Writes calibration.json as a whole or not at all. Raises StoreError."""
    store = Store(target.file.parent, SCHEMAS)
    with store.alone():
        store.write_text(target.file.name, encode_calibration(calibration))


def _run(folder: Path) -> Path | None:
    manifest = Store(folder, SCHEMAS).manifest() if folder.is_dir() else None
    if manifest is None or "fingerprint" not in manifest:
        return None
    if not manifest.get("finished"):
        raise InputError(f"--out {folder}: its audit is not finished; finish it first, or name another place")
    return folder
