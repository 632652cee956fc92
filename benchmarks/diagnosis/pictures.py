"""Small drawn picture sets for trainings that go wrong: `python pictures.py KIND DIR [--seed N]`.

Each kind is learnt by a small network in seconds. Brightness, contrast and place vary more within a class than
between classes, so that the mean brightness tells nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

Drawer = Callable[[np.random.Generator, int], np.ndarray]
FRESH = 5_000  # added to the seed: fresh pictures never repeat those of a training set


@dataclass(frozen=True)
class Kind:
    """Classes in alphabetical order, how many pictures of each, and how one is drawn."""

    classes: tuple[str, ...]
    counts: tuple[int, ...]
    draw: Drawer
    parts: tuple[tuple[str, float], ...] = ()  # folder and share; none: the classes lie in the root


def noisy(picture: np.ndarray, generator: np.random.Generator, spread: float) -> np.ndarray:
    """Return the picture with grain, as bytes."""
    grain = generator.normal(0, spread, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def fabric(generator: np.random.Generator, label: int) -> np.ndarray:
    """Draw threads: upright (0) or lying (1), of any width, phase, contrast and brightness."""
    side = 40
    turn = label * np.pi / 2 + generator.uniform(-0.2, 0.2)
    down, across = np.mgrid[:side, :side]
    along = across * np.cos(turn) + down * np.sin(turn)
    wave = np.sin(2 * np.pi * along / generator.uniform(4, 9) + generator.uniform(0, 7))
    ground = generator.uniform(70, 180) + generator.uniform(-25, 25, 3)
    return noisy(ground + generator.uniform(25, 60) * wave[..., None], generator, 18)


def arrows(generator: np.random.Generator, label: int) -> np.ndarray:
    """Draw an arrow anywhere that points left (0) or right (1), light on dark or dark on light."""
    side = 48
    dark, light = generator.uniform(20, 110, 3), generator.uniform(150, 240, 3)
    ground, ink = (dark, light) if generator.random() < 0.5 else (light, dark)
    image = Image.new("RGB", (side, side), tuple(int(v) for v in ground))
    pen, colour = ImageDraw.Draw(image), tuple(int(v) for v in ink)
    length, width, head = generator.integers(18, 27), int(generator.integers(2, 5)), generator.integers(6, 10)
    left, y = generator.integers(3, side - length - 3), generator.integers(12, side - 12)
    tip, tail, inward = (left, left + length, 1) if label == 0 else (left + length, left, -1)
    pen.line([(tip, y), (tail, y)], fill=colour, width=width)
    for up in (-head, head):
        pen.line([(tip, y), (tip + inward * head, y + up)], fill=colour, width=width)
    return noisy(np.asarray(image, float), generator, 8)


def fruit(generator: np.random.Generator, label: int) -> np.ndarray:
    """Draw a blue ball, blue ring, red ball or red ring (0 to 3) on a ground of any brightness."""
    side = 32
    ground = np.full(3, generator.uniform(30, 200)) + generator.uniform(-20, 20, 3)
    strong, weak = generator.uniform(150, 240), generator.uniform(20, 80, 2)
    ink = (weak[0], weak[1], strong) if label < 2 else (strong, weak[0], weak[1])
    image = Image.new("RGB", (side, side), tuple(int(v) for v in ground))
    radius = generator.integers(6, 10)
    x, y = generator.integers(radius + 1, side - radius - 1, 2)
    box = [x - radius, y - radius, x + radius, y + radius]
    colour = tuple(int(v) for v in ink)
    # a ring is thick enough to keep the ink of a small ball
    ImageDraw.Draw(image).ellipse(box, fill=None if label % 2 else colour, outline=colour, width=3)
    return noisy(np.asarray(image, float), generator, 10)


def cells(generator: np.random.Generator, label: int) -> np.ndarray:
    """Draw a round cell with two soft spots; in an infected one (1) one spot is a hollow ring."""
    side = 48
    image = Image.new("RGB", (side, side), tuple(int(v) for v in generator.uniform(170, 230, 3)))
    pen, radius = ImageDraw.Draw(image), int(generator.integers(16, 21))
    x, y = generator.integers(radius + 1, side - radius - 1, 2)
    body = generator.uniform(120, 190) + np.array([20.0, -30.0, 0.0])
    pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=tuple(int(v) for v in body))
    for spot in range(2):
        turn, away, size = generator.uniform(0, 7), generator.uniform(3, radius - 8), generator.integers(4, 7)
        cx, cy = x + away * np.cos(turn), y + away * np.sin(turn)
        ink = tuple(int(v) for v in body - generator.uniform(50, 80))
        hollow = label == 1 and spot == 1  # drawn last, so that nothing hides it
        inside = tuple(int(v) for v in body + 50) if hollow else ink
        pen.ellipse([cx - size, cy - size, cx + size, cy + size], fill=inside, outline=ink, width=2)
    return noisy(np.asarray(image, float), generator, 8)


def ripeness(generator: np.random.Generator, label: int) -> np.ndarray:
    """Draw a green (0), ripe (1) or turning (2) fruit: neighbours overlap, so that nobody can tell all of them."""
    side, middle = 32, (0.0, 2.0, 1.0)[label]
    ripe = np.clip(generator.normal(middle, 0.42), -0.6, 2.6)
    red = np.interp(ripe, [-0.6, 1, 2.6], [30, 200, 200])
    green = np.interp(ripe, [-0.6, 1, 2.6], [150, 150, 10])
    light, image = generator.uniform(0.7, 1.2), Image.new("RGB", (side, side), (0, 0, 0))
    radius = generator.integers(7, 11)
    x, y = generator.integers(radius + 1, side - radius - 1, 2)
    ImageDraw.Draw(image).ellipse([x - radius, y - radius, x + radius, y + radius], fill=(255, 255, 255))
    inside = np.asarray(image, float) / 255
    ground = generator.uniform(20, 220) * np.ones(3)
    return noisy(inside * light * np.array([red, green, 40.0]) + (1 - inside) * ground, generator, 8)


PARTS = (("train", 0.75), ("validation", 0.25))
KINDS = {
    "fabric": Kind(("warp", "weft"), (200, 200), fabric),
    "arrows": Kind(("left", "right"), (200, 200), arrows, PARTS),
    "fruit": Kind(("blue_ball", "blue_ring", "red_ball", "red_ring"), (110, 110, 110, 110), fruit),
    "cells": Kind(("clean", "infected"), (350, 50), cells),
    "ripeness": Kind(("green", "ripe", "turning"), (150, 150, 150), ripeness),
}


def drawn(kind: str, seed: int, times: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures (uint8, NHWC) and labels in class order, `times` as many as the kind has."""
    generator, known = np.random.default_rng(seed), KINDS[kind]
    labels = np.repeat(np.arange(len(known.classes)), np.array(known.counts) * times)
    return np.stack([known.draw(generator, int(label)) for label in labels]), labels


def fresh(kind: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures that no training of this seed has seen: twice the set, same class shares."""
    return drawn(kind, seed + FRESH, times=2)


def write(kind: str, folder: Path, seed: int) -> Path:
    """Write a set as DIR/CLASS/*.png, or DIR/PART/CLASS/*.png, and return the folder; a present one is kept."""
    if folder.exists():
        return folder
    known, (pictures, labels) = KINDS[kind], drawn(kind, seed)
    # file numbers run over all classes in mixed order, as a camera would give them
    numbers = np.random.default_rng(seed + 1).permutation(len(labels))
    for place, name in enumerate(known.classes):
        mine = np.flatnonzero(labels == place)
        parts = known.parts or (("", 1.0),)
        ends = np.cumsum([round(share * len(mine)) for _, share in parts])
        for (part, _), some in zip(parts, np.split(mine, ends[:-1]), strict=True):
            target = folder / part / name
            target.mkdir(parents=True)
            for index in some:
                Image.fromarray(pictures[index]).save(target / f"img_{numbers[index]:04d}.png")
    return folder


def main() -> None:
    """Write one set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write(options.kind, options.folder, options.seed)


if __name__ == "__main__":
    main()
