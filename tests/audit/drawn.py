"""Pictures that the audit's tests draw themselves, and collections made of arrays."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from tellapart.audit.looks import Looks, look_at
from tellapart.pictures.collection import Pictures
from tellapart.pictures.decode import decode
from tellapart.pictures.store import PictureStore


def scene(rng: np.random.Generator, height: int = 120, width: int = 160) -> np.ndarray:
    """Blobs, edges and grain of several sizes: like a photograph in what matters to copies."""
    total = np.zeros((height, width, 3))
    for cells in (3, 6, 12, 24, 48):
        grid = rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
        total += np.asarray(Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)) * (
            3 / cells
        )
    total = (total - total.min()) / (total.max() - total.min())
    return (30 + 180 * total).astype(np.uint8)


def jpeg(image: np.ndarray, quality: int = 60) -> np.ndarray:
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(out).convert("RGB"))


def brightened(image: np.ndarray, factor: float = 1.2) -> np.ndarray:
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(image)).enhance(factor))


def resized(image: np.ndarray, factor: float = 0.5) -> np.ndarray:
    height, width = (round(side * factor) for side in image.shape[:2])
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))


def cropped(image: np.ndarray, share: float = 0.05) -> np.ndarray:
    height, width = image.shape[:2]
    return image[round(height * share / 2) : round(height * (1 - share / 2)), round(width * share) :]


def blurred(image: np.ndarray, radius: float) -> np.ndarray:
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))


def collection(
    folder: Path,
    images: list[np.ndarray],
    labels: list[int] | None = None,
    *,
    names: list[str] | None = None,
    parts: list[str] | None = None,
    groups: list[str] | None = None,
    classes: tuple[str, ...] = ("cup", "mug"),
) -> tuple[Pictures, PictureStore, Looks]:
    """Pictures as if read from PNG files, in the given order."""
    count = len(images)
    names = [f"{i:04d}.png" for i in range(count)] if names is None else names
    pictures = Pictures(
        root=folder,
        paths=tuple(names),
        labels=np.zeros(count, dtype=np.int64) if labels is None else np.array(labels, dtype=np.int64),
        classes=classes,
        parts=np.array([""] * count if parts is None else parts, dtype="<U10"),
        groups=np.array([""] * count if groups is None else groups, dtype=object),
    )
    file, offsets, shapes, facts, at = folder / "pixels", [], [], [], 0
    with file.open("wb") as out:
        for image in images:
            buffer = io.BytesIO()
            Image.fromarray(image).save(buffer, "PNG")
            pixels, fact = decode(buffer.getvalue())
            out.write(pixels.tobytes())
            offsets.append(at)
            shapes.append(pixels.shape[:2])
            facts.append(fact)
            at += pixels.size
    store = PictureStore(file, np.array(shapes), np.array(offsets), tuple(facts))
    return pictures, store, look_at(store, workers=1)


def with_facts(store: PictureStore, **changes: list[object]) -> PictureStore:
    """The store with other facts, one value per picture and name."""
    facts = list(store.facts)
    for name, values in changes.items():
        facts = [replace(fact, **{name: value}) for fact, value in zip(facts, values, strict=True)]
    return replace(store, facts=tuple(facts))


def sure(labels: np.ndarray, classes: int = 2, certainty: float = 0.95) -> np.ndarray:
    """Out-of-fold probabilities of a classifier that is right."""
    rows = np.full((len(labels), classes), (1 - certainty) / (classes - 1))
    rows[np.arange(len(labels)), labels] = certainty
    return rows
