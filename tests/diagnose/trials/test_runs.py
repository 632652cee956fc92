"""Runs beside each other: what nobody waits for any more is ended."""

from __future__ import annotations

import time

import pytest

from tellapart.diagnose.beside import StoppedError
from tellapart.diagnose.recording import Outcome
from tellapart.diagnose.trials.runs import Runs, Setting

SLEEP = "import time\ntime.sleep({})\n"


def test_runs_that_nobody_waits_for_give_their_place_to_others(tmp_path):
    file = tmp_path / "train.py"
    file.write_text("")
    with Runs(Setting(file, None, (), 2**32), deadline=time.monotonic() + 100) as runs:
        endless = [runs.begin(SLEEP.format(seconds), [0])[0] for seconds in (600, 601, 602)]
        kept = runs.begin(SLEEP.format(0), [0])[0]
        runs.keep_only([SLEEP.format(0)])
        assert kept.result().outcome is Outcome.no_training_seen
        assert all(one.ended for one in endless[2:])
        with pytest.raises(StoppedError):
            endless[0].result()
        assert runs.knows(SLEEP.format(0), [0])
        assert not runs.knows(SLEEP.format(600), [0])
        assert [one.seed for one in runs.done] == [0]
        assert runs.longest < 60


def test_time_is_asked_for_the_programs_that_are_to_be_run(tmp_path):
    file = tmp_path / "train.py"
    file.write_text("")
    short, long = SLEEP.format(0), SLEEP.format(4)
    with Runs(Setting(file, None, (), 2**32), deadline=time.monotonic() + 60) as runs:
        runs.run(short, 0)
        runs.run(long, 0)
        runs.deadline = time.monotonic() + 1.5 * runs.longest
        assert not runs.has_time_for(2 * runs.at_once)
        assert not runs.has_time_for(2 * runs.at_once, [short, long])
        assert runs.has_time_for(2 * runs.at_once, [short, "not run yet"])
