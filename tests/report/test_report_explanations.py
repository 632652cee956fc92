"""The section on where the model looks."""

from __future__ import annotations

import made_runs
import pytest

ESTIMATE = {"value": 0.31, "low": 0.22, "high": 0.4, "n": 24}


@pytest.fixture
def explained(own_run):
    def explained(*, marks):
        made_runs.write_json(
            own_run / "explanations.json",
            {
                "schema": 1,
                "method": "gradients",
                "covered_share": 0.1,
                "n": 24,
                "marked": ESTIMATE,
                "random": {"value": 0.02, "low": -0.01, "high": 0.05, "n": 24},
                "difference": {"value": 0.29, "low": 0.2, "high": 0.38, "n": 24},
                "marks_what_decides": marks,
                "words": "The maps mark what decides." if marks else "The maps do not mark what decides.",
                "left_out": 6,
                "pictures": [
                    {
                        "path": "test/<script>alert(1)</script>.png",
                        "label": "stuck",
                        "predicted": "normal",
                        "probability": 0.7,
                        "marked": 0.3,
                        "random": 0.1,
                        "jpeg": made_runs.jpeg(0, 1),
                    }
                ],
            },
        )
        return own_run

    return explained


def test_figures_stand_with_their_intervals_and_the_map_is_shown(explained, page):
    section = page(explained(marks=True)).section("explanations")
    assert "31.0\u00a0% (22.0 to 40.0, n\u00a0=\u00a024)" in section.text
    assert "6 more pictures would have been checked" in section.text
    assert len(list(section.all("img"))) == 1
    assert not list(section.all("script"))
    assert not [b for b in section.all("b") if "do not mark" in b.text]


def test_maps_that_mark_nothing_are_not_passed_over(explained, page):
    section = page(explained(marks=False)).section("explanations")
    assert any("The maps do not mark what decides." in bold.text for bold in section.all("b"))


def test_runs_without_the_file_have_no_such_section(binary_run, page):
    assert "explanations" not in page(binary_run).anchors
