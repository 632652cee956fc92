"""The page of `serve` in a real browser, on a real run whose classes and files have hostile names."""

from __future__ import annotations

import contextlib
import csv
import html
import io
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from shapes_set import picture

from tellapart.cells import plain_label, plain_path
from tellapart.cli import main
from tellapart.deploy.service.limits import Limits
from tellapart.pictures.read import read_pictures
from tests.deploy.service import in_thread

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)
needs_browser = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium here; Debian: apt-get install chromium"
)

MARKUP, FORMULA = "<img src=x onerror=alert(1)>", "=cmd()"
ODD = (
    "<img src=x onerror=alert(1)>.png",
    "=cmd()|calc.png",
    "\u202egpj.exe.png",
    "two\nlines.png",
    "\x1b]0;owned\x07.png",
    "--out x.png",
    "%2e%2e%2fx.png",
    "x" * 251 + ".png",
)
"""The longest is as long as file systems have them. Half of these lie in either class, and are wrong there."""
TOKEN = "a-token-of-the-tests"


@pytest.fixture(scope="module")
def command() -> Iterator[Callable[..., tuple[int, str, str]]]:
    """Run the real command in this process; returns exit status, output and what was said."""

    def command(*arguments: object) -> tuple[int, str, str]:
        out, said = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patched,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(said),
        ):
            patched.setattr(sys, "argv", ["tellapart", *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                main()
        return int(ended.value.code or 0), out.getvalue(), said.getvalue()

    before = signal.getsignal(signal.SIGINT)
    yield command
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 filled spots in one class and 24 rings in the other, but for those of `ODD`: they lie in the wrong one."""
    root, rng = tmp_path_factory.mktemp("hostile") / "pictures", np.random.default_rng(0)
    for filled, name in ((True, FORMULA), (False, MARKUP)):
        (root / name).mkdir(parents=True)
        for number in range(24):
            picture(rng, bright=filled).save(root / name / f"{number:03d}.png")
        for odd in ODD[filled::2]:
            picture(rng, bright=not filled).save(root / name / odd)
    return root


@pytest.fixture(scope="module")
def trained(
    pictures: Path, command: Callable[..., tuple[int, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """RUN, trained with a corrections file, and what was said meanwhile."""
    folder = tmp_path_factory.mktemp("hostile-run")
    write(
        folder / "looked.csv",
        [
            ["path", "label", "decision"],
            [f"{MARKUP}/{ODD[0]}", f"'{FORMULA}", "change"],
            [f"./{FORMULA}/{ODD[1]}", MARKUP, "change"],
            [f"./{FORMULA}/{ODD[3]}", "", "skip"],
            ["gone.png", MARKUP, "keep"],
        ],
    )
    options = ("--members", "probe", "--corrections", folder / "looked.csv")
    status, _, said = command("train", pictures, "--out", folder / "run", *options)
    assert status == 0, said
    return folder / "run", said


def write(file: Path, rows: list[list[str]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows(rows)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def test_corrected_labels_are_trained_on_and_said(trained, pictures):
    run, said = trained
    labels = {plain_path(row["path"]): plain_label(row["label"]) for row in rows(run / "split.csv")}
    assert labels[f"{MARKUP}/{ODD[0]}"] == FORMULA
    assert labels[f"{FORMULA}/{ODD[1]}"] == MARKUP
    assert labels[f"{FORMULA}/{ODD[3]}"] == FORMULA
    facts = json.loads((run / "metrics.json").read_text())["pictures"]
    assert facts["labels_corrected"] == 2
    plan = json.loads((run / "plan.json").read_text())
    assert sum(plan["fingerprint"]["corrected_labels"].values()) == 2
    for name in ("report.html", "MODEL_CARD.md"):
        assert "2 labels were corrected before the pictures were split." in (run / name).read_text()
    assert "1 of 4 rows" in said
    assert len(rows(run / "corrections.csv")) == 4


def test_other_corrections_are_another_command(trained, pictures, command):
    run, _ = trained
    other = run.parent / "other.csv"
    write(other, [["path", "label"], [f"{MARKUP}/000.png", FORMULA]])
    status, _, said = command(
        "train", pictures, "--out", run, "--members", "probe", "--corrections", other, "--strict"
    )
    assert status == 2
    assert "corrections_file" in said


def test_no_name_is_markup_formula_or_control_in_what_a_run_leaves(trained, pictures):
    run, said = trained
    files = {file.relative_to(pictures).as_posix() for file in pictures.rglob("*.png")}
    for name in ("split.csv", "predictions.csv", "corrections.csv"):
        table = rows(run / name)
        cells = [cell for row in table for cell in row.values()]
        assert not [cell for cell in cells if cell.lstrip()[:1] in ("=", "+", "@", "-")]
        assert {plain_path(row["path"]) for row in table} - {"gone.png"} <= files
    assert {plain_path(row["path"]) for row in rows(run / "predictions.csv")} == files
    for name in ("report.html", "MODEL_CARD.md"):
        text = (run / name).read_text()
        assert "<img src=x" not in text
        assert html.escape(MARKUP) in text.replace("\\", "")
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", said)


@pytest.fixture(scope="module")
def service(trained: tuple[Path, str]) -> Iterator[httpx2.Client]:
    with in_thread(trained[0], Limits()) as client:
        yield client


def test_pictures_are_named_by_number_and_made_anew(service):
    gallery = service.get("/page/gallery").json()
    number = gallery["lists"]["errors"][0]
    answer = service.get(f"/page/pictures/{number}")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content.startswith(b"\x89PNG")
    for other in ("-1", "100000", "..%2f..%2fetc%2fpasswd", "x.png"):
        assert service.get(f"/page/pictures/{other}").status_code in (404, 422)


def test_the_page_may_run_its_own_script_only_and_sets_no_cookie(service):
    for path in ("/", "/page/page.js", "/page/page.css", "/page/icon.svg"):
        answer = service.get(path)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "set-cookie" not in answer.headers
    assert service.get("/page/report").status_code == 403
    assert service.get("/page/routes.py").status_code == 404


def test_only_classes_can_be_given_and_only_from_here(service):
    number = service.get("/page/gallery").json()["lists"]["errors"][0]
    where = f"/page/corrections/{number}"
    assert service.put(where, json={"decision": "change", "label": "none"}).status_code == 422
    assert service.put(where, json={"decision": "burn"}).status_code == 422
    foreign = {"Origin": "http://elsewhere.example"}
    assert service.put(where, json={"decision": "keep"}, headers=foreign).status_code == 403


def test_a_path_that_leads_out_is_not_followed_and_moved_pictures_are_said(trained, tmp_path, pictures):
    run = tmp_path / "run"
    shutil.copytree(trained[0], run)
    (tmp_path / "secret.png").write_bytes((pictures / MARKUP / "000.png").read_bytes())
    document = json.loads((run / "run.json").read_text())
    document["command"]["pictures"] = str(tmp_path / "moved")
    (run / "run.json").write_text(json.dumps(document))
    table = rows(run / "predictions.csv")
    for row in table:
        row["path"] = "../secret.png"
    write(run / "predictions.csv", [list(table[0]), *(list(row.values()) for row in table)])
    with in_thread(run, Limits()) as client:
        assert client.get("/page/gallery").json()["there"] is False
        assert client.get("/page/pictures/0").status_code == 404


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # other tests take the cores
    with sync_playwright() as playwright:
        flags = [
            "--no-sandbox",
            "--disable-dev-shm-usage",
        ]  # containers have neither what the one nor the other needs
        with contextlib.closing(playwright.chromium.launch(executable_path=CHROMIUM, args=flags)) as chromium:
            yield chromium


@pytest.fixture
def visit(browser: Any, service: httpx2.Client) -> Iterator[Callable[..., Any]]:
    """Open the page; nothing may be asked of others, alert, or complain."""
    trouble: list[str] = []
    contexts = []

    def visit(
        at: httpx2.Client = service, width: int = 1280, routes: dict[str, Any] | None = None, **options: Any
    ) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, reduced_motion="reduce", **options
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        for address, handler in (routes or {}).items():
            page.route(address, handler)
        home = str(at.base_url).rstrip("/")
        page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda line: line.type == "error" and trouble.append(line.text))
        page.on(
            "request", lambda request: request.url.startswith((home, "blob:")) or trouble.append(request.url)
        )
        page.goto(home)
        return page

    yield visit
    for context in contexts:
        assert not context.cookies()
        context.close()
    # A browser notes each answer that is an error, wanted or not: the broken file's, and those without a token.
    assert not [one for one in trouble if not re.search(r"status of (422|401) ", one)]


@needs_browser
def test_pictures_are_labelled_explained_and_refused_in_words(visit, pictures, tmp_path):
    from playwright.sync_api import expect

    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    page = visit()
    page.set_input_files("#files", [pictures / MARKUP / "001.png", pictures / MARKUP / ODD[0], broken])
    expect(page.locator("#tally")).to_have_text(re.compile("^3 answered.*1 could not be read"))
    cards = page.locator(".result")
    expect(cards.nth(0).locator(".label bdi")).to_have_text(MARKUP)
    expect(cards.nth(1)).to_contain_text(ODD[0])
    expect(cards.nth(1).get_by_role("listitem")).to_have_count(2)
    expect(cards.nth(2).locator(".trouble")).to_contain_text("no picture format fits")
    cards.nth(0).get_by_role("button", name="Show heatmap").click()
    expect(cards.nth(0).get_by_alt_text("Heatmap of")).to_be_visible()


@needs_browser
def test_pictures_chosen_before_the_run_is_known_wait_for_it(visit, pictures):
    from playwright.sync_api import expect

    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page = visit(routes={"**/page/run": hold})
    page.set_input_files("#files", pictures / MARKUP / "001.png")
    expect(page.locator("#tally")).to_have_text("0 of 1 answered")
    for route in held:
        route.continue_()
    expect(page.locator(".result .label bdi")).to_have_text(MARKUP)


@needs_browser
def test_labels_are_corrected_by_keyboard_and_train_takes_them(visit, trained, pictures):
    from playwright.sync_api import expect

    run, _ = trained
    file = run / "corrections.csv"
    before = rows(file)
    page = visit()
    page.get_by_role("tab", name="Check labels").click()
    page.get_by_role("button", name="Errors").click()
    expect(page.locator("#review")).to_be_focused()
    first = page.locator("#looked-path").inner_text()
    for key, said in (
        ("f", "Changed to"),
        ("a", "Kept"),
        ("s", "Left open"),
        ("u", "Taken back"),
        ("b", "Picture 2"),
    ):
        page.keyboard.press(key)
        expect(page.locator("#live")).to_contain_text(said)
    expect(page.get_by_role("button", name="is right")).to_have_attribute("aria-pressed", "true")
    decided = [row for row in rows(file) if row not in before]
    assert [row["decision"] for row in decided] == ["change", "keep"]
    path = plain_path(decided[0]["path"])
    assert path.replace("\n", "").startswith(first[:5])
    assert plain_label(decided[0]["label"]) != path.split("/")[0]
    taken = read_pictures(pictures, corrections_file=file)
    assert taken.classes[taken.labels[taken.paths.index(path)]] == plain_label(decided[0]["label"])
    for _ in range(2):
        page.keyboard.press("u")
        expect(page.locator("#live")).to_contain_text("Taken back")
        page.keyboard.press("n")
        expect(page.locator("#live")).to_contain_text(re.compile("^Picture"))
    assert sorted(map(str, rows(file))) == sorted(map(str, before))


@needs_browser
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_runs_out_of_the_page_and_dark_is_dark(visit, width):
    from playwright.sync_api import expect

    page = visit(width=width, color_scheme="dark")
    expect(page.locator("#verdict")).to_be_visible()
    red, green, blue = map(
        int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3]
    )
    assert max(red, green, blue) < 60
    for tab, there in (("Check labels", "#looked"), ("Report", "#report-frame"), ("Try it", "#drop")):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(there)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("tab", name="Report").click()
    expect(
        page.frame_locator("#report-frame").get_by_role("heading", name="Why this decision")
    ).to_be_visible()


@needs_browser
def test_a_token_is_asked_for_and_forgotten_with_the_tab(visit, trained):
    from playwright.sync_api import expect

    with in_thread(trained[0], Limits(), TOKEN) as client:
        assert client.get("/page/gallery").status_code == client.get("/page/run").status_code == 401
        page = visit(client)
        for typed, trouble in (("a-wrong-token-of-the-tests", "That is not the token."), (TOKEN, "")):
            page.get_by_role("textbox", name="Token").fill(typed)
            page.get_by_role("button", name="Go on").click()
            expect(page.locator("#token-trouble")).to_have_text(trouble)
        expect(page.locator("#verdict")).to_be_visible()
        page.get_by_role("tab", name="Report").click()
        expect(
            page.frame_locator("#report-frame").get_by_role("heading", name="Why this decision")
        ).to_be_visible()
        assert page.evaluate("localStorage.length") == 0
        page.close()
