"""The ledger: what was paid for is there, whoever asks again, and nowhere else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.errors import InputError, LedgerMiss, ModelError, StoreError
from knowreason.ledger import Answer, Call, Ledger, Usage, export_lines, import_lines
from knowreason.models.protocols import Judgement
from knowreason.models.scripted import read_script
from knowreason.records import Continuation, Unscored

TEXT = "Copper conducts heat. It is soft."
CALL = Call("entail", "m@http://host", "r1", "verify-1", '{"temperature":0}', TEXT, "Copper is soft.")


def answered(*output: float, span: tuple[int, int] | None = None) -> Answer:
    return Answer(
        output=list(output), text="{}", usage=Usage(read=12, written=3), latency=0.5, date="2026-01-01", span=span
    )


YES = answered(1.0, 0.0, 0.0, span=(22, 33))
TOKENS = Call("logprobs", "m@http://host", "r1", "", "{}", "Copper conducts", " heat")
FAILED = msgspec.structs.replace(YES, output=Unscored(reason="judge_malformed", detail="cut"), span=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_what_was_put_is_found_by_another_process_and_another_day(path: Path) -> None:
    with Ledger(path) as ledger:
        assert ledger.get(CALL) is None
        ledger.put(CALL, YES)
        ledger.put(TOKENS, answered(-0.1, -2.345678901234567))
    with Ledger(path) as again:
        assert again.get(CALL) == YES
        assert again.get(TOKENS) == answered(-0.1, -2.345678901234567)
        assert len(again) == 2


@pytest.mark.parametrize("field", [f for f in Call._fields if f not in {"kind", "turn"}])
def test_whatever_can_change_an_answer_makes_another_call(path: Path, field: str) -> None:
    with Ledger(path) as ledger:
        ledger.put(CALL, YES)
        assert not ledger.holds(CALL._replace(**{field: "other"}))
        assert not ledger.holds(CALL._replace(turn=1))
        assert not ledger.holds(CALL._replace(kind="logprobs"))


@given(
    st.tuples(*[st.text(alphabet='a",[\\', max_size=4)] * 6), st.tuples(*[st.text(alphabet='a",[\\', max_size=4)] * 6)
)
def test_two_calls_share_a_key_only_when_they_are_the_same(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    assert (Call("entail", *one).key == Call("entail", *two).key) == (one == two)


def test_the_first_answer_to_a_call_stands(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.put(CALL, YES)
        ledger.put(CALL, FAILED)
        assert ledger.get(CALL) == YES


def test_a_replay_fails_loudly_and_names_what_is_missing(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.put(CALL, YES)
    with Ledger(path, replay=True) as replay:
        assert replay.get(CALL) == YES
        with pytest.raises(LedgerMiss, match=r"verify-1 for 'Tin is soft\.' after .*It is soft"):
            replay.get(CALL._replace(target="Tin is soft."))


def test_a_replay_needs_only_to_read(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.put(CALL, YES)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        with Ledger(path, replay=True) as replay:
            assert replay.get(CALL) == YES
        assert [p.name for p in path.parent.iterdir()] == [path.name]
    finally:
        path.parent.chmod(0o755)


def test_a_file_that_is_no_ledger_is_named(path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        Ledger(path, replay=True)
    path.write_text("a shopping list, long enough to be no empty database" * 20)
    for replay in (False, True):
        with pytest.raises(StoreError, match="is no ledger"):
            Ledger(path, replay=replay)
    with pytest.raises(StoreError, match="cannot write the ledger"):
        Ledger(path / "below.sqlite")


def test_many_threads_write_one_ledger(path: Path) -> None:
    with Ledger(path) as ledger:
        threads = [Thread(target=put_some, args=(ledger, n)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ledger) == 8 * 20


def put_some(ledger: Ledger, thread: int) -> None:
    for number in range(20):
        ledger.put(CALL._replace(target=f"{thread} {number}"), YES)


WRITER = """
import sys
from pathlib import Path
from knowreason.ledger import Answer, Call, Ledger, Usage
with Ledger(Path(sys.argv[1])) as ledger:
    for number in range(int(sys.argv[3])):
        call = Call("entail", "m", "", "p", "{}", "text " * 50, f"{sys.argv[2]} {number}")
        usage = Usage(read=1, written=1)
        ledger.put(call, Answer(output=[1.0, 0.0, 0.0], text="", usage=usage, latency=0.0, date=""))
        print(number, flush=True)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_share_a_ledger(path: Path) -> None:
    both = [writer(path, name, 150) for name in ("one", "two")]
    assert [len(process.communicate(timeout=60)[0].split()) for process in both] == [150, 150]
    assert [process.returncode for process in both] == [0, 0]
    with Ledger(path) as ledger:
        assert len(ledger) == 300


def test_a_kill_at_any_point_loses_nothing_that_was_put(path: Path) -> None:
    for name in ("one", "two", "three"):
        with writer(path, name, 100_000) as process:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(20)]
            time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
            said += process.stdout.readlines()
        known = int([line for line in said if line.endswith("\n")][-1])
        with Ledger(path) as ledger:
            calls = {call.target for call, _ in ledger.calls()}
        assert {f"{name} {number}" for number in range(known + 1)} <= calls


@pytest.mark.skipif(not hasattr(os, "statvfs") or not Path("/dev/full").exists(), reason="needs Linux")
def test_a_full_disk_is_one_clear_line_and_keeps_what_was_paid(path: Path) -> None:
    import resource

    with Ledger(path) as ledger:
        ledger.put(CALL, YES)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, (60000, {before[1]}))"
    code = f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); {limit}\n"
    command = [sys.executable, "-c", code + WRITER, str(path), "full", "100000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "StoreError: cannot write the ledger" in done.stderr
    kept = len(done.stdout.split())
    with Ledger(path) as ledger:
        assert ledger.get(CALL) == YES
        assert len(ledger) == 1 + kept


def test_an_exported_ledger_comes_back_whole_and_its_bytes_do_not_depend_on_the_order(tmp_path: Path) -> None:
    pairs = [(CALL, FAILED), (CALL._replace(turn=1), YES), (TOKENS, answered(-0.1))]
    for name, given_pairs in (("a", pairs), ("b", pairs[::-1])):
        with Ledger(tmp_path / name) as ledger:
            for call, answer in given_pairs:
                ledger.put(call, answer)
            assert export_lines(ledger, tmp_path / f"{name}.jsonl") == 3
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    with Ledger(tmp_path / "c") as copy:
        assert import_lines(copy, tmp_path / "a.jsonl") == 3
        assert import_lines(copy, tmp_path / "a.jsonl") == 3
        assert sorted(copy.calls()) == sorted(pairs, key=lambda pair: pair[0])


def test_an_exported_ledger_is_a_recording(tmp_path: Path) -> None:
    other = CALL._replace(target="Copper is blue.")
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.put(CALL, FAILED)
        ledger.put(CALL._replace(turn=1), YES)
        ledger.put(other, FAILED)
        ledger.put(TOKENS, answered(-0.25, -0.5))
        ledger.put(Call("proof", "m@http://host", "r1", "", "", "", ""), answered())
        export_lines(ledger, tmp_path / "calls.jsonl")
    model = read_script(tmp_path / "calls.jsonl")
    judged = model.judge([(TEXT, CALL.target), (TEXT, other.target)])
    assert judged == [Judgement((1.0, 0.0, 0.0), (22, 33)), FAILED.output]
    assert model.logprobs([Continuation(context="Copper conducts", target=" heat")]) == [[-0.25, -0.5]]


def test_two_models_in_one_recording_are_told_apart(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.put(CALL, YES)
        ledger.put(CALL._replace(model="other"), FAILED)
        export_lines(ledger, tmp_path / "calls.jsonl")
    with pytest.raises(ModelError, match="line 2: another model or prompt"):
        read_script(tmp_path / "calls.jsonl")


@pytest.mark.parametrize(
    "line", ["{", '{"kind":"entail","input":["a","b"],"output":[1,0,0]}', '{"kind":"entail"}', "[]"]
)
def test_a_line_that_cannot_be_imported_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "lines.jsonl").write_text("\n" + line + "\n")
    with Ledger(tmp_path / "ledger") as ledger, pytest.raises(InputError, match="line 2"):
        import_lines(ledger, tmp_path / "lines.jsonl")


AT_ONCE = """
import sys, threading
sys.setswitchinterval(1e-7)
from pathlib import Path
from knowreason.ledger import Call, Ledger

call = Call("entail", "m", "", "", "", "passage", "claim")
with Ledger(Path(sys.argv[1])) as kept:
    start = threading.Barrier(32)
    threads = [threading.Thread(target=lambda: (start.wait(), kept.get(call))) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_many_threads_may_read_the_first_answers_of_a_process_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as kept:
        kept.put(Call("entail", "m", "", "", "", "passage", "claim"), YES)
    for _ in range(12):
        assert subprocess.run([sys.executable, "-c", AT_ONCE, str(path)], check=False, timeout=60).returncode == 0
