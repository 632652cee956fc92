"""Numbers and names in words: no bare estimate, no rounding to certainty, no hidden characters."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tellapart.evaluate.estimate import Estimate
from tellapart.report.numbers import Figure, as_estimate, duration, in_unit, p_value, plain
from tellapart.report.text import clean, markdown, shorten, visible


def words(estimate: Estimate, unit="share") -> str:
    return str(Figure("figure", estimate, unit)).replace("\u00a0", " ")


def test_a_share_is_written_in_percent_with_interval_and_n():
    assert words(Estimate(0.98333, 0.9106, 0.9996, 60)) == "98.3 % (91.1 to 99.9, n = 60)"


def test_what_is_not_defined_has_still_its_n():
    assert words(Estimate.undefined(4)) == "not defined (n = 4)"


def test_an_unknown_interval_or_n_is_admitted():
    assert words(Estimate(0.5, math.nan, math.nan, 0)) == "50.0 % (interval not known, n not stated)"


@pytest.mark.parametrize(
    ("number", "unit", "expected"),
    [
        (1.0, "share", "100"),
        (0.99999, "share", "99.9"),
        (0.00001, "share", "0.1"),
        (0.0, "share", "0"),
        (1 - 1e-16, "share", "100"),
        (0.9999, "score", "0.999"),
        (1.234, "score", "1.234"),
        (0.33, "count", "0.33"),
        (114.7, "count", "115"),
    ],
)
def test_nothing_rounds_to_certainty(number, unit, expected):
    assert in_unit(number, unit) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.42, "0.4 s"),
        (41.3, "41 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3780, "1 h 3 min"),
        (None, "not measured"),
    ],
)
def test_durations(seconds, expected):
    assert duration(seconds).replace("\u00a0", " ") == expected


def test_p_values():
    assert [p_value(p).replace("\u00a0", " ") for p in (1e-12, 0.031, None)] == [
        "p < 0.001",
        "p = 0.031",
        "p not defined",
    ]


def test_values_of_a_plan_or_an_audit():
    assert (
        plain({"sizes": {"a": 1200}, "grey": True, "mean": 0.123456})
        == "sizes: a: 1,200; grey: yes; mean: 0.1235"
    )
    assert plain([1, "b", None]) == "1, b, not defined"
    assert "n = 9" in plain({"value": 0.5, "low": 0.2, "high": 0.8, "n": 9}).replace("\u00a0", " ")


@pytest.mark.parametrize("value", [None, 3, {}, {"value": "x", "low": None, "high": None, "n": None}])
def test_anything_else_is_an_undefined_estimate(value):
    assert not as_estimate(value).is_defined


def test_hidden_characters_are_spelled_out():
    assert visible("a\u202eb\x00c\udcff\nd") == "a\\u202eb\\x00c\\udcff d"
    assert clean({"k\x07": ["\u2066", 1, None]}) == {"k\\x07": ["\\u2066", 1, None]}


def test_shortening_keeps_beginning_and_end():
    assert shorten("x" * 20) == "x" * 20
    short = shorten("begin" + "-" * 100 + "end", 20)
    assert len(short) == 20
    assert short.startswith("begin")
    assert short.endswith("end")


@given(st.text())
def test_text_is_visible_and_can_be_written(text):
    assert len(visible(text).splitlines()) <= 1
    assert visible(visible(text)) == visible(text)
    visible(text).encode()


@given(st.text(alphabet=st.sampled_from("ab1-+=.)#*_`[]()!|<>&~$:\\@/ wthps\"'\nא")))
def test_markdown_shows_the_text_as_it_is(text):
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(f"- {markdown(text)}\n")
    children = [child for token in tokens if token.type == "inline" for child in token.children]
    assert {child.type for child in children} <= {"text", "text_special"}
    shown = "".join(child.content for child in children).strip("\u2068\u2069").strip()
    assert shown == visible(text).strip()
    assert [t.type for t in tokens if t.type.endswith("_open")] in (
        ["bullet_list_open", "list_item_open"],
        ["bullet_list_open", "list_item_open", "paragraph_open"],
    )


@pytest.mark.parametrize(
    "text", ["http://evil.example", "www.evil.example", "see HTTPS://x.y", "me@evil.example"]
)
def test_markdown_makes_no_links_of_its_own(text):
    # a sign behind a backslash is a text of its own, which linkifiers do not look across
    assert re.search(r"(?i)https?\\:|www\\.|\\@", markdown(text))
