"""The gate on instruction counts: growth fails, but only beside a baseline of the same tools."""
import json
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "bench"))

from load import gate                                               # noqa: E402

pytestmark = pytest.mark.direct

TOOLS = {"compiler": "a", "libc6": "1"}


@pytest.fixture(autouse=True)
def baseline(tmp_path, monkeypatch):
    path = str(tmp_path / "baseline.json")
    monkeypatch.setattr(gate, "BASELINE", path)
    gate.write({"exchange": 1000, "byte": 0.5}, TOOLS)
    return path


def test_growth_within_three_percent_passes():
    assert gate.judge({"exchange": 1029, "byte": 0.5}, TOOLS)
    assert gate.judge({"exchange": 500, "byte": 0.1}, TOOLS)


def test_growth_of_one_figure_past_three_percent_fails(capsys):
    assert not gate.judge({"exchange": 900, "byte": 0.52}, TOOLS)
    assert "byte: grew" in capsys.readouterr().out


def test_other_tools_are_named_and_do_not_fail(capsys):
    assert gate.judge({"exchange": 2000, "byte": 0.5}, {**TOOLS, "libc6": "2", "libuv1": "1"})
    assert "libc6, libuv1" in capsys.readouterr().out


def test_a_figure_that_the_baseline_lacks_fails(baseline):
    with open(baseline, "w", encoding="utf-8") as out:
        json.dump({"versions": TOOLS, "instructions": {"exchange": 1000}}, out)
    with pytest.raises(gate.Failed):
        gate.judge({"exchange": 1000, "byte": 0.5}, TOOLS)
