"""Tasks in this process: today's order, nothing begun that nobody asks for."""

from __future__ import annotations

from itertools import count, islice

import pytest

from tellapart.scale.executor import Here, in_waves, results_in_order


@pytest.fixture
def begun():
    return []


@pytest.fixture
def task(begun):
    def task(number, *, advance):
        begun.append(number)
        advance(1)
        return number * number

    return task


def test_endless_calls_are_drawn_as_results_are_taken(task, begun):
    drawn = []
    calls = ((number,) for number in count() if drawn.append(number) is None)
    assert list(islice(results_in_order(Here(), task, calls), 3)) == [0, 1, 4]
    assert begun == [0, 1, 2]
    assert len(drawn) < 6


def test_a_task_runs_once_when_its_result_is_wanted(task, begun):
    steps = []
    one = Here().submit(task, 3, threads=2, advance=steps.append)
    assert not begun
    assert (one.result(), one.result()) == (9, 9)
    assert (begun, steps) == ([3], [1])


def test_nothing_is_begun_when_the_time_is_over(task, begun):
    tasks = [Here().submit(task, number) for number in range(3)]
    assert list(Here().completed(tasks, seconds=-1)) == []
    assert not begun
    assert [one.result() for one in Here().completed(tasks)] == [0, 1, 4]


def test_one_process_works_in_waves_of_one():
    assert list(in_waves(Here(), range(3), threads=1)) == [[0], [1], [2]]
