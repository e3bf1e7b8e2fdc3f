from __future__ import annotations

import pytest
from read_rows import write

from knowreason.errors import InputError
from knowreason.read.labels import read_labels

ROW = {"trace_id": "t1", "step": 2, "claim": 0, "truth": True}


def test_labels_are_read_with_their_key(tmp_path):
    path = write(tmp_path / "labels.jsonl", ROW, ROW | {"claim": 1, "truth": 0, "judge": "ann"})
    assert read_labels(path).to_dicts() == [ROW, ROW | {"claim": 1, "truth": False}]


def test_labels_in_csv_are_the_same(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("trace_id,step,claim,truth\nt1,2,0,true\nt1,2,1,0\n")
    assert read_labels(path)["truth"].to_list() == [True, False]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({name: value for name, value in ROW.items() if name != "truth"}, "'truth' is missing"),
        (ROW | {"truth": None}, "'truth' is missing"),
        (ROW | {"truth": "supported"}, "'truth' is 'supported'; write true or false"),
        (ROW | {"step": -1}, "'step' is -1"),
        (ROW | {"claim": "first"}, "'claim' is 'first'"),
        (ROW | {"trace_id": ""}, "'trace_id' is ''"),
        (b"{", "malformed json"),
        (ROW | {"step": 1}, "stands in line 1 already"),
    ],
)
def test_a_bad_label_is_refused_with_its_file_and_line(line, told, tmp_path):
    path = write(tmp_path / "labels.jsonl", ROW | {"step": 1}, line)
    with pytest.raises(InputError) as refused:
        read_labels(path)
    assert str(refused.value).startswith(f"{path}, line 2: ")
    assert told in str(refused.value)
