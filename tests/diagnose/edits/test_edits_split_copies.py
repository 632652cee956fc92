"""Pictures multiplied by the program's own code before they are split."""

from __future__ import annotations

import pytest

from .planted import change, edits, suspected

HEAD = """
import keras
import numpy as np
from sklearn.model_selection import train_test_split

pics, marks = np.load("x.npy"), np.load("y.npy")


def more(p, q):
    extra = p + np.random.normal(0, 0.05, p.shape)
    return np.concatenate([p, extra]), np.concatenate([q, q])


{lines}
a, b, c, d = train_test_split(pics, marks, test_size=0.2, random_state=1)
net = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")])
net.compile("adam", "sparse_categorical_crossentropy")
net.fit(a, c, validation_data=(b, d))
"""
CODE = "split.leak"


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        ("pics = np.concatenate([pics, pics[:, :, ::-1]])\nmarks = np.concatenate([marks, marks])",
         "a = np.concatenate([a, a[:, :, ::-1]])\nc = np.concatenate([c, c])"),
        ("pics, marks = more(pics, marks)", "a, c = more(a, c)"),
        ("pics = np.repeat(pics, 3, axis=0)\nmarks = np.repeat(marks, 3, axis=0)",
         "a = np.repeat(a, 3, axis=0)\nc = np.repeat(c, 3, axis=0)"),
    ],
)  # fmt: skip
def test_copies_made_by_hand_are_made_after_the_split(lines, after):
    text = HEAD.format(lines=lines)
    assert suspected(CODE, text)[0].certainty == 0.6
    new = [one[1:] for one in change(text, edits(CODE, text)[0].text) if one[0] == "+"]
    assert "\n".join(new) == after
    assert not suspected(CODE, edits(CODE, text)[0].text)


@pytest.mark.parametrize(
    "lines",
    ["", "pics = np.concatenate([pics, pics, pics], axis=-1)", "pics = np.repeat(pics, 3, axis=-1)",
     'pics = np.concatenate([pics, np.load("z.npy")])\nmarks = np.concatenate([marks, np.load("w.npy")])'],
)  # fmt: skip
def test_channels_and_other_pictures_are_no_copies(lines):
    assert not suspected(CODE, HEAD.format(lines=lines))
