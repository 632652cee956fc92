"""`from tellapart import …`: light, in any order, and packages that are calls too."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import tellapart

ORDERS = {
    "call first": "import tellapart; tellapart.audit; from tellapart.audit import find_copies",
    "part first": "from tellapart.audit import find_copies; import tellapart",
    "part of a part first": "import tellapart.audit.copies; from tellapart.audit import find_copies; import tellapart",
    "from the package": "from tellapart import audit; from tellapart.audit import find_copies; import tellapart",
}


def run(code: str) -> str:
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("order", ORDERS)
def test_audit_is_a_call_and_a_package_in_any_order(order):
    code = (
        "; assert callable(tellapart.audit) and callable(find_copies)"
        "; import tellapart.audit as a; assert a is tellapart.audit and a.find_copies is find_copies"
    )
    run(ORDERS[order] + code)


def test_importing_the_package_imports_nothing_heavy():
    heavy = run(
        "import sys, tellapart; print([m for m in ('numpy', 'torch', 'sklearn', 'pandas') if m in sys.modules])"
    )
    assert heavy == "[]\n"
    assert {"ImageClassifier", "audit", "diagnose"} <= set(dir(tellapart))
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        tellapart.nothing_of_the_kind  # noqa: B018


def test_an_audit_shows_itself(drawn, tmp_path):
    found = tellapart.audit(drawn.folder, out=tmp_path / "audit")
    document = found.to_dict()
    assert document == json.loads((tmp_path / "audit" / "audit.json").read_text())
    assert document["pictures"] == 22
    assert "22 pictures" in repr(found)
    for finding in document["findings"]:
        assert finding["title"] in repr(found)
    assert found._repr_html_().startswith("<iframe")


def test_names_from_strangers_stay_text(tmp_path):
    for name in ("<script>alert(1)</script>", "b"):
        folder = tmp_path / name.replace("/", "∕")
        folder.mkdir()
        for number in range(4):
            pixels = np.random.default_rng(number + 10 * len(name)).integers(0, 256, (16, 16), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    assert "<script>" not in tellapart.audit(tmp_path)._repr_html_()
