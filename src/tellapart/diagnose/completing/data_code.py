"""Plain code that reads ``--pictures`` as a program wants its pictures and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from .folder import Folder
from .network import Wanted
from .uses import PARTS, Use

BATCH = 32
SHARE = 0.2
"""Of the pictures: held out where the program asks for them and the folder has no part for it."""
MODES = {1: ("L", "grayscale"), 3: ("RGB", "rgb"), 4: ("RGBA", "rgba")}
CLASS_MODES = {"integers": "sparse", "one_hot": "categorical", "numbers": "binary", "column": "binary"}
IN_WORDS = {
    "integers": "class numbers", "one_hot": "one-hot labels", "numbers": "labels 0 and 1", "column": "labels 0 and 1",
}  # fmt: skip


class DataCode:
    """The lines that give undefined names their pictures and labels.

    Parameters
    ----------
    uses
        What each undefined name is.
    wanted
        What the network wishes to be given.
    scaled
        The program itself brings pixels to small numbers.
    """

    def __init__(self, uses: Mapping[str, Use], wanted: Wanted, folder: Folder, *, scaled: bool) -> None:
        self.uses, self.wanted, self.folder, self.scaled = uses, wanted, folder, scaled
        self.kinds = {one.kind for one in uses.values()}
        self.torch = wanted.framework == "torch"
        self.size = wanted.size or (min(folder.size), min(folder.size))
        self.mode, self.colours = MODES.get(wanted.channels, MODES[3])
        asked = {part for one in uses.values() for part in (one.part, *(of for _, of in one.keys))}
        self.parts = [part for part in PARTS if part in asked]

    def imports(self) -> list[str]:
        """Return the imports that the lines need."""
        kinds = self.kinds
        found = ["import pathlib", "import numpy as np"]
        if kinds - {"generator", "labels", "count"}:
            found.append("import PIL.Image")
        if not self.torch and "batches" in kinds:
            found.append("import pandas as pd")
        if not self.torch and kinds & {"batches", "generator"}:
            found.append("from keras.src.legacy.preprocessing.image import ImageDataGenerator")
        if self.torch:
            found += ["import torch", "from torch.utils.data import DataLoader, TensorDataset"]
        if self._splits():
            found.append("from sklearn.model_selection import train_test_split")
        return found

    def lines(self) -> list[str]:
        """Return the lines: how files are found and read, and each name's value."""
        kinds = self.kinds
        found: list[str] = []
        if kinds != {"generator"}:
            found += [*self._finding(), ""]
        if kinds & {"pictures", "dataset"} or (self.torch and "batches" in kinds):
            found += [*self._reading(), ""]
        found += [f"{name} = {self._value(use)}" for name, use in self.uses.items()]
        return found

    def in_words(self) -> Iterator[str]:
        """Say what each name was taken for."""
        scale = "0 to 255" if self.scaled else "0 to 1"
        size = f"{self.size[0]} x {self.size[1]} pixels, {self.mode}, {scale}"
        for name, use in self.uses.items():
            of = {"train": "training", "validation": "validation", "test": "test"}[use.part]
            if use.keys:
                kept = ", ".join(f"{key} the {part} part" for key, part in use.keys)
                yield f"{name} is not defined: by its key, {use.kind} of --pictures ({kept})"
            elif use.kind == "generator":
                yield f"{name} is not defined: taken for an ImageDataGenerator"
            elif use.kind == "labels":
                yield f"{name} is not defined: {self._form(use, in_words=True)} of the {of} pictures"
            elif use.kind == "pictures":
                yield f"{name} is not defined: the {of} pictures of --pictures ({size})"
            else:
                what = "batches" if use.kind == "batches" else "a data set"
                form = f"{size}; {self._form(use, in_words=True)}"
                yield f"{name} is not defined: {what} of the {of} pictures of --pictures ({form})"
        if self._splits():
            yield "the pictures have no parts: a fifth, of each class, is held out"

    def _splits(self) -> list[str]:
        """Return the parts that are cut from the training pictures, as the folder has none."""
        held = [part for part in self.parts if part != "train"]
        return [] if set(self.folder.parts) & {"validation", "test"} else held

    def _finding(self) -> Iterator[str]:
        yield f"GIVEN_CLASSES = {list(self.folder.classes)!r}"
        yield ""
        yield ""
        yield "def given_files(folder):"
        yield '    """Return the pictures in class folders, in mixed order, and the numbers of their classes."""'
        yield "    found = ["
        yield "        (str(file), number)"
        yield "        for number, name in enumerate(GIVEN_CLASSES)"
        yield '        for file in sorted((folder / name).rglob("*"))'
        yield f"        if file.suffix.lower() in {self.folder.suffixes!r}"
        yield "    ]"
        yield "    order = np.random.RandomState(0).permutation(len(found))"
        yield "    return np.array([found[i][0] for i in order]), np.array([found[i][1] for i in order])"
        yield ""
        yield ""
        split = self._splits()
        for part in PARTS:
            read = part == "train" if split else part in self.parts
            if read:
                folder = str(self.folder.of_part(part))
                yield f"given_files_{part}, given_labels_{part} = given_files(pathlib.Path({folder!r}))"
        for number, part in enumerate(split):
            source = "train" if number == 0 else split[0]
            share = SHARE if number == 0 else 0.5
            files, labels = f"given_files_{source}", f"given_labels_{source}"
            yield f"{files}, given_files_{part}, {labels}, given_labels_{part} = train_test_split("
            yield f"    {files}, {labels}, test_size={share}, stratify={labels}, random_state=0"
            yield ")"

    def _reading(self) -> Iterator[str]:
        (height, width), mode = self.size, self.mode
        range_ = "0 to 255" if self.scaled else "0 to 1"
        after = "" if self.scaled else " / 255"
        layout = {"NHWC": "", "NCHW": "", "NHW": "", "flat": ".reshape(len(files), -1)"}[self.wanted.layout]
        if self.wanted.layout == "NCHW":
            layout = "[:, None]" if mode == "L" else ".transpose(0, 3, 1, 2)"
        elif self.wanted.layout == "NHWC" and mode == "L":
            layout = "[..., None]"
        yield ""
        yield "def read_given(files):"
        yield f'    """Return pictures as {self.wanted.layout}, float32 of {range_}."""'
        yield f'    pictures = [PIL.Image.open(file).convert("{mode}").resize(({width}, {height})) for file in files]'
        yield '    stacked = np.stack([np.asarray(one, "float32") for one in pictures])'
        yield f"    return np.ascontiguousarray(stacked{layout}{after})"
        yield ""

    def _form(self, use: Use, *, in_words: bool = False) -> str:
        form = "integers" if use.one_hot else self.wanted.labels
        if in_words:
            return IN_WORDS[form]
        labels = f"given_labels_{use.part}"
        return {
            "integers": labels,
            "one_hot": f'np.eye({max(len(self.folder.classes), self.wanted.units)}, dtype="float32")[{labels}]',
            "numbers": f'{labels}.astype("float32")',
            "column": f'{labels}.astype("float32")[:, None]',
        }[form]

    def _value(self, use: Use) -> str:
        if use.keys:
            each = (replace(use, part=part, keys=()) for _, part in use.keys)
            return (
                "{"
                + ", ".join(
                    f"{key!r}: {self._value(one)}" for (key, _), one in zip(use.keys, each, strict=True)
                )
                + "}"
            )
        if use.kind == "count":
            return f"len(given_files_{use.part})"
        if use.kind == "generator":
            return f"ImageDataGenerator({'' if self.scaled else 'rescale=1 / 255'})"
        if use.kind == "batches" and not self.torch:
            return self._flow(use)
        pictures, labels = f"read_given(given_files_{use.part})", self._form(use)
        if self.torch and not use.arrays:
            pictures, labels = f"torch.from_numpy({pictures})", f"torch.from_numpy({labels})"
        dataset = f"TensorDataset({pictures}, {labels})"
        batches = f"DataLoader({dataset}, batch_size={BATCH}, shuffle={use.part == 'train'})"
        return {"pictures": pictures, "labels": labels, "dataset": dataset, "batches": batches}[use.kind]

    def _flow(self, use: Use) -> str:
        rescale = "" if self.scaled else "rescale=1 / 255"
        names = f"np.array(GIVEN_CLASSES)[given_labels_{use.part}]"
        return (
            f"ImageDataGenerator({rescale}).flow_from_dataframe(\n"
            f'    pd.DataFrame({{"file": given_files_{use.part}, "class": {names}}}),\n'
            f'    x_col="file", y_col="class", target_size={self.size}, color_mode="{self.colours}",\n'
            f'    class_mode="{CLASS_MODES[self.wanted.labels]}", batch_size={BATCH}, shuffle={use.part == "train"},\n'
            ")"
        )
