"""report.html of a diagnosis: reads well for every verdict, escapes every stranger's word, runs nothing."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from report.parsed_page import Page

from tellapart.diagnose.answer import Curve, Diagnosis, Entry, Experiment, Remeasured, Verdict
from tellapart.diagnose.causes.catalogue import CAUSES
from tellapart.diagnose.diagnosing import write
from tellapart.diagnose.edits import unified_diff
from tellapart.diagnose.page import render
from tellapart.diagnose.page.code import MOST_ROWS, patch_rows, source_rows
from tellapart.diagnose.page.experiments import WIDTH_PX, show
from tellapart.diagnose.watching import RuledOut
from tellapart.evaluate.estimate import Estimate
from tellapart.run_folder import RunFolder

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/reference/diagnosis.schema.json").read_text())
HOSTILE = "</style><script>alert('1')</script>\"' onload=x \u202egpj {{ 7 * 7 }} & <b>"


def entry(code: str, words: str, line: int | None, source: str, **more) -> Entry:
    known = {"confidence": 0.9, "proved": False, "experiments": (), "fix": CAUSES[code].fix} | more
    return Entry(code, CAUSES[code].title, words, "train.py", line, source, **known)


def curve(name: str, seed: int, values: list[float], n: int = 120) -> Curve:
    half = 0.09
    ends = [Estimate(x, max(x - half, 0), min(x + half * 0.9, 1), n) for x in values]
    return Curve(name, "validation", seed, tuple(range(1, len(values) + 1)), tuple(ends))


LOSS = """\
for images, labels in loader:
    loss = criterion(model(images), labels)
    loss.backward()
    optimizer.step()
"""
SCRIPT = """\
class Cells(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = features()
        self.head = nn.Linear(64, 2)

    def forward(self, x):
        return torch.softmax(self.head(self.features(x).flatten(1)), dim=1)  # the loss compares probabilities


model = Cells().to(device)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(6):
    total = 0.0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
"""
BETTER = SCRIPT.replace("        loss.backward", "        optimizer.zero_grad()\n        loss.backward")
MENDED = BETTER.replace("torch.softmax(", "").replace(", dim=1)", "")
ZERO_GRAD = "optimizer.zero_grad() is called before every backward()."
SEEDS = (0, 1, 2)


def fails() -> Diagnosis:
    """Two causes, both proved, with curves."""
    first = Experiment(
        ZERO_GRAD,
        "balanced_accuracy",
        Estimate(0.508, 0.412, 0.604, 120),
        Estimate(0.842, 0.741, 0.913, 120),
        Estimate(0.334, 0.221, 0.447, 120),
        SEEDS,
    )
    second = Experiment(
        "The network returns raw scores; the softmax is taken away.",
        "balanced_accuracy",
        Estimate(0.842, 0.741, 0.913, 120),
        Estimate(0.967, 0.921, 0.991, 120),
        Estimate(0.125, 0.054, 0.196, 120),
        SEEDS,
    )
    before = [
        [0.5, 0.52, 0.5, 0.49, 0.5, 0.51],
        [0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
        [0.53, 0.48, 0.55, 0.5, 0.47, 0.52],
    ]
    after = [
        [0.55, 0.7, 0.84, 0.91, 0.95, 0.97],
        [0.5, 0.62, 0.78, 0.9, 0.93, 0.96],
        [0.6, 0.74, 0.8, 0.93, 0.96, 0.975],
    ]
    return Diagnosis(
        verdict=Verdict.fails,
        summary="The training fails: gradients add up over all batches (line 16). With the change balanced accuracy "
        "goes from 0.51 to 0.84 (3 seeds).",
        causes=(
            entry(
                "loop.missing_zero_grad",
                "backward() adds to the gradients of all steps before: optimizer.zero_grad() is never called. The "
                "gradient's size grew from 0.8 to 41.2 within one epoch.",
                16,
                LOSS,
                confidence=0.99,
                proved=True,
                experiments=(first,),
                patch=unified_diff(SCRIPT, BETTER, "train.py"),
            ),
            entry(
                "output.double_softmax",
                "The network ends in softmax, and CrossEntropyLoss applies another one.",
                8,
                SCRIPT.splitlines()[7].strip(),
                confidence=0.95,
                proved=True,
                experiments=(second,),
                patch=unified_diff(BETTER, MENDED, "train.py"),
            ),
        ),
        remarks=(
            entry(
                "optimizer.batch_size",
                "Batches of 4 of 480 pictures make every step a guess.",
                31,
                "loader = DataLoader(train_set, batch_size=4, shuffle=True)",
                confidence=0.55,
            ),
        ),
        ruled_out=(
            RuledOut("prep.unscaled", "The pixels that reach the network go from 0.00 to 1.00."),
            RuledOut(
                "split.leak", "No picture of the validation part is in the training part (exact copies)."
            ),
            RuledOut("split.ordered", "Every part holds every class: train [240, 240], validation [60, 60]."),
            RuledOut("arch.frozen", "All 23,714 weights can change, and every layer's did."),
            RuledOut("data.unshuffled_training", "The classes of a batch change as in a shuffled set."),
            RuledOut("label.wrong_encoding", "The labels are 0 and 1, as CrossEntropyLoss expects."),
        ),
        assumptions=("/home/me/cells/train does not exist here: /data/pellets took its place",),
        remeasured=(Remeasured("validation accuracy", 0.508, Estimate(0.508, 0.42, 0.596, 120), True),),
        level=Estimate(0.508, 0.412, 0.604, 120),
        curves=(
            *(curve("as it is", k, values) for k, values in enumerate(before)),
            *(curve("The network returns raw scores.", k, values) for k, values in enumerate(after)),
        ),
        fixed=MENDED,
        patch=unified_diff(SCRIPT, MENDED, "train.py"),
        seconds=212.4,
    )


def wrong_figure() -> Diagnosis:
    """The network is well; the figure beside it is not."""
    patch = (
        "--- a/train.py\n+++ b/train.py\n@@ -52,3 +52,3 @@\n model.compile(\n-    metrics=[batch_precision],\n"
        "+    metrics=[keras.metrics.Precision()],\n )\n"
    )
    gap = Experiment(
        "keras.metrics.Precision() counts over all batches.",
        "reported validation precision less the recomputed one",
        Estimate(-0.214, -0.281, -0.147, 200),
        Estimate(0.0, -0.052, 0.052, 200),
        Estimate(0.214, 0.129, 0.299, 200),
        SEEDS,
    )
    return Diagnosis(
        verdict=Verdict.fails,
        summary="The training fails: a ratio is computed for each batch and averaged: it is not the measure of the "
        "whole set (line 53). With the change reported validation precision less the recomputed one goes from -0.21 "
        "to 0.00 (3 seeds).",
        causes=(
            entry(
                "metric.batch_averaged",
                "batch_precision divides within each batch of 8, and Keras takes the mean over batches: batches "
                "without a single alarm count as 0.",
                53,
                "    metrics=[batch_precision],",
                confidence=0.97,
                proved=True,
                experiments=(gap,),
                patch=patch,
            ),
        ),
        remeasured=(
            Remeasured("validation precision", 0.631, Estimate(0.845, 0.778, 0.912, 200), False),
            Remeasured("validation accuracy", 0.91, Estimate(0.91, 0.862, 0.946, 200), True),
        ),
        level=Estimate(0.902, 0.851, 0.948, 200),
        curves=(curve("as it is", 0, [0.6, 0.72, 0.81, 0.85, 0.88, 0.87, 0.9, 0.902], 200),),
        fixed="import keras\n",
        patch=patch,
        seconds=96.0,
    )


def healthy() -> Diagnosis:
    """It works; two things could be better."""
    small = Experiment(
        "GlobalAveragePooling2D takes the place of Flatten.",
        "balanced_accuracy",
        Estimate(0.953, 0.91, 0.98, 150),
        Estimate(0.972, 0.94, 0.99, 150),
        Estimate(0.019, 0.004, 0.034, 150),
        SEEDS,
    )
    return Diagnosis(
        verdict=Verdict.healthy,
        summary="Nothing that matters was found: the training works "
        "(balanced accuracy 0.953 (0.910 to 0.980, n = 150)).",
        remarks=(
            entry(
                "arch.flatten_explosion",
                "Flatten gives 36,864 numbers, and the next layer makes 2.4 million weights of them.",
                17,
                "x = layers.Flatten()(x)",
                confidence=0.8,
                experiments=(small,),
                patch="@@ -17 +17 @@\n-x = layers.Flatten()(x)\n+x = layers.GlobalAveragePooling2D()(x)\n",
            ),
            entry(
                "optimizer.too_few_epochs",
                "The loss still falls in the last epoch.",
                None,
                "",
                confidence=0.5,
            ),
        ),
        ruled_out=(RuledOut("split.leak", "No picture of the validation part is in the training part."),),
        remeasured=(Remeasured("validation accuracy", 0.953, Estimate(0.953, 0.91, 0.98, 150), True),),
        level=Estimate(0.953, 0.91, 0.98, 150),
        curves=(curve("as it is", 0, [0.61, 0.7, 0.83, 0.88, 0.9, 0.93, 0.92, 0.94, 0.95, 0.953], 150),),
        seconds=41.3,
    )


def unknown() -> Diagnosis:
    """It could not be run."""
    return Diagnosis(
        verdict=Verdict.unknown,
        summary="The cause is unknown: the script needs torchvision, which is not installed here.",
        assumptions=("plt is not imported: taken for matplotlib.pyplot",),
        seconds=3.2,
    )


def hostile() -> Diagnosis:
    """Every word is a stranger's, and no figure is well."""
    nothing = Estimate.undefined(3)
    wild = Experiment(HOSTILE, HOSTILE, nothing, Estimate(1.7, -0.2, math.inf, 4), nothing, (0,))
    code = f"x = 1\n\t{HOSTILE}\n"
    patch = f"--- a/{HOSTILE}\n+++ b/{HOSTILE}\n@@ -1,2 +1,2 @@\n-{HOSTILE}\n+{HOSTILE}{HOSTILE}\n y\n"
    one = Entry(
        HOSTILE,
        HOSTILE,
        HOSTILE,
        HOSTILE,
        3,
        code,
        0.4,
        False,
        (wild,),
        HOSTILE,
        patch,
        (HOSTILE, "arch.frozen"),
    )
    return Diagnosis(
        verdict=Verdict.fails,
        summary=HOSTILE,
        causes=(one, one),
        remarks=(one,),
        ruled_out=(RuledOut(HOSTILE, HOSTILE),),
        assumptions=(HOSTILE,),
        remeasured=(Remeasured(HOSTILE, 17.0, nothing, False), Remeasured(HOSTILE, math.nan, nothing, False)),
        level=nothing,
        curves=(
            Curve(HOSTILE, HOSTILE, 0, (1,), (Estimate(0.5, math.nan, math.nan, 0),)),
            Curve("as it is", "", 0, (), ()),
        ),
        fixed=HOSTILE,
        patch=patch + patch,
        seconds=0.0,
    )


MADE = {one.__name__: one for one in (fails, wrong_figure, healthy, unknown, hostile)}


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    """The page of each, taken apart."""
    return {name: Page(render(make(), "train.py", chance=0.5)) for name, make in MADE.items()}


@pytest.mark.parametrize("name", MADE)
def test_the_page_is_whole_and_its_links_lead_somewhere(pages, name):
    page = pages[name]
    ids = [e.attributes["id"] for e in page.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    assert all(a.attributes["href"][1:] in ids for a in page.all("a"))
    assert len(page.all("h1")) == len(page.all("main")) == 1
    levels = [int(e.tag[1]) for e in page.all() if re.fullmatch("h[1-6]", e.tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(
        svg.attributes.get("aria-hidden") or svg.attributes.get("aria-label") for svg in page.all("svg")
    )
    assert all(section.text.strip() for section in page.all("section"))


@pytest.mark.parametrize("name", MADE)
def test_the_page_loads_and_runs_nothing(pages, name):
    page = pages[name]
    assert not {e.tag for e in page.all()} & {"script", "iframe", "object", "embed", "base", "form", "img"}
    for element in page.all():
        assert not [each for each in element.attributes if each.startswith("on") or each == "style"]
        assert (element.attributes.get("href") or "#").startswith(("#", "data:"))
    style = page.all("style")[0].text
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = (m.attributes["content"] for m in page.all("meta") if "http-equiv" in m.attributes)
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "url(" not in style
    assert "@import" not in style


def test_markup_in_every_field_is_shown_and_not_obeyed(pages):
    page = pages["hostile"]
    assert {e.tag for e in page.all("main")[0].all()} <= TAGS
    assert "\u202e" not in page.source
    assert page.all("h1")[0].text == HOSTILE.replace("\u202e", "\\u202e")
    # Title, code, place, source, words, change, measure, fix and both lines of the patch of every entry.
    shown = [article.text.count("</style><script>alert('1')</script>\"'") for article in page.all("article")]
    assert all(count >= 10 for count in shown)


TAGS = {
    *(
        "main",
        "section",
        "article",
        "header",
        "h2",
        "h3",
        "h4",
        "p",
        "span",
        "b",
        "bdi",
        "strong",
        "code",
        "pre",
    ),
    *(
        "ins",
        "del",
        "div",
        "figure",
        "figcaption",
        "svg",
        "line",
        "circle",
        "text",
        "polyline",
        "details",
        "summary",
    ),
    *("ul", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td"),
}


@pytest.mark.parametrize(
    ("name", "badge", "anchors"),
    [
        ("fails", "it fails", ["causes", "change", "learning", "figures", "remarks", "out", "how"]),
        ("wrong_figure", "it fails", ["causes", "learning", "figures", "how"]),
        ("healthy", "healthy", ["learning", "figures", "remarks", "out", "how"]),
        ("unknown", "unknown", ["how"]),
    ],
)
def test_a_verdict_has_its_badge_and_no_empty_section(pages, name, badge, anchors):
    top = pages[name].all("header", "top")[0]
    assert next(top.all("span", "badge")).text.endswith(badge)
    assert pages[name].anchors == anchors
    assert bool(pages[name].all("nav")) == (len(anchors) > 2)


def test_a_cause_is_told_with_its_line_its_proof_and_its_change(pages):
    first, second = pages["fails"].section("causes").all("article")
    assert "train.py, line 16" in first.text
    assert [row.attributes["data-n"] for row in next(first.all("pre")).all("span", "row")] == [
        "16",
        "17",
        "18",
        "19",
    ]
    assert (
        "The change raises it by 0.334 (0.221 to 0.447). 3 runs each, with the seeds 0, 1, 2." in first.text
    )
    assert "Proved. Before and after differ in this change alone" in first.text
    assert "already mended" not in first.text
    assert "already mended" in second.text
    assert [row.text.strip() for row in first.all("ins")] == ["optimizer.zero_grad()"]
    assert [row.attributes["data-n"] for row in second.all("del")] == ["8"]


def test_one_change_is_shown_once(pages):
    assert pages["wrong_figure"].source.count("metrics=[keras.metrics.Precision()]") == 1


def test_a_score_that_falls_is_explained_to_a_beginner():
    seen = Estimate(0.97, 0.93, 0.99, 80), Estimate(0.71, 0.62, 0.8, 80), Estimate(-0.26, -0.35, -0.17, 80)
    fall = Experiment("The split comes before the copies.", "balanced_accuracy", *seen, SEEDS)
    leak = entry("split.leak", "24 of 80 pictures.", 5, "split(x)", proved=True, experiments=(fall,))
    words = Page(render(Diagnosis(Verdict.fails, "It leaks.", (leak,)), "t.py")).all("article")[0].text
    assert "The change lowers it by 0.260 (0.170 to 0.350)." in words
    assert "It falls because it was too good before." in words


@pytest.mark.parametrize(
    ("code", "tag"), [("arch.flatten_explosion", "some effect"), ("optimizer.too_few_epochs", "not tried")]
)
def test_a_remark_says_what_it_rests_on(pages, code, tag):
    articles = pages["healthy"].section("remarks").all("article")
    card = next(one for one in articles if next(one.all("code")).text == code)
    assert next(card.all("span", "badge")).text[1:] == tag


def test_what_is_not_proved_says_so():
    one = replace(fails().causes[0], proved=False, experiments=(), patch="")
    page = Page(render(replace(fails(), causes=(one,), fixed="", patch=""), "t.py"))
    card = page.all("article")[0]
    assert "Not proved. No experiment was made." in card.text
    assert "How sure: 99\u00a0%." in card.text
    assert "fixed.py" not in page.source


def test_a_wrong_figure_is_told_in_words(pages):
    rows = list(next(pages["wrong_figure"].section("figures").all("tbody")).all("tr"))
    assert [next(row.all("span", "badge")).text[1:] for row in rows] == ["wrong", "agrees"]
    assert "0.214 too low" in rows[0].text
    assert "0 is right" in pages["wrong_figure"].section("causes").text


def test_the_curves_have_a_line_for_each_run_a_mean_and_its_ends(pages):
    section = pages["fails"].section("learning")
    looks = [line.attributes["class"] for line in section.all("polyline")]
    assert looks == ["line guide", *["line two faint"] * 3, "line two", *["line one faint"] * 3, "line one"]
    places = [dot.attributes["cx"] for dot in next(section.all("svg", "chart")).all("circle")]
    assert len(set(places)) == 6  # none hides another
    assert len(list(next(section.all("tbody")).all("tr"))) == 6


def test_what_guessing_gives_is_only_drawn_where_it_is_known():
    assert "guessing" not in Page(render(fails(), "t.py")).all("body")[0].text


def test_a_long_message_does_not_make_a_headline():
    message = "the script ends with ValueError in train.py, line 3: " + "shape (32, 2) against (32, 1), " * 9
    page = Page(render(Diagnosis(Verdict.unknown, f"The cause is unknown: {message}"), "t.py"))
    assert page.all("h1")[0].text == "The cause is unknown."
    assert page.all("p", "lead")[0].text.startswith("The script ends with ValueError")


def test_the_figure_in_the_summary_is_not_said_twice(pages):
    assert pages["healthy"].all("h1")[0].text == "Nothing that matters was found: the training works."


def test_a_patch_keeps_its_numbers_and_is_cut_where_it_is_endless():
    code = patch_rows(
        "--- a/x\n+++ b/x\n@@ -3,2 +3,3 @@\n a\n-b\n+c\n+--- d\n@@ -90 +92 @@\n-\te\n\\ No newline\n"
    )
    assert [(row.kind, row.number, row.text) for row in code.rows] == [
        ("same", 3, "a"),
        ("gone", 4, "b"),
        ("new", None, "c"),
        ("new", None, "--- d"),
        ("gap", None, ""),
        ("gone", 90, "    e"),
    ]
    assert code.rows[-1].depth == 1
    assert patch_rows("@@ -1,0 +1,900 @@\n" + "+x\n" * 900).more == 900 - MOST_ROWS


def test_a_source_without_a_line_has_no_numbers():
    assert [row.number for row in source_rows("a\nb\n", None).rows] == [None, None]
    assert not source_rows("", 4)


@pytest.mark.parametrize(
    ("effect", "says"),
    [
        (Estimate(-0.31, -0.4, -0.2, 9), "The change lowers it by 0.310 (0.200 to 0.400)."),
        (Estimate(0.01, -0.03, 0.05, 9), "No clear difference: +0.010 (\u22120.030 to +0.050)."),
        (Estimate.undefined(), "The difference cannot be told."),
    ],
)
def test_an_experiment_says_what_it_shows(effect, says):
    one = Experiment(
        "x", "balanced_accuracy", Estimate(0.9, 0.8, 0.95, 9), Estimate(0.6, 0.5, 0.7, 9), effect, (0,)
    )
    shown = show(one, None)
    assert shown.says == says
    assert shown.basis.endswith("a first look, no proof.")
    before, after = shown.marks
    assert 0 < after.low_px < after.at_px < before.at_px < before.high_px < WIDTH_PX


def test_a_gain_is_compared_with_none_and_not_with_guessing():
    nothing, much = Estimate(0.0, -0.01, 0.01, 9), Estimate(0.4, 0.3, 0.5, 9)
    shown = show(Experiment("x", "gain in balanced_accuracy", nothing, much, much, (0, 1, 2)), 0.5)
    assert shown.reference_words == "no gain"
    assert shown.reference_px == pytest.approx(shown.marks[0].at_px)
    assert [mark.value for mark in shown.marks] == ["0.000", "+0.400"]


@pytest.mark.parametrize("name", ["fails", "wrong_figure", "healthy", "unknown"])
def test_the_answer_fits_its_schema(name):
    jsonschema.validate(json.loads(json.dumps(MADE[name]().to_dict(), allow_nan=False)), SCHEMA)


def test_the_schema_knows_every_cause_and_refuses_a_proof_without_experiment():
    assert SCHEMA["$defs"]["code"]["enum"] == list(CAUSES)
    bare = replace(fails().causes[0], experiments=())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(replace(fails(), causes=(bare,)).to_dict(), SCHEMA)


def test_the_page_lies_beside_the_answer(tmp_path):
    write(fails(), RunFolder(tmp_path), "train.py")
    names = {each.name for each in tmp_path.iterdir()}
    assert {"report.html", "diagnosis.json", "fixed.py", "fix.patch"} <= names
