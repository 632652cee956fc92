"""report.html: one file, well-formed, loading and running nothing, and no figure without its interval."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re

import made_runs
import pytest

from tellapart.report import read_summary, render_report

FIGURE = re.compile(
    r"^(not defined \(n = [\d,]+\)|[\d.]+( %)? \([\d.]+ to [\d.]+, n = [\d,]+\))$".replace(" ", "[ \u00a0]")
)


@pytest.fixture(scope="session", params=["binary", "many"])
def any_run(request, binary_run, many_run):
    return {"binary": binary_run, "many": many_run}[request.param]


def test_page_is_well_formed_and_every_link_leads_somewhere(any_run, page):
    made = page(any_run)
    ids = [e.attributes["id"] for e in made.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    links = [a.attributes["href"] for a in made.all("a")]
    assert links
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    labelled = [e.attributes["aria-labelledby"] for e in made.all() if "aria-labelledby" in e.attributes]
    assert set(labelled) <= set(ids)


def test_page_can_be_read_without_seeing_it(any_run, page):
    made = page(any_run)
    assert made.all("html")[0].attributes["lang"] == "en"
    assert len(made.all("h1")) == len(made.all("main")) == 1
    levels = [int(e.tag[1]) for e in made.all() if re.fullmatch("h[1-6]", e.tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(image.attributes.get("alt") for image in made.all("img"))
    assert all(th.attributes.get("scope") in ("row", "col") for th in made.all("th"))
    for svg in made.all("svg"):
        assert svg.attributes.get("aria-hidden") == "true" or svg.attributes.get("aria-label")


def test_page_loads_and_runs_nothing(any_run, page):
    made = page(any_run)
    assert not {e.tag for e in made.all()} & {"script", "iframe", "object", "embed", "base", "form", "video"}
    for element in made.all():
        assert not [name for name in element.attributes if name.startswith("on") or name == "style"]
        for name in ("src", "href", "srcset", "action", "xlink:href"):
            assert (element.attributes.get(name) or "#").startswith(("#", "data:"))
    style = made.all("style")[0].text
    assert "url(" not in style
    assert "@import" not in style


def test_policy_names_the_one_style_sheet(binary_run, page):
    made = page(binary_run)
    policy = next(
        m.attributes["content"]
        for m in made.all("meta")
        if m.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    digest = base64.b64encode(hashlib.sha256(made.all("style")[0].text.encode()).digest()).decode()
    assert len(made.all("style")) == 1
    assert policy.startswith("default-src 'none';")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy


def test_names_of_strangers_are_text_and_nothing_else(many_run, page):
    made = page(many_run)
    assert all(image.classes == ["thumbnail"] for image in made.all("img"))
    shown = " ".join(made.section("errors").text.split())
    for name in ("<img src=x onerror=alert(1)>", "a|b `code` $x$", "{{ 7 * 7 }} & \"quoted\" 'too'"):
        assert name in shown
    assert "\\u202egpj.exe" in shown
    assert not set(made.source) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_long_names_are_shortened_but_not_lost(many_run, page):
    long = made_runs.HOSTILE[3]
    rows = [th for th in page(many_run).section("errors").all("bdi") if th.attributes.get("title") == long]
    assert rows
    assert all(len(row.text) <= 48 for row in rows)


def test_names_stand_in_isolation_so_that_their_direction_stays_their_own(many_run, page):
    hebrew = made_runs.HOSTILE[2]
    headers = [th for th in page(many_run).section("errors").all("th") if hebrew in th.text]
    assert headers
    visible = [th for th in headers if th.attributes["scope"] == "row"]
    assert all(hebrew in "".join(b.text for b in th.all("bdi")) for th in visible)


def test_every_figure_has_its_interval_and_n(any_run, page):
    figures = [figure.text for figure in page(any_run).all("span", "figure")]
    assert len(figures) > 30
    assert [text for text in figures if not FIGURE.match(text)] == []


def test_no_percentage_stands_outside_of_a_figure(any_run, page):
    # words written by other rooms of the package carry their own intervals; levels are no estimates
    own = {"aim", "svg", "figure", "level", "how", "verdicts", "reasons", "plot"}
    for anchor in ("figures", "errors", "threshold", "unsure", "members", "gallery"):
        made = page(any_run)
        if anchor in made.anchors:
            assert "%" not in made.section(anchor).without(*own).replace("Of 1,000", ""), anchor


def test_figures_of_metrics_are_on_the_page(binary_run, page):
    test = json.loads((binary_run / "metrics.json").read_text())["test"]
    shown = page(binary_run).section("figures").text.replace("\u00a0", " ")
    for key in ("accuracy", "balanced_accuracy", "macro_f1"):
        e = test[key]
        assert f"{100 * e['value']:.1f} % ({100 * e['low']:.1f} to {100 * e['high']:.1f}, n = 60)" in shown
    log_loss = test["log_loss"]
    assert f"{log_loss['value']:.3f} ({log_loss['low']:.3f} to {log_loss['high']:.3f}, n = 60)" in shown


def test_answer_comes_first_and_the_decision_is_told_by_more_than_colour(binary_run, page):
    made = page(binary_run)
    words = json.loads((binary_run / "metrics.json").read_text())["words"]
    assert made.all("h1")[0].text == words["sentence"]
    badges = [badge.text for badge in made.all("header")[0].all("span", "badge")]
    assert badges[0] == "✓trustworthy"


@pytest.mark.parametrize(
    ("decision", "sign"),
    [
        ("leaking", "✕"),
        ("shortcut", "!"),
        ("too few to tell", "?"),
        ("no better than chance", "≈"),
        ("a new one", "i"),
    ],
)
def test_every_decision_has_its_sign(own_run, page, decision, sign):
    made_runs.change(own_run, "metrics.json", decision=decision)
    assert page(own_run).all("span", "badge")[0].text == sign + decision


@pytest.mark.parametrize(("met", "words"), [(True, "fit for the aim"), (False, "not fit for the aim")])
def test_fitness_for_use_is_told_beside_the_decision(own_run, page, met, words):
    fit = {"aim": "recall at least 95 %", "met": met, "words": "Reached: 97 %."}
    made_runs.change(own_run, "metrics.json", fit_for_use=fit)
    header = page(own_run).all("header")[0].text
    assert words in header
    assert "recall at least 95 %" in header


def test_undefined_figures_say_so(own_run, page):
    metrics = json.loads((own_run / "metrics.json").read_text())
    metrics["test"]["roc_auc"] = {"value": None, "low": None, "high": None, "n": 0}
    metrics["test"]["per_class"]["stuck"]["precision"] = {
        "value": float("nan"),
        "low": None,
        "high": None,
        "n": 0,
    }
    (own_run / "metrics.json").write_text(json.dumps(metrics))
    made = page(own_run)
    for anchor in ("figures", "errors"):
        assert "not defined (n = 0)" in made.section(anchor).text.replace("\u00a0", " ")
    assert "nan" not in made.source.lower().replace("nano", "")


def test_an_estimate_without_n_takes_that_of_its_part(own_run, page):
    metrics = json.loads((own_run / "metrics.json").read_text())
    metrics["test"]["accuracy"] = {"value": 0.98, "low": 0.91, "high": 1.0}
    (own_run / "metrics.json").write_text(json.dumps(metrics))
    assert "98.0 % (91.0 to 100, n = 60)" in page(own_run).section("figures").text.replace("\u00a0", " ")


def test_of_a_thousand_parts_each_is_one_dot(binary_run, page):
    made = page(binary_run)
    paths = [p.attributes["d"] for p in next(iter(made.all("svg", "thousand"))).all("path")]
    assert sum(path.count("h0") for path in paths) == 1000
    assert "Of 1,000 parts" in made.section("figures").text


def test_with_copies_both_scores_are_shown(own_run, page):
    metrics = json.loads((own_run / "metrics.json").read_text())
    with_copies = metrics["test"] | {"accuracy": {"value": 0.999, "low": 0.95, "high": 1.0, "n": 60}}
    made_runs.change(own_run, "metrics.json", decision="leaking", test_with_copies=with_copies)
    shown = page(own_run).section("figures").text.replace("\u00a0", " ")
    assert "with copies" in shown
    assert "99.9 % (95.0 to 100, n = 60)" in shown


def test_more_than_two_classes_have_no_threshold(many_run, page):
    made = page(many_run)
    assert "threshold" not in made.anchors
    assert {"errors", "probabilities", "learning"} <= set(made.anchors)
    matrix = next(iter(made.section("errors").all("table", "confusion")))
    assert len([td for td in matrix.all("td") if td.classes]) == 49


def test_very_many_classes_get_a_list_of_mix_ups_instead_of_a_matrix(own_run, page):
    names = [f"class {k}" for k in range(30)]
    confusion = [[5 if i == j else int(j == i + 1) for j in range(30)] for i in range(30)]
    test = {"n": 150, "confusion": confusion, "per_class": {}}
    made_runs.change(own_run, "metrics.json", classes=names, test=test, threshold=None, trade_off=None)
    section = page(own_run).section("errors")
    assert not list(section.all("table", "confusion"))
    assert "class 0 taken for class 1: 1 of 6" in section.text


@pytest.mark.parametrize(
    ("file", "anchor"),
    [
        ("audit.json", "audit"),
        ("gallery.json", "gallery"),
        ("history.csv", "learning"),
        ("plan.json", "plan"),
        ("predictions.csv", "probabilities"),
    ],
)
def test_without_an_optional_file_only_its_section_is_missing(own_run, binary_run, page, file, anchor):
    (own_run / file).unlink()
    before, after = page(binary_run).anchors, page(own_run).anchors
    assert set(before) - set(after) == {anchor}


def test_metrics_alone_are_enough_even_bare_ones(tmp_path, page):
    (tmp_path / "metrics.json").write_text('{"schema": 1, "classes": ["a", "b"], "test": {"n": 3}}')
    made = page(tmp_path)
    assert made.anchors == ["figures", "again"]
    assert "not decided" in made.all("h1")[0].text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.json", None),
        ("metrics.json", '{"schema": 99}'),
        ("metrics.json", "{"),
        ("metrics.json", "[1]"),
        ("plan.json", '{"settings": '),
    ],
)
def test_damaged_or_foreign_folders_are_refused(own_run, refused, name, content):
    path = own_run / name
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    assert "run" in refused(render_report, own_run).where


def test_a_folder_that_is_not_there_is_refused(tmp_path, refused):
    assert "no such folder" in refused(read_summary, tmp_path / "nowhere").found


def test_the_same_folder_gives_the_same_page(any_run):
    assert render_report(any_run) == render_report(any_run)


def test_thumbnails_that_are_no_base64_are_left_out(own_run, page):
    gallery = json.loads((own_run / "gallery.json").read_text())
    gallery["pictures"] = [{"path": "a.png", "label": "normal", "predicted": "stuck", "jpeg": '"><script>'}]
    (own_run / "gallery.json").write_text(json.dumps(gallery))
    made = page(own_run)
    assert "no thumbnail" in made.section("gallery").text
    assert not made.all("script")


def test_gravest_finding_comes_first_with_its_pictures(binary_run, page):
    section = page(binary_run).section("audit")
    assert [code.text for code in section.all("code")] == [
        "shortcut.brightness",
        "copies.near",
        "files.mixed_sizes",
    ]
    warning = next(a for a in section.all("article") if "warn" in a.classes)
    assert len(list(warning.all("figure", "pair"))) == 2
    assert len(list(warning.all("img"))) == 4
    assert "0.812 (0.741 to 0.869, n = 380)" in section.text.replace("\u00a0", " ")


def test_plan_time_files_and_versions_are_told(binary_run, page):
    made = page(binary_run)
    assert "They kept the label in an out-of-fold trial." in made.section("plan").text
    assert "the ceiling is 10 min" in made.section("plan").text
    times = made.section("time").text.replace("\u00a0", " ")
    assert "1 min 38 s" in times
    assert "2 min" in times
    assert "truncated" in made.section("files").text
    assert "train 380, test 60" in made.section("files").text
    assert "2.13.0" in made.section("again").text
    assert "tellapart train 'pictures of normal' --out run" in made.section("again").text


def test_members_show_what_was_chosen_and_why(binary_run, page):
    section = page(binary_run).section("members")
    chosen = list(section.all("tr", "chosen"))
    assert ["detail" in row.text and "✓ yes" in row.text for row in chosen] == [True]
    assert "no better than guessing out of fold" in section.text
    assert "Apache-2.0" in section.text
