"""Charts: marks lie where their numbers say, inside of the box."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tellapart.evaluate.estimate import Estimate
from tellapart.report.charts.chart import (
    BOTTOM_PX,
    LEFT_PX,
    RIGHT_PX,
    TOP_PX,
    Chart,
    Line,
    count_axis,
    share_axis,
)
from tellapart.report.charts.learning import draw_learning
from tellapart.report.charts.small import draw_glyph, draw_thousand
from tellapart.report.numbers import Figure
from tellapart.report.summary import Fold, LearningCurve, PerThousand


def test_places_run_from_corner_to_corner():
    chart = Chart("", "", share_axis("x"), share_axis("y"))
    assert chart.polyline(Line([(0, 0), (1, 1)], "one")) == f"{LEFT_PX},{BOTTOM_PX} {RIGHT_PX},{TOP_PX}"


def test_what_lies_outside_is_drawn_at_the_edge():
    chart = Chart("", "", share_axis("x"), share_axis("y"))
    assert chart.y_px(99.0) == TOP_PX
    assert chart.x_px(-99.0) == LEFT_PX


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_round_few_and_on_the_axis(low, span):
    axis = count_axis("x", low, low + span)
    assert 1 <= len(axis.ticks) <= 12
    slack = 1e-6 * max(span, abs(low), 1)
    assert all(axis.low - slack <= value <= axis.high + slack for value, _ in axis.ticks)


def test_an_axis_of_one_value_still_has_a_width():
    assert count_axis("x", 3.0, 3.0).high > 3.0


def curve(*folds: Fold) -> LearningCurve:
    return LearningCurve("detail", "folds", folds)


def test_the_mean_covers_the_steps_that_every_fold_reached():
    long = Fold((0, 1, 2), (3.0, 2.0, 1.0), (None,) * 3, (None,) * 3)
    short = Fold((0, 1), (5.0, 4.0), (None,) * 2, (None,) * 2)
    (loss,) = draw_learning(curve(long, short))
    assert [line.look for line in loss.lines] == ["two faint", "two faint", "two"]
    assert loss.lines[-1].points == [(0, 4.0), (1, 3.0)]


def test_what_was_never_measured_is_not_drawn():
    assert draw_learning(curve(Fold((0, 1), (None, None), (None, None), (None, None)))) == ()


def test_a_huge_first_loss_does_not_flatten_the_rest():
    steps = tuple(range(100))
    (loss,) = draw_learning(curve(Fold(steps, (1000.0, *[0.5] * 99), (None,) * 100, (None,) * 100)))
    assert loss.y.high < 1


@pytest.mark.parametrize("e", [Estimate.undefined(), Estimate(1.4, 1.0, 2.0, 9)])
def test_no_interval_is_drawn_for_what_has_none_or_another_scale(e):
    assert draw_glyph(Figure("", e)) is None


def test_interval_holds_its_value():
    glyph = draw_glyph(Figure("", Estimate(0.5, 0.4, 0.7, 9)), reference=0.5)
    assert glyph.low < glyph.value == glyph.reference < glyph.high


def per_thousand(missed: Estimate, alarms: Estimate) -> PerThousand:
    return PerThousand("", 20.0, Figure("", missed, "count"), Figure("", alarms, "count"))


def test_a_thousand_dots_are_shared_out():
    drawn = draw_thousand(per_thousand(Estimate(3.2, 1, 6, 50), Estimate(40.0, 20, 70, 50)))
    assert (drawn.n_found, drawn.n_missed, drawn.n_alarms) == (17, 3, 40)
    assert [p.count("h0") for p in (drawn.found, drawn.missed, drawn.alarms, drawn.rest)] == [17, 3, 40, 940]


def test_undefined_shares_draw_no_dots():
    assert draw_thousand(per_thousand(Estimate.undefined(), Estimate(40.0, 20, 70, 50))) is None
