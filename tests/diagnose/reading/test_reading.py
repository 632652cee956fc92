"""What is read of a program, whatever its style; what cannot be read is refused in words."""

from __future__ import annotations

import contextlib
import json
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.diagnose.reading import (
    EmptyProgramError,
    NotPythonError,
    NoTrainingError,
    Program,
    ProgramError,
    read_program,
    suspect,
)

from .cases import SCRIPTS


def script(name: str) -> Program:
    return read_program((SCRIPTS / f"{name}.txt").read_text(encoding="utf-8"), f"{name}.py")


def kinds(program: Program) -> list[str]:
    return [layer.kind for layer in program.models[0].layers]


def test_keras_with_generators() -> None:
    program = script("keras_generators")
    assert program.frameworks == ("keras",)
    (training,) = program.trainings
    assert kinds(program).count("Conv2D") == 4
    assert program.models[0].layers[0].input_shape == (150, 150, 3)
    assert training.output is not None
    assert (training.output.units, training.output.activation) == (1, "sigmoid")
    assert training.loss is not None
    assert training.loss.name == "binary_crossentropy"
    assert training.optimizer is not None
    assert (training.optimizer.name, training.optimizer.learning_rate) == ("rmsprop", 0.001)
    train, validation = training.part("train"), training.part("validation")
    assert train is not None
    assert validation is not None
    assert train.scale == pytest.approx(1 / 255)
    assert [step.name for step in train.of("augment")] == ["shear_range", "zoom_range", "horizontal_flip"]
    assert (train.batch_size, train.target_size, train.label_mode) == (16, (150, 150), "binary")
    assert (train.shuffle, validation.shuffle) == (True, False)
    assert training.epochs is not None
    assert training.epochs.value == 50
    assert training.steps_per_epoch is not None
    assert (training.steps_per_epoch.of, training.steps_per_epoch.divided_by) == ("samples", 16)


def test_functional_keras_with_a_loop_over_filters() -> None:
    program = script("keras_datasets")
    model = program.models[0]
    assert model.style == "functional"
    assert [layer.units for layer in model.layers if layer.kind == "Conv2D"] == [16, 32, 64]
    assert program.trainings[0].loss is not None
    assert program.trainings[0].loss.from_logits
    assert {part.subset for part in program.parts} == {"training", "validation"}


def test_arrays_and_the_split() -> None:
    program = script("keras_arrays")
    (split,) = program.splits
    assert split.kind == "train_test_split"
    assert split.stratified
    assert {part.role for part in program.parts} == {"train", "validation", "predict"}
    assert {decision.kind for decision in program.decisions} == {"threshold"}


def test_a_pretrained_network_and_its_head() -> None:
    for name, weights in (("keras_transfer", "imagenet"), ("torch_finetune", "imagenet")):
        model = script(name).trainings[0].model
        assert model is not None
        assert model.pretrained is not None
        assert model.pretrained.weights == weights
        assert model.pretrained.frozen
        assert not model.frozen


def test_subclasses_of_both_frameworks() -> None:
    assert kinds(script("keras_subclass")) == [
        "Rescaling", "Conv2D", "Conv2D", "Conv2D", "GlobalMaxPooling2D", "Dropout", "Dense",
    ]  # fmt: skip
    assert kinds(script("torch_module")) == [
        "Conv2D", "BatchNormalization", "Activation", "MaxPooling2D", "Conv2D", "Activation", "MaxPooling2D",
        "Flatten", "Dense", "Activation", "Dropout", "Dense",
    ]  # fmt: skip


def test_a_loop_by_hand() -> None:
    (training,) = script("torch_module").trainings
    loop = training.loop
    assert loop is not None
    assert loop.zero_grad is not None
    assert loop.backward is not None
    assert loop.step is not None
    assert loop.zero_grad.line < loop.backward.line < loop.step.line
    assert training.epochs is not None
    assert training.epochs.value == 20
    (scored,) = script("torch_module").passes
    assert scored.eval_mode
    assert scored.no_grad


STYLES = {
    "module alias": "import tensorflow.keras as K\nm = K.models.Sequential([K.layers.Dense(7, 'relu'), "
    "K.layers.Dense(2)])\n",
    "names imported": "from keras.layers import Dense as D\nfrom keras import Sequential as S\nm = "
    "S()\nm.add(D(7, 'relu'))\nm.add(D(2))\n",
    "no imports": "model = Sequential()\nmodel.add(Dense(7, activation='relu'))\nmodel.add(Dense(2))\n",
    "model not made here": "units = 7\nmodel.add(Dense(units, "
    "activation='relu'))\nmodel.add(Dense(2))\nmodel.compile('sgd', loss='mse')\n",
    "list in a loop": "import keras\nstack = []\nfor u, a in zip([7, 2], ['relu', None]):\n    "
    "stack.append(keras.layers.Dense(u, activation=a))\n"
    "keras.Sequential(stack)\n",
    "function": "from keras import layers, Sequential\ndef make(n=3, **more):\n    return "
    "Sequential([layers.Dense(n, **more), layers.Dense(2)])\n"
    "net = make(7, activation='relu')\n",
    "old names": "from keras.models import Sequential\nfrom keras.layers.core import Dense\nm = "
    "Sequential()\n"
    "m.add(Dense(output_dim=7, input_dim=3, activation='relu'))\nm.add(Dense(2))\n",
    "command line": "import argparse, keras\np = argparse.ArgumentParser()\np.add_argument('--width', "
    "type=int, default=7)\n"
    "args = p.parse_args()\nkeras.Sequential([keras.layers.Dense(args.width, 'relu'), "
    "keras.layers.Dense(2)])\n",
    "torch list": "import torch.nn as nn\nnet = nn.Sequential(*[nn.Linear(3, 7), nn.ReLU()], "
    "nn.Linear(7, 2))\n",
    "torch class never made": "import torch\nclass A(torch.nn.Module):\n    def __init__(self):\n       "
    " super().__init__()\n"
    "        self.b = torch.nn.Linear(3, 7)\n        self.c = torch.nn.Linear(7, 2)\n"
    "    def forward(self, x):\n        return self.c(self.b(x).relu())\n",
    "ordered dict": "from collections import OrderedDict\nfrom torch import nn\n"
    "net = nn.Sequential(OrderedDict([('a', nn.Linear(3, 7)), ('r', nn.ReLU()), ('b', nn.Linear(7, 2))]))\n",
}


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES.keys())
def test_one_network_in_many_styles(text: str) -> None:
    (model,) = read_program(text).models
    assert [layer.units for layer in model.layers if layer.kind == "Dense"] == [7, 2]
    hidden = [layer.activation for layer in model.layers[:-1] if layer.activation]
    assert hidden == ["relu"]
    assert model.output is not None
    assert model.output.units == 2


def test_what_is_not_imported_is_said() -> None:
    assert any("Dense" in one for one in read_program(STYLES["no imports"]).assumptions)


@pytest.mark.parametrize("module", ["keras.layers", "tensorflow.keras.layers"])
def test_names_of_a_module_imported_whole_are_no_assumption(module):
    text = f"from {module} import *\n" + STYLES["no imports"]
    assert not any("Dense" in one for one in read_program(text).assumptions)
    other = "from keras.callbacks import *\n" + STYLES["no imports"]
    assert any("Dense" in one for one in read_program(other).assumptions)


def test_the_recipes_are_read() -> None:
    from tellapart import recipes

    folder = Path(str(recipes.__file__)).parent
    found = {}
    for name in ("plastic_pieces", "quarter_positive"):
        program = read_program((folder / f"{name}.py").read_text(encoding="utf-8"), f"{name}.py")
        found[name] = {one.code for one in suspect(program)}
    assert {"arch.flatten_explosion", "regularisation.too_strong"} <= found["plastic_pieces"]
    wanted = {"metric.batch_averaged", "optimizer.learning_rate_too_low", "arch.dropout_before_batchnorm"}
    assert wanted <= found["quarter_positive"]


def notebook(*cells: str) -> str:
    made = [{"cell_type": "markdown", "source": ["# title"]}]
    made += [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": made, "nbformat": 4})


def test_a_notebook_says_cell_and_line() -> None:
    text = notebook(
        "%matplotlib inline\n!pip install keras\nimport keras\nfiles = !ls",
        "%%bash\nls -l | grep x",
        "%%time\nmodel = keras.Sequential([\n    keras.layers.Dense(1, "
        "activation='softmax')])\nmodel.summary?",
        "model.compile('adam', 'binary_crossentropy')",
    )
    program = read_program(text, "n.ipynb")
    one = next(one for one in suspect(program) if one.code == "output.softmax_one_unit")
    assert str(one.position) == "cell 3:3"
    assert "softmax" in one.source


def test_a_syntax_error_shows_the_line(refused: Callable[..., Any]) -> None:
    error = refused(read_program, "import keras\nx = keras.Input((1, 2)\ny = 3\n", "a.py")
    assert isinstance(error, NotPythonError)
    assert "a.py, line" in error.where
    error = refused(read_program, "import keras\nprint 'hello'\n")
    assert "print 'hello'" in error.found
    assert "Python 2" in error.advice
    error = refused(read_program, notebook("a = 1", "b = (\nc d"), "n.ipynb")
    assert "cell 2" in error.where


def test_what_is_no_program_is_refused(refused: Callable[..., Any]) -> None:
    assert isinstance(refused(read_program, ""), EmptyProgramError)
    assert isinstance(refused(read_program, "# nothing\n"), EmptyProgramError)
    assert isinstance(refused(read_program, "print('hello')\n"), NoTrainingError)
    assert isinstance(refused(read_program, "{broken", "n.ipynb"), NotPythonError)
    assert isinstance(refused(read_program, notebook(), "n.ipynb"), EmptyProgramError)
    assert isinstance(refused(read_program, "x = " + "(" * 400 + ")" * 400), ProgramError)


LIBRARY = [
    "ast",
    "bisect",
    "calendar",
    "colorsys",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "enum",
    "fnmatch",
    "functools",
    "heapq",
    "json/decoder",
    "random",
    "shlex",
    "statistics",
    "string",
    "tarfile",
    "textwrap",
    "tokenize",
]


def _files() -> list[Path]:
    folder = Path(sysconfig.get_paths()["stdlib"])
    return [path for path in (folder / f"{name}.py" for name in LIBRARY) if path.exists()]


@pytest.mark.parametrize("path", _files(), ids=lambda path: path.stem)
def test_any_python_is_read_or_refused_and_quickly(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    started = time.process_time()
    with contextlib.suppress(ProgramError):
        suspect(read_program(text, path.name))
    seconds = time.process_time() - started
    assert seconds < 2 * max(1.0, text.count("\n") / 1000)


PIECES = sorted(
    {line for path in SCRIPTS.glob("*.txt") for line in path.read_text(encoding="utf-8").splitlines() if line}
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=25))
def test_lines_put_together_at_random_never_crash(lines: list[str]) -> None:
    text = "\n".join(
        line.strip() if not line.strip().endswith(":") else f"{line.strip()} pass" for line in lines
    )
    with contextlib.suppress(ProgramError):
        suspect(read_program(text))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ProgramError):
        suspect(read_program(text))


DEEP = {
    "brackets": "x = " + "[" * 3000 + "]" * 3000,
    "branches": "if a: pass\n" + "elif b: pass\n" * 1000,
    "sum": "x = " + "+".join(["y"] * 3000),
    "chain": "x" + ".a" * 3000,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(ProgramError):
        read_program(text)


def test_a_long_training_is_read_under_two_seconds() -> None:
    text = (SCRIPTS / "keras_generators.txt").read_text(encoding="utf-8")
    text = "\n".join([text] * (1000 // text.count("\n") + 1))
    started = time.process_time()
    suspect(read_program(text))
    assert time.process_time() - started < 2


def test_how_long_a_loop_over_batches_goes_on_is_not_known_from_its_call():
    text = """
import keras
net = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
net.compile("adam", "binary_crossentropy")
for epoch in range(30):
    for x, y in batches():
        net.train_on_batch(x, y)
"""
    assert "optimizer.too_few_epochs" not in {one.code for one in suspect(read_program(text))}
    fitted = text.replace("train_on_batch", "fit")
    assert "optimizer.too_few_epochs" in {one.code for one in suspect(read_program(fitted))}


def test_a_number_rounded_to_be_read_decides_nothing() -> None:
    text = (
        "import torch\nfrom torch import nn\nx, y = torch.rand(8, 3), torch.ones(8)\n"
        "net = nn.Sequential(nn.Linear(3, 1))\noptimizer = torch.optim.SGD(net.parameters(), lr=.1)\n"
        "criterion = nn.BCEWithLogitsLoss()\nfor at in range(9):\n    optimizer.zero_grad()\n"
        "    loss = criterion(net(x).squeeze(1), y)\n    loss.backward()\n    optimizer.step()\n    print(SHOWN)\n"
    )
    assert read_program(text.replace("SHOWN", "round(net(x)[0].item())")).decisions
    assert not read_program(text.replace("SHOWN", "round(net(x)[0].item(), 4)")).decisions
