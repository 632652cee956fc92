"""The cases of the table: each returns a function (data folder, work folder) -> row."""

from __future__ import annotations

import io
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from tellapart.audit import Audit, audit_pictures
from tellapart.audit.copies import together
from tellapart.audit.signatures import nearest
from tellapart.backbones.features import lite0
from tellapart.inspection import inspect
from tellapart.pictures.collection import Pictures
from tellapart.pictures.read import read_pictures
from tellapart.pictures.store import PictureStore, decode_all
from tellapart.progress import Quiet

Row = dict[str, Any]
Case = Callable[[Path, Path], Row]
SEED = 0


def audited(source: Path, work: Path, *, hide_groups: bool = False) -> tuple[Pictures, Audit, float]:
    """Read, see and audit; return what was read, the audit, and its seconds."""
    began = time.perf_counter()
    pictures = read_pictures(source)
    if hide_groups:
        pictures = replace(pictures, groups=np.array([""] * len(pictures), dtype=object))
    store, pictures = decode_all(pictures, work)
    audit = audit_all(pictures, store, work)
    return pictures, audit, time.perf_counter() - began


def audit_all(pictures: Pictures, store: PictureStore, work: Path) -> Audit:
    """Audit as `tellapart audit` does."""
    seen = inspect(pictures, store, lite0(), work, SEED, Quiet())
    return audit_pictures(
        pictures, store, seen.kinship, features=seen.embedding_NE, probe=seen.probe, seed=SEED
    )


def given(name: str) -> Case:
    """Make the case of a set as it is."""
    return lambda data, work: described(*audited(data / name, work / name.replace("/", "_")))


def demo(name: str) -> Case:
    """Make the case of a drawn set of the product's own."""

    def case(_: Path, work: Path) -> Row:
        out = work / f"drawn_{name}"
        if not out.exists():
            subprocess.run([sys.executable, "-m", "tellapart", "demo", name, str(out)], check=True)
        return described(*audited(out, work / f"{name}_store"))

    return case


def described(pictures: Pictures, audit: Audit, seconds: float) -> Row:
    """Return what the table needs of an audit."""
    exact = together(audit.kinship.copies.exact)
    near = [pair for pair in audit.kinship.copies.pairs if not pair.exact]
    by_code = {one.code: one for one in audit.findings}
    shortcuts = {
        one.code.removeprefix("shortcut."): one.severity
        for one in audit.findings
        if one.code.startswith("shortcut.")
    }
    row: Row = {
        "pictures": len(pictures),
        "codes": [f"{one.code}" for one in audit.findings],
        "stops": [one.code for one in audit.stops],
        "titles": [f"{one.severity}: {one.title}" for one in audit.findings],
        "exact": sum(len(members) - 1 for members in exact),
        "exact_sets": len(exact),
        "exact_sets_across": sum(len(set(pictures.parts[members])) > 1 for members in exact),
        "exact_conflicts": [
            " ".join(pictures.paths[i] for i in members)
            for members in exact
            if len(set(pictures.labels[members])) > 1
        ],
        "near": len(near),
        "turned_or_mirrored": sum(pair.view != "as it is" for pair in near),
        "leak_share": audit.leak_share or 0.0,
        "shortcuts": shortcuts,
        "blind": {one.kind: one.balanced_accuracy.to_dict() for one in audit.blind},
        "classifier": audit.blind[0].classifier.to_dict() if audit.blind else None,
        "shift": [str(one.evidence["kind"]) for one in audit.findings if one.code == "split.shift"],
        "label_suspects": audit.labels.suspects,
        "seconds": round(seconds, 1),
    }
    if "groups.suspected" in by_code:
        row |= {
            name: figure.to_dict()
            for name, figure in by_code["groups.suspected"].evidence.items()
            if name.startswith("score_")
        }
    row["words"] = words(row)
    return row


def words(row: Row) -> str:
    """Say it in a cell."""
    said = [
        f"{row['exact']} exact copies, {row['near']} near pairs ({row['turned_or_mirrored']} turned or mirrored)"
    ]
    if row["leak_share"]:
        said.append(f"{100 * row['leak_share']:.1f} % of the test known")
    if row["shortcuts"]:
        figures = [
            f"{kind} {row['blind'][kind]['value']:.2f} ({severity})"
            for kind, severity in row["shortcuts"].items()
        ]
        said.append(f"shortcuts {', '.join(figures)} beside {row['classifier']['value']:.2f}")
    if row["shift"]:
        said.append(f"shift of {', '.join(row['shift'])}")
    said.append(f"stop: {', '.join(row['stops']) or 'none'}")
    others = [code for code in row["codes"] if not code.startswith(("copies", "shortcut", "split", "files"))]
    if others:
        said.append(f"also {', '.join(others)}")
    return "; ".join(said)


def hidden_groups(name: str) -> Case:
    """Make the case of a set whose groups.csv the audit does not get to see."""

    def case(data: Path, work: Path) -> Row:
        truth = read_pictures(data / name)
        pictures, audit, seconds = audited(data / name, work / name.replace("/", "_"), hide_groups=True)
        row = described(pictures, audit, seconds)
        if audit.suspected is not None:
            f1, precision, recall = pairwise(audit.suspected.groups, truth.group_numbers())
            row |= {"pairwise_f1": f1, "pairwise_precision": precision, "pairwise_recall": recall}
            row["words"] += f"; pairwise F1 {f1:.3f} (precision {precision:.3f}, recall {recall:.3f})"
        if "score_gap" in row:
            first, second, gap = (row[f"score_{kind}"] for kind in ("by_picture", "by_group", "gap"))
            row["words"] += (
                f"; balanced accuracy {first['value']:.3f} by picture, {second['value']:.3f} by group, "
                f"gap {gap['value']:.3f} ({gap['low']:.3f} to {gap['high']:.3f})"
            )
        return row

    return case


def pairwise(found: np.ndarray, true: np.ndarray) -> tuple[float, float, float]:
    """F1, precision and recall of the pairs that two groupings join."""
    joined, right, wanted = (
        sum(len(members) * (len(members) - 1) / 2 for members in together(numbers))
        for numbers in (
            found,
            np.unique(np.stack([found, true], axis=1), axis=0, return_inverse=True)[1],
            true,
        )
    )
    return 2 * right / (joined + wanted), right / max(joined, 1), right / max(wanted, 1)


def flipped(name: str, share: float = 0.05) -> Case:
    """Make the case of a set with a share of its labels changed, by a seeded draw."""

    def case(data: Path, work: Path) -> Row:
        folder = work / name
        pictures = read_pictures(data / name)
        store, pictures = decode_all(pictures, folder)
        rng = np.random.default_rng(SEED)
        changed = rng.choice(len(pictures), round(share * len(pictures)), replace=False)
        labels = pictures.labels.copy()
        labels[changed] = (labels[changed] + rng.integers(1, len(pictures.classes), len(changed))) % len(
            pictures.classes
        )
        wrong = replace(pictures, labels=labels)
        audit = audit_all(wrong, store, folder)
        first = [one.index for one in audit.labels.ranked[: round(0.08 * len(pictures))]]
        suspects = [one.index for one in audit.labels.ranked[: audit.labels.suspects]]
        found = len(set(first) & set(changed.tolist())) / len(changed)
        named = len(set(suspects) & set(changed.tolist()))
        return {
            "found_in_first_8_percent": found,
            "words": f"{100 * found:.0f} % of {len(changed)} flips in the first 8 %; {len(suspects)} labels called "
            f"suspect, {named} of them flipped",
        }

    return case


def planted(name: str, count: int = 40) -> Case:
    """Training pictures put into the validation part, turned, mirrored, brightened and recompressed."""

    def case(data: Path, work: Path) -> Row:
        folder = work / f"{name}_planted"
        if not folder.exists():
            shutil.copytree(data / name, folder)
        source = read_pictures(data / name)
        rng = np.random.default_rng(SEED)
        chosen = rng.choice(np.flatnonzero(source.parts == "train"), count, replace=False)
        twins = {}
        for i in chosen:
            old = Path(source.paths[i])
            new = Path("val", *old.parts[1:-1], f"planted_{rng.integers(10**9)}.jpg")
            (folder / new).write_bytes(disguised(source.file(i)))
            twins[new.as_posix()] = old.as_posix()
        pictures, audit, _ = audited(folder, work / f"{name}_planted_store")
        number = dict(zip(pictures.paths, audit.kinship.copies.numbers, strict=True))
        found = sum(number[new] == number[old] for new, old in twins.items()) / count
        pairs = sum(len(members) * (len(members) - 1) / 2 for members in audit.kinship.copies.sets())
        false = (pairs - found * count) / (len(pictures) * (len(pictures) - 1) / 2)
        shutil.rmtree(folder)
        shutil.rmtree(work / f"{name}_planted_store")
        return {
            "found": found,
            "false_share": false,
            "leak_share": audit.leak_share,
            "words": f"{100 * found:.1f} % of {count} found; {100 * false:.4f} % of unrelated pairs called copies; "
            f"{100 * (audit.leak_share or 0):.1f} % of the test known; "
            f"stop: {', '.join(one.code for one in audit.stops)}",
        }

    return case


def disguised(file: Path) -> bytes:
    """Return the file after a quarter turn, a mirror, brightness times 1.2, JPEG at quality 60."""
    with Image.open(file) as image:
        turned = (
            image.convert("RGB")
            .transpose(Image.Transpose.ROTATE_90)
            .transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        )
    out = io.BytesIO()
    ImageEnhance.Brightness(turned).enhance(1.2).save(out, "JPEG", quality=60)
    return out.getvalue()


def many_signatures(count: int, copies: int = 1_000) -> Case:
    """Random signatures with near copies among them, searched in a process of its own (for its memory)."""

    def case(_: Path, __: Path) -> Row:
        done = subprocess.run(
            [sys.executable, __file__, str(count), str(copies)], check=True, capture_output=True, text=True
        )
        found, seconds, peak = map(float, done.stdout.split())
        return {
            "found": found,
            "seconds": seconds,
            "peak_mib": peak,
            "words": f"{100 * found:.1f} % of {copies} copies among the candidates, {seconds:.0f} s, {peak:.0f} MiB",
        }

    return case


def _search(count: int, copies: int) -> None:
    rng = np.random.default_rng(SEED)
    rows = rng.exponential(1.0, (count, 35)).astype(np.float32)
    original, copy = rng.permutation(count)[: 2 * copies].reshape(2, copies)
    rows[copy] = rows[original] * np.exp(rng.normal(0, 0.1, (copies, 35)))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    began = time.perf_counter()
    pairs, _ = nearest(rows, seed=SEED)
    seconds = time.perf_counter() - began
    known = set(map(tuple, pairs.tolist()))
    found = np.mean(
        [(min(a, b), max(a, b)) in known for a, b in zip(original.tolist(), copy.tolist(), strict=True)]
    )
    print(found, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def speed(count: int, side: int) -> Case:
    """Drawn pictures in two classes: reading, features and audit, on the clock."""

    def case(_: Path, work: Path) -> Row:
        folder, store = work / "drawn_speed", work / "speed_store"
        for old in (folder, store):
            shutil.rmtree(old, ignore_errors=True)
        draw(folder, count, side)
        processor = time.process_time()
        _, _, seconds = audited(folder, store)
        processor = time.process_time() - processor
        shutil.rmtree(folder)
        shutil.rmtree(store)
        return {"seconds": seconds, "words": f"{seconds:.1f} s ({processor:.1f} s of processor time)"}

    return case


def draw(folder: Path, count: int, side: int) -> None:
    """Coloured noise of two grains."""
    rng = np.random.default_rng(SEED)
    for i in range(count):
        kind = i % 2
        (folder / f"grain{kind}").mkdir(parents=True, exist_ok=True)
        small = rng.integers(0, 256, (side // (8 + 8 * kind), side // (8 + 8 * kind), 3), dtype=np.uint8)
        image = Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)
        image.save(folder / f"grain{kind}" / f"{rng.integers(10**9)}.jpg", quality=90)


if __name__ == "__main__":
    _search(*map(int, sys.argv[1:3]))
