"""Each kind of gap: filled where it is there, and nothing done where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tellapart.diagnose.completing import complete
from tellapart.diagnose.completing.prose import is_prose
from tellapart.diagnose.reading.errors import NotPythonError
from tellapart.diagnose.script import take
from tellapart.errors import OptionError, TellapartError

BENCHMARK = Path(__file__).parents[3] / "benchmarks/diagnosis"
SCRIPTS = sorted(BENCHMARK.glob("*/*/*.py"))
NETWORK = """\
def train():
    from keras.models import Sequential
    from keras.layers import Conv2D, Dense, Flatten
    model = Sequential([Conv2D(4, 3, input_shape=(32, 48, 3)), Flatten(), Dense(1, activation='sigmoid')])
    model.compile('adam', 'binary_crossentropy')
"""
LOOP = """\
import torch
from torch import nn
net = nn.Sequential(nn.Conv2d(1, 8, 5), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 12 * 12, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=.1)
"""


def test_whole_and_current_programs_stay_as_they_are() -> None:
    assert len(SCRIPTS) > 50
    for script in SCRIPTS:
        text = script.read_bytes().decode()
        completed = complete(text, None)
        assert completed.text == text, script
        assert completed.assumptions == (), script


# pasting


@pytest.mark.parametrize(
    ("pasted", "plain"),
    [
        (">>> a = 1\n>>> for b in [a]:\n...     print(b)\n1\n", "a = 1\nfor b in [a]:\n    print(b)\n"),
        ("In [1]: a = 1\nIn [2]: a\nOut[2]: 1\n", "a = 1\na\n"),
        ("    a = 1\n    b = 2\n", "a = 1\nb = 2\n"),
        ("a = 1\n    b = 2\n    c = 3\n", "a = 1\nb = 2\nc = 3\n"),
        ("```python\na = 1\n```\n", "a = 1\n"),
        ("%matplotlib inline\n!pip install keras\na = 1\n", "pass\npass\na = 1\n"),
        ("a = “x”\n", 'a = "x"\n'),
        ("a = [1,\u00a02]\nif a:\n\u00a0\u00a0b = 1\n", "a = [1, 2]\nif a:\n  b = 1\n"),
        ("print 'done', 3\n", "print('done', 3)\n"),
    ],
)  # fmt: skip
def test_what_pasting_does_is_undone(pasted: str, plain: str) -> None:
    found = complete(pasted, None)
    assert found.text == plain
    assert len(found.assumptions) == 1


@pytest.mark.parametrize(
    ("broken", "whole", "said"),
    [
        ("a = dict(b=1 c=2)\n", "a = dict(b=1, c=2)\n", "line 1: a lost , was put in"),
        ("a = max(1,\n        2\nb = 3\n", "a = max(1,\n        2)\nb = 3\n", "line 2: a lost ) was put in"),
        ("a = [1, 2]]\n", "a = [1, 2]\n", "line 1: a ] too many was left out"),
        ("for a in [1]\n    b = a\n", "for a in [1]:\n    b = a\n", "line 1: a lost : was put in"),
    ],
)
def test_a_lost_sign_is_found(broken: str, whole: str, said: str) -> None:
    found = complete(broken, None)
    assert (found.text, found.assumptions) == (whole, (said,))


def test_what_no_sign_mends_is_refused_with_its_line(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("a = 1\nb = 2 3 4 5 6 7\n")
    with pytest.raises(NotPythonError, match="line 2"):
        take(str(script), tmp_path)


def test_sentences_and_what_was_printed_become_comments_and_lines_keep_their_numbers() -> None:
    given = """Hi all,
my loss (about 0.69) does not go down, what is wrong?

x = 3
history = [x, x]

Epoch 1/2
25/25 [====] - 3s 100ms/step - loss: 0.6931
Traceback (most recent call last):
  File "train.py", line 5, in <module>
    history = [x, x]
ValueError: shapes differ
Thanks in advance
"""
    found = complete(given, None)
    code = [line for line in found.text.splitlines() if line and not line.startswith("#")]
    assert code == ["x = 3", "history = [x, x]"]
    assert len(found.text.splitlines()) == len(given.splitlines())
    assert found.assumptions == ("lines that are no code were taken for comments",)


def test_a_traceback_without_its_last_line_ends_at_an_empty_one() -> None:
    found = complete('Traceback (most recent call last):\n  File "t.py", line 5, in f\n\nx = 3\n', None)
    assert [line for line in found.text.splitlines() if line and not line.startswith("#")] == ["x = 3"]


@pytest.mark.parametrize(
    "line",
    [
        "fit(x_train y_train)",
        "for a in [1]",
        "x = [one for one in two if one is not three or four]",
        "return lambda x, y: x and y",
        "async def train(x):",
        'print "loss and accuracy of it"',
        "# my network is too small",
        '"""My network tells cats from dogs.',
    ],
)
def test_code_with_a_lost_sign_is_no_sentence(line: str) -> None:
    assert not is_prose(line)


DEEP = {
    "brackets": "x = " + "[" * 3000 + "]" * 3000,
    "branches": "if a: pass\n" + "elif b: pass\n" * 1000,
    "sum": "x = " + "+".join(["y"] * 3000),
    "chain": "x" + ".a" * 3000,
    "a name of a newer Unicode": "\U00013460 = keras\n",
    "no Python at all": "\\ \x00 '",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_what_cannot_be_read_comes_back(text: str) -> None:
    assert complete(text, None).text == text


def test_self_without_a_class() -> None:
    found = complete("self.a = 1\nif self.a:\n    print(self.a)\nreturn self.a\n", None)
    exec(compile(found.text, "t", "exec"), {})
    assert any("self" in one for one in found.assumptions)
    inside = "class A:\n    def f(self):\n        return self.a\n"
    assert complete(inside, None).text == inside


def test_methods_get_a_class_and_are_called(pictures: Path) -> None:
    pasted = """\
def build(self):
    self.model = Sequential([Dense(1, input_dim=300, activation='sigmoid')])
    self.model.compile('adam', 'binary_crossentropy')
def run(self):
    self.model.fit(self.a, self.b, batch_size=self.c)
"""
    found = complete(pasted, pictures)
    assert "    def run(self):\n        self.model.fit(a, b, batch_size=c)\n" in found.text
    assert found.text.endswith(".build()\npasted.run()\n")
    assert "build, run are methods without a class: one was put around them" in found.assumptions


def test_methods_of_a_network_get_the_class_that_is_made() -> None:
    pasted = """\
def __init__(self):
    super().__init__()
    self.last = nn.Linear(48, 2)

def forward(self, x):
    return self.last(x)

net = Small()
"""
    text = complete(pasted, None).text
    assert "class Small(torch.nn.Module):\n    def __init__(self):\n" in text
    found: dict[str, object] = {}
    exec(compile(text, "t", "exec"), found)
    assert found["net"].last.in_features == 48


DEFINED = {
    "by a function": "def f():\n    global x\n    x = 1\nf()\nmodel.fit(x, x, epochs=1)\n",
    "by an earlier turn": "for i in range(2):\n    if i:\n        model.fit(x, x, epochs=1)\n    x = i\n",
    "within a comprehension": "y = [x := i for i in range(2)]\nmodel.fit(x, y, epochs=1)\n",
    "by a pattern": "match model:\n    case [x, *y]:\n        model.fit(x, y, epochs=1)\n",
    "by an error": "try:\n    pass\nexcept OSError as x:\n    model.fit(x, x, epochs=1)\n",
    "later, for a function": "def f():\n    model.fit(x, x, epochs=1)\nx = 1\nf()\n",
    "elsewhere": "from settings import *\nmodel.fit(x, x, epochs=1)\n",
}


@pytest.mark.parametrize("text", DEFINED.values(), ids=DEFINED.keys())
def test_what_is_defined_somewhere_is_not_completed(text: str) -> None:
    assert complete(text, None).text == text


# imports


def test_missing_imports_are_put_in() -> None:
    found = complete(
        "net = nn.Sequential(nn.Linear(2, 2))\nx = np.zeros(F.relu)\nplt.plot(DataLoader)\n", None
    )
    assert "from torch import nn\n" in found.text
    assert "import numpy as np\n" in found.text
    assert "from torch.utils.data import DataLoader\n" in found.text
    assert "import matplotlib.pyplot as plt\n" in found.text


def test_a_name_that_is_used_otherwise_is_no_import() -> None:
    text = "print(image + 1, K, os)\n"
    assert complete(text, None).text == text


def test_what_is_not_installed_is_said() -> None:
    found = complete("t = transforms.Compose([])\nimport torch\n", None)
    assert "from torchvision import transforms" in found.text
    assert "torchvision is not installed here" in found.assumptions


# old Keras

HEAD = "import keras\nfrom keras import backend as K\nfrom keras.optimizers import SGD, Adam\n"
OLD = [
    ("from keras.layers.convolutional import Conv2D, MaxPooling2D", "from keras.layers import Conv2D, MaxPooling2D"),
    ("from keras.utils.np_utils import to_categorical", "from keras.utils import to_categorical"),
    ("from keras.preprocessing.image import ImageDataGenerator, load_img",
     "from keras.src.legacy.preprocessing.image import ImageDataGenerator\n"
     "from keras.preprocessing.image import load_img"),
    ("from tensorflow.keras.models import Sequential", "from keras.models import Sequential"),
    ("o = SGD(lr=0.1, momentum=.9)", "o = SGD(learning_rate=0.1, momentum=.9)"),
    ("o = Adam(lr=0.1, epsilon=None, decay=0.0)", "o = Adam(learning_rate=0.1)"),
    ("n = keras.layers.Convolution2D(8, 3, 3, border_mode='same', subsample=(2, 2))",
     "n = keras.layers.Convolution2D(8, (3, 3), padding='same', strides=(2, 2))"),
    ("n = keras.layers.Conv2D(nb_filter=8, nb_row=3, nb_col=3)",
     "n = keras.layers.Conv2D(filters=8, kernel_size=(3, 3))"),
    ("n = keras.layers.Dense(output_dim=3, init='normal')",
     "n = keras.layers.Dense(units=3, kernel_initializer='random_normal')"),
    ("def m(a, b):\n    return K.mean(K.equal(a, K.round(b)))",
     "def m(a, b):\n    return keras.ops.mean(keras.ops.equal(a, keras.ops.round(b)))"),
    ("def fit(n, g, h):\n    n.fit_generator(g, 10, 3, validation_data=h, workers=2)",
     "def fit(n, g, h):\n    n.fit(g, steps_per_epoch=10, epochs=3, validation_data=h)"),
    ("def fit(n, g):\n    n.fit_generator(g, samples_per_epoch=500, nb_epoch=3)",
     "def fit(n, g):\n    n.fit(g, steps_per_epoch=max(1, 500 // g.batch_size), epochs=3)"),
    ("def see(h):\n    return h.history['acc'], h.history['val_acc']",
     "def see(h):\n    return h.history['accuracy'], h.history['val_accuracy']"),
    ("c = keras.callbacks.ModelCheckpoint('a.hdf5', monitor='val_acc', period=1)",
     "c = keras.callbacks.ModelCheckpoint('a.keras', monitor='val_accuracy')"),
    ("K.set_image_dim_ordering('th')", "K.set_image_data_format('channels_first')"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), OLD, ids=[old[:50] for old, _ in OLD])
def test_old_keras_is_brought_up_to_date(old: str, new: str) -> None:
    found = complete(f"{HEAD}{old}\n", None)
    assert found.text == f"{HEAD}{new}\n"
    assert found.assumptions
    assert complete(found.text, None).text == found.text


def test_a_class_is_read_from_what_the_network_ends_in() -> None:
    several = NETWORK.replace("Dense(1", "Dense(4")
    ask = "def ask(n, x):\n    return n.predict_classes(x)\n"
    assert '(n.predict(x) > 0.5).astype("int32")' in complete(NETWORK + ask, None).text
    assert "n.predict(x).argmax(axis=-1)" in complete(several + ask, None).text


def test_decay_becomes_the_schedule_it_was() -> None:
    text = complete(f"{HEAD}o = SGD(lr=0.1, decay=1e-3)\n", None).text
    assert "SGD(learning_rate=InverseTimeDecay(0.1, decay_steps=1, decay_rate=1e-3))" in text


def test_the_learning_rate_that_old_keras_had_is_written_out() -> None:
    text = "import keras\ndef go(m, x, y):\n    m.compile('adadelta', 'mse')\n    m.fit(x, y, {epochs}=3)\n"
    old = complete(text.format(epochs="nb_epoch"), None)
    assert "m.compile(Adadelta(learning_rate=1.0), 'mse')" in old.text
    assert any("had a learning rate of 1.0" in one for one in old.assumptions)
    today = text.format(epochs="epochs")
    assert complete(today, None).text == today


def test_a_program_that_needs_tensorflow_keeps_it() -> None:
    text = "import tensorflow as tf\nm = tf.keras.Sequential()\nd = tf.data.Dataset.range(3)\n"
    assert complete(text, None).text == text


def test_accuracy_that_was_asked_for_as_acc_stays_so() -> None:
    network = NETWORK.replace("'binary_crossentropy'", "'binary_crossentropy', metrics=['acc']")
    text = f"{network}h = {{}}\nh['acc'] = 1\n"
    assert complete(text, None).text == text


# pictures


def completed(text: str, pictures: Path) -> dict[str, object]:
    """Return the names that a completed program has when it has run, without the training."""
    found: dict[str, object] = {}
    exec(compile(complete(text, pictures).text, "completed", "exec"), found)
    return found


def test_arrays_have_the_shape_the_network_takes(pictures: Path) -> None:
    text = f"{NETWORK}    model.fit(left, right, validation_data=(up, down), epochs=1)\n"
    found = completed(text, pictures)
    assert found["left"].shape == (96, 32, 48, 3)
    assert found["up"].shape == (24, 32, 48, 3)
    assert 0.5 < found["left"].max() <= 1
    assert sorted(set(found["right"].tolist())) == [0, 1]
    assert found["down"].sum() == 12


def test_parts_of_the_folder_are_the_parts(pictures_in_parts: Path) -> None:
    text = f"{NETWORK}    model.fit(left, right, validation_data=(up, down), epochs=1)\n"
    found = completed(text, pictures_in_parts)
    assert (len(found["left"]), len(found["up"])) == (40, 20)


def test_pixels_stay_raw_where_the_program_scales_them(pictures: Path) -> None:
    found = completed(f"{NETWORK}    model.fit(left / 255, right, epochs=1)\n", pictures)
    assert found["left"].max() > 200


@pytest.mark.parametrize(
    ("loss", "units", "shape"),
    [("categorical_crossentropy", 2, (120, 2)), ("sparse_categorical_crossentropy", 2, (120,)),
     ("binary_crossentropy", 1, (120,))],
)  # fmt: skip
def test_labels_are_as_the_loss_wants_them(
    pictures: Path, loss: str, units: int, shape: tuple[int, ...]
) -> None:
    network = NETWORK.replace("binary_crossentropy", loss).replace("Dense(1", f"Dense({units}")
    found = completed(f"{network}    model.fit(left, right, epochs=1)\n", pictures)
    assert found["right"].shape == shape


def test_what_a_name_is_follows_from_its_use_not_from_the_name(pictures: Path) -> None:
    network = NETWORK.replace("Dense(1, activation='sigmoid')", "Dense(classes)")
    text = f"{network}    model.fit(y_test, batch_size, validation_split=.2, epochs=model_x)\n"
    found = completed(text, pictures)
    assert found["y_test"].shape == (120, 32, 48, 3)
    assert found["batch_size"].shape[0] == 120
    assert found["classes"] == 2
    assert isinstance(found["model_x"], int)


def test_batches_of_a_torch_loop(pictures: Path) -> None:
    text = f"""{LOOP}
def step(x, y):
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
for x, y in some:
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
def judge(batches):
    for x, y in batches:
        print(net(x))
def later():
    judge(others)
"""
    found = completed(text, pictures)
    x, y = next(iter(found["some"]))
    assert tuple(x.shape) == (32, 1, 28, 28)
    assert str(y.dtype) == "torch.int64"
    assert len(found["others"].dataset) == 24


def test_loaders_kept_by_phase(pictures: Path) -> None:
    text = f"""{LOOP}
def go():
    for phase in ['second', 'first']:
        for x, y in kept[phase]:
            loss = nn.functional.cross_entropy(net(x), y)
            if phase == 'first':
                loss.backward()
                optimizer.step()
        print(loss / many[phase])
"""
    found = completed(text, pictures)
    assert {key: len(one.dataset) for key, one in found["kept"].items()} == {"first": 96, "second": 24}
    assert found["many"] == {"first": 96, "second": 24}


def test_folders_are_those_of_the_parts(pictures_in_parts: Path) -> None:
    text = f"""\
from keras.src.legacy.preprocessing.image import ImageDataGenerator
import os
{NETWORK}    maker = ImageDataGenerator(rescale=1 / 255)
    some = maker.flow_from_directory(one, target_size=(32, 48))
    others = maker.flow_from_directory(two, target_size=(32, 48))
    more = maker.flow_from_directory(os.path.join(three, 'validation'), target_size=(32, 48))
    model.fit(some, validation_data=others)
"""
    text = complete(text, pictures_in_parts).text
    root = pictures_in_parts.resolve()
    assert f"one = {str(root / 'train')!r}\n" in text
    assert f"two = {str(root / 'validation')!r}\n" in text
    assert f"three = {str(root)!r}\n" in text


READERS = f"""\
from keras.src.legacy.preprocessing.image import ImageDataGenerator
{NETWORK}    maker = ImageDataGenerator(rescale=1 / 255)
    some = maker.flow_from_directory(one, target_size=(32, 48))
    others = ImageDataGenerator().flow_from_directory(two)
    model.fit(some, validation_data=others)
"""


def test_one_folder_is_shared_between_the_parts(pictures: Path, pictures_in_parts: Path) -> None:
    text = complete(READERS, pictures).text
    assert "maker = ImageDataGenerator(rescale=1 / 255, validation_split=0.2)\n" in text
    assert "maker.flow_from_directory(one, target_size=(32, 48), subset='training')\n" in text
    assert "ImageDataGenerator(validation_split=0.2).flow_from_directory(two, subset='validation')\n" in text
    assert "subset" not in complete(READERS, pictures_in_parts).text


def test_data_sets_of_tensorflow_become_generators() -> None:
    text = """\
import tensorflow as tf
some = tf.keras.utils.image_dataset_from_directory(
    'cells', label_mode='binary', image_size=(20, 20), validation_split=.2, subset='training', seed=1)
names = some.class_names
some = some.cache().shuffle(100).prefetch(tf.data.AUTOTUNE)
"""
    found = complete(text, None)
    assert (
        found.text
        == """\
from keras.src.legacy.preprocessing.image import ImageDataGenerator
import keras
some = ImageDataGenerator(validation_split=.2).flow_from_directory(\
'cells', target_size=(20, 20), class_mode="binary", seed=1, subset='training')
names = list(some.class_indices)
some = some
"""
    )
    assert len(found.assumptions) == 2
    mapped = complete(text + "some = some.map(lambda x, y: (x / 255, y))\n", None)
    assert "ImageDataGenerator" not in mapped.text


@pytest.mark.parametrize(
    "settings",
    ["dict(image_size=(20, 20), label_mode='binary')", "{'image_size': (20, 20), 'label_mode': 'binary'}"],
)
def test_settings_spread_into_a_reader_are_kept(settings: str) -> None:
    text = f"""\
import keras
common = {settings}
some = keras.utils.image_dataset_from_directory('cells', seed=1, **common)
"""
    assert "'cells', target_size=(20, 20), class_mode=\"binary\", seed=1)" in complete(text, None).text


JUDGED = {
    "validation": """
    with torch.no_grad():
        out = net(held)
        right = (out.argmax(1) == truth).float().mean()
""",
    "test": """
from sklearn.metrics import accuracy_score
out = net(held).argmax(dim=1)
print(accuracy_score(truth, out))
""",
}


@pytest.mark.parametrize(("part", "judging"), JUDGED.items())
def test_pictures_and_labels_that_only_judge_are_filled_in(
    part: str, judging: str, pictures_in_parts: Path
) -> None:
    text = f"""{LOOP}
for epoch in range(3):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(some), labels)
    loss.backward()
    optimizer.step()
{judging}"""
    said = complete(text, pictures_in_parts).assumptions
    assert any(one.startswith(f"held is not defined: the {part} pictures") for one in said)
    assert any(one.startswith(f"truth is not defined: class numbers of the {part} pictures") for one in said)


@pytest.mark.parametrize(("taken", "made"), [("", "[:, None]"), ("[:, 0]", ""), (".squeeze(1)", "")])
def test_labels_have_the_shape_of_the_scores_they_are_held_against(
    taken: str, made: str, pictures: Path
) -> None:
    text = f"""{LOOP.replace("8 * 12 * 12, 2", "8 * 12 * 12, 1")}
for epoch in range(3):
    optimizer.zero_grad()
    loss = nn.BCEWithLogitsLoss()(net(some){taken}, labels)
    loss.backward()
    optimizer.step()
"""
    assert f'.astype("float32"){made})\n' in complete(text, pictures).text


def test_what_is_compared_with_no_decision_is_no_label(pictures_in_parts: Path) -> None:
    text = f"{LOOP}\nif phase == 'train':\n    print(1)\n"
    assert "\nphase = " not in complete(text, pictures_in_parts).text


def test_without_pictures_an_undefined_array_is_refused() -> None:
    with pytest.raises(OptionError, match="left is not defined") as caught:
        complete(f"{NETWORK}    model.fit(left, right, epochs=1)\n", None)
    assert "--pictures" in str(caught.value)


def test_pictures_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TellapartError):
        complete(f"{NETWORK}    model.fit(left, right, epochs=1)\n", tmp_path)


def test_what_nothing_tells_stays_undefined(pictures: Path) -> None:
    text = f"{NETWORK}print(something)\n"
    assert complete(text, pictures).text == text


def test_lines_are_those_of_what_was_given(pictures: Path, tmp_path: Path) -> None:
    given = f"{NETWORK}    model.fit(left, right, nb_epoch=1)\n"
    (tmp_path / "train.py").write_text(given)
    script = take(str(tmp_path / "train.py"), tmp_path, pictures)
    lines = script.text.splitlines()
    at = next(number for number, line in enumerate(lines, 1) if "model.fit" in line)
    assert script.line_given(at) == 6
    assert (
        script.line_given(next(n for n, line in enumerate(lines, 1) if line.startswith("GIVEN_CLASSES")))
        is None
    )
