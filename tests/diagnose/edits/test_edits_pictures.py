"""Edits of which pictures are used, and of how their axes are moved."""

from __future__ import annotations

import numpy as np
import pytest

from .applying import changed, codes, edits, first, run

LOOP = """
import random
from pathlib import Path
import numpy as np
import torch
from torch import nn
from torch.utils.data import Subset

net = nn.Sequential(nn.Flatten(), nn.LazyLinear(2))
opt = torch.optim.SGD(net.parameters(), lr=.1)

def fit(x, y):
    for epoch in range(2):
        loss = nn.functional.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()

"""


@pytest.mark.parametrize(
    ("used", "all_of_them"),
    [
        ("files = sorted(Path('x').glob('*.png'))[:20]", "files = sorted(Path('x').glob('*.png'))"),
        (
            "names = [str(one) for one in Path('x').iterdir()]; names = names[:LIMIT]",
            "names = [str(one) for one in Path('x').iterdir()]; names = names",
        ),
        (
            "files = random.sample(list(Path('x').rglob('*')), 30)",
            "files = list(list(Path('x').rglob('*')))",
        ),
        ("part = Subset(pictures, range(40))", "part = pictures"),
    ],
)
def test_all_pictures_are_used(used: str, all_of_them: str) -> None:
    text = f"{LOOP}LIMIT = 12\npictures = [1]\n{used}\n"
    assert changed(text, first(text, "data.too_few_pictures")) == ([used], [all_of_them])


def test_a_split_and_a_batch_are_no_lists_cut_short() -> None:
    split = "files = sorted(Path('x').glob('*'))\ntrain, valid = files[:80], files[80:]\nx = np.ones((9, 4))[:3]\n"
    assert not edits(LOOP + split, "data.too_few_pictures")
    parts = "pictures = [1]\na, b = Subset(pictures, range(40)), Subset(pictures, range(40, 50))\n"
    assert not edits(LOOP + parts, "data.too_few_pictures")


PICTURES = (
    "rng = np.random.default_rng(0)\npictures = rng.random((6, 4, 5, 3)).astype(np.float32)\nSIDES = (4, 5)\n"
)


@pytest.mark.parametrize(
    "scrambled",
    [
        "x = torch.from_numpy(pictures.reshape(-1, 3, 4, 5))",
        "x = torch.from_numpy(pictures).view(6, 3, 4, 5)",
        "x = torch.tensor(np.reshape(pictures, (6, 3, SIDES[0], SIDES[1])))",
        "x = torch.stack([torch.tensor(one).reshape(3, 4, 5) for one in pictures])",
        "CHANNELS = 3\nx = torch.tensor(pictures.reshape(len(pictures), CHANNELS, 4, 5))",
    ],
)
def test_axes_are_moved_where_a_reshape_scrambled_them(scrambled: str) -> None:
    text = first(LOOP + PICTURES + scrambled + "\n", "prep.channel_order")
    names = run(text)
    assert (names["x"].numpy() == names["pictures"].transpose(0, 3, 1, 2)).all()


def test_channels_go_to_the_end_too() -> None:
    text = first(f"{LOOP}y = np.arange(180).reshape(2, 6, 5, 3)\n", "prep.channel_order")
    assert (run(text)["y"] == np.arange(180).reshape(2, 3, 6, 5).transpose(0, 2, 3, 1)).all()


def test_other_reshapes_stay() -> None:
    text = f"{LOOP}y = np.arange(120).reshape(-1, 60)\nz = np.arange(81).reshape(3, 3, 3, 3)\n"
    assert not edits(text, "prep.channel_order")


def batches(broken: str) -> str:
    return f"""
import torch
from torch import nn

net = nn.Linear(2, 2)
opt = torch.optim.SGD(net.parameters(), lr=.1)
shown = 0
for epoch in range(2):
    for step, (x, y) in enumerate([(torch.ones(4, 2), torch.ones(4).long())] * 5):
        {broken}
        loss = nn.functional.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        shown += 1
"""


@pytest.mark.parametrize("broken", ["if step == 2:\n            break", "if step + 1 > 2: break"])
def test_a_loop_that_a_counter_breaks_off_goes_on(broken: str) -> None:
    assert "data.partial_epoch" in codes(batches(broken))
    assert run(first(batches(broken), "data.partial_epoch"))["shown"] == 10


@pytest.mark.parametrize("whole", ["pass", "if x.isnan().any(): break", "if step % 2 == 9: print(step)"])
def test_a_loop_that_ends_for_other_reasons_stays(whole: str) -> None:
    assert "data.partial_epoch" not in codes(batches(whole))
