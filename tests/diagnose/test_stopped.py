"""A diagnosis that is stopped half-way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tellapart.diagnose import diagnosing


def test_what_was_tried_stays_known_and_the_folder_can_be_used_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script, out = tmp_path / "train.py", tmp_path / "why"
    script.write_text("print('nothing is trained')\n")

    def stopped(_script, runs, _say):
        runs.plan.append("tried: the first two")
        raise KeyboardInterrupt

    monkeypatch.setattr(diagnosing, "examine", stopped)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            diagnosing.diagnose_script(str(script), seconds=60, out=out)
        assert [file.name for file in out.iterdir()] == ["trials.log"]
        assert "tried: the first two" in (out / "trials.log").read_text()
