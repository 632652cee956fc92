"""Random changes that a program's own classes and functions make."""

from __future__ import annotations

import pytest

from .planted import change, edits

DATASET = """
import random

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Shots(Dataset):
    def __init__(self, part, {parameter}):
        self.pictures, self.labels = torch.load(part)
        self.moves = {name}

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, place):
        shot = self.pictures[place]
        {use}
        return shot, self.labels[place]


def loader(part, keep):
    return DataLoader(Shots(part, keep), batch_size=8)


one = Shots("a.pt", {given})
two = Shots("b.pt", {given})
net = nn.Sequential(nn.Flatten(), nn.Linear(300, 2))
descent = torch.optim.Adam(net.parameters())
for _ in range(3):
    for x, y in DataLoader(one, 8, shuffle=True):
        descent.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        descent.step()
    net.eval()
    with torch.no_grad():
        for x, y in DataLoader(two, 8):
            print((net(x).argmax(1) == y).float().mean())
"""
GUARDED = "if self.moves and random.random() < 0.5:\n            shot = shot.flip(-1)"


@pytest.mark.parametrize(
    ("parameter", "use", "given", "expected"),
    [
        ("move=None", "if self.moves:\n            shot = self.moves(shot)", "move=torch.fliplr",
         '+two = Shots("b.pt")'),
        ("move", "if self.moves is not None:\n            shot = self.moves(shot)", "torch.fliplr",
         '+two = Shots("b.pt", None)'),
        ("move", GUARDED, "True", '+two = Shots("b.pt", False)'),
        ("move=True", GUARDED, "move=True", '+two = Shots("b.pt", move=False)'),
        ("move", "for one in self.moves:\n            shot = one(shot)", "[torch.fliplr]", '+two = Shots("b.pt", ())'),
        ("move", "shot = self.moves(shot)", "torch.fliplr", '+two = Shots("b.pt", lambda given: given)'),
    ],
)  # fmt: skip
def test_a_switch_given_to_both_parts_is_off_for_validation(parameter, use, given, expected):
    name = parameter.partition("=")[0]
    text = DATASET.format(parameter=parameter, name=name, use=use, given=given)
    after = edits("prep.augmented_validation", text)[0].text
    assert change(text, after)[1:] == [expected]


def test_a_setting_that_is_no_switch_stays():
    use = "shot = shot[:, :self.moves]"
    text = DATASET.format(parameter="move=30", name="move", use=use, given="move=20")
    assert edits("prep.augmented_validation", text) == ()


ARRAYS = """
import keras
import numpy as np

rng = np.random.default_rng(0)


def wild(pictures):
    out = pictures.copy()
    for place in range(len(out)):
        if rng.random() < 0.5:
            out[place] = out[place][:, ::-1]
    return out


a, b, c, d = np.load("all.npy", allow_pickle=True)
a = wild(a)
held = wild(c)
net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")])
net.compile("adam", "sparse_categorical_crossentropy")
net.fit(a, b, validation_data=(held, d), epochs=2)
"""


def test_a_function_that_draws_numbers_is_not_called_for_validation():
    after = edits("prep.augmented_validation", ARRAYS)[0].text
    assert change(ARRAYS, after) == ["-held = wild(c)", "+held = c"]


CHANGES = """
import random

import numpy as np
from PIL import Image, ImageOps


class Feed:
    def __init__(self, files, labels):
        self.files, self.labels = files, labels

    def batches(self, size):
        order = list(range(len(self.files)))
        random.shuffle(order)
        while True:
            chosen = np.random.choice(order, size)
            yield np.stack([self.one(self.files[place]) for place in chosen])

    def one(self, file):
        img = Image.open(file)
        {changes}
        return img


import keras
net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")])
net.compile("adam", "sparse_categorical_crossentropy")
net.fit(Feed(names, classes).batches(8), epochs=2)
"""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["if np.random.rand() < .5:", "    img = ImageOps.mirror(img)"], ["+        if False:"]),
        (["chance = random.random()", "if chance < .5:", "    img = img.transpose(Image.FLIP_LEFT_RIGHT)"],
         ["+        if False:"]),
        (["img = ImageOps.mirror(img) if random.random() < .5 else img"],
         []),
        (["img = np.asarray(img)", "img = img + np.random.normal(0, .1, img.shape)"], []),
        (["img = img.rotate(random.uniform(-90, 90))"], []),
        (["img = np.array(img)", "top = random.randint(0, 20)", "img[top:top + 9, 3:9] = 0"], []),
        (["img = np.array(img)", "top = np.random.randint(0, 20)", "img = img[top:top + 9, 3:9]"],
         ["+        top = ((0) + (20)) // 2"]),
    ],
)  # fmt: skip
def test_each_random_change_can_be_left_out(lines, expected):
    text = CHANGES.replace("{changes}", "\n        ".join(lines))
    after = edits("prep.destructive_augmentation", text)[0].text
    assert [one for one in change(text, after) if one[0] == "+"] == expected
    assert len(change(text, after)) == 1 + len(expected)


def test_of_several_changes_all_go_then_each_alone_and_the_order_stays_random():
    lines = ["img = np.asarray(img) + np.random.normal(0, 1)", "img = img + np.random.normal(0, 1)",
             "if np.random.rand() < .5:", "    img = np.fliplr(img)"]  # fmt: skip
    text = CHANGES.replace("{changes}", "\n        ".join(lines))
    everything, flip, *_ = edits("prep.destructive_augmentation", text)
    assert "np.random.choice(order, size)" in everything.text
    assert "random.shuffle(order)" in everything.text
    assert "np.random.rand()" not in everything.text
    assert change(text, flip.text) == ["-        if np.random.rand() < .5:", "+        if False:"]
