"""Edits of the preparation: after them the network sees what it should, in training and elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from tests.diagnose.reading.cases import Case

from .applying import cases_of, changed, check_case, check_healthy, codes, edits, first, run


@pytest.mark.parametrize("case", cases_of("prep"), ids=lambda case: case.name)
def test_planted_faults_are_mended(case: Case) -> None:
    # Twice 28 pixels are still few; how many are enough, the pictures decide.
    check_case(case, stays=("prep.size_too_small",))


def test_healthy_scripts_bring_no_trouble() -> None:
    check_healthy("prep")


@pytest.fixture
def folder(tmp_path):
    pixels = np.random.default_rng(0)
    for part in ("train", "valid"):
        for kind, level in (("dark", 60), ("light", 180)):
            place = tmp_path / part / kind
            place.mkdir(parents=True)
            for number in range(6):
                picture = pixels.integers(level - 50, level + 50, (12, 12, 3)).astype("uint8")
                Image.fromarray(picture).save(place / f"{number}.png")
    return tmp_path


ARRAYS = """
import glob, os
import keras
import numpy as np
from keras import layers
from PIL import Image

keras.utils.set_random_seed(0)
files = sorted(glob.glob(os.path.join(FOLDER, "train", "*", "*.png")))
X = np.array([np.array(Image.open(one)) for one in files])
y = np.array(["light" in one for one in files]).astype("float32")
net = keras.Sequential([
    keras.Input((12, 12, 3)),
    layers.Conv2D(4, 3, activation="relu"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(1, activation="sigmoid"),  # one
])
net.compile("adam", "binary_crossentropy", metrics=["accuracy"])
net.fit(X, y, epochs=1, verbose=0)
"""


def test_a_sequential_model_scales_itself(folder) -> None:
    text = first(ARRAYS, "prep.unscaled")
    assert changed(ARRAYS, text) == ([], ["    layers.Rescaling(1 / 255),"])
    net = run(text, FOLDER=str(folder))["net"]
    assert net.layers[0].name.startswith("rescaling")


FUNCTIONAL = ARRAYS.replace(
    """keras.Sequential([
    keras.Input((12, 12, 3)),
    layers.Conv2D(4, 3, activation="relu"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(1, activation="sigmoid"),  # one
])""",
    "make()",
).replace(
    "keras.utils.set_random_seed(0)\n",
    """
class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = layers.Conv2D(4, 3, activation="relu")
        self.pool = layers.GlobalAveragePooling2D()
        self.out = layers.Dense(1, activation="sigmoid")

    def call(self, pictures):
        return self.out(self.pool(self.conv(pictures)))

def make():
    given = keras.Input((12, 12, 3))
    out = layers.Conv2D(4, 3, activation="relu")(given)
    out = layers.Dense(1, activation="sigmoid")(layers.GlobalAveragePooling2D()(out))
    return keras.Model(given, out)
""",
)


def test_a_functional_and_a_subclassed_model_scale_themselves(folder) -> None:
    text = first(FUNCTIONAL, "prep.unscaled")
    assert changed(FUNCTIONAL, text)[1] == [
        '    out = layers.Conv2D(4, 3, activation="relu")(layers.Rescaling(1 / 255)(given))'
    ]
    run(text, FOLDER=str(folder))
    own = FUNCTIONAL.replace("make()\nnet.compile", "Own()\nnet.compile")
    text = first(own, "prep.unscaled")
    assert changed(own, text) == ([], ["        pictures = layers.Rescaling(1 / 255)(pictures)"])
    run(text, FOLDER=str(folder))


TORCH = """
import torch
from torch import nn
import numpy as np
from PIL import Image
from torch.utils.data import DataLoader, Dataset

class Pictures(Dataset):
    def __init__(self, files):
        self.files = files

    def __len__(self):
        return len(self.files)

    def __getitem__(self, at):
        picture = np.array(Image.open(self.files[at]))
        return torch.from_numpy(picture).permute(2, 0, 1), int("light" in self.files[at])

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        # the picture
        x = torch.relu(self.conv(x))
        seen.append(float(x.max()))
        return self.out(x.mean((2, 3)))

import glob
seen = []
loader = DataLoader(Pictures(sorted(glob.glob(FOLDER + "/train/*/*.png"))), 4, shuffle=True)
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=.01)
for epoch in range(2):
    for a, b in loader:
        loss = nn.functional.cross_entropy(net(a), b)
        opt.zero_grad()
        loss.backward()
        opt.step()
"""


def test_a_torch_module_scales_itself(folder) -> None:
    text = first(TORCH, "prep.unscaled")
    assert changed(TORCH, text) == ([], ["        x = x.float() / 255"])
    assert max(run(text, FOLDER=str(folder))["seen"]) < 5


GENERATORS = """
import keras
from keras import layers
from keras.src.legacy.preprocessing.image import ImageDataGenerator

made = ImageDataGenerator(rescale=1 / 255, rotation_range=20, horizontal_flip=True)  # for training
go = made.flow_from_directory(FOLDER + "/train", (12, 12), class_mode="binary", batch_size=4)
see = SECOND.flow_from_directory(FOLDER + "/valid", (12, 12), class_mode="binary", batch_size=12, shuffle=False)
net = keras.Sequential([layers.Conv2D(4, 3, activation="relu", input_shape=(12, 12, 3)), layers.Flatten(),
                        layers.Dense(1, activation="sigmoid")])
net.compile("adam", "binary_crossentropy", metrics=["accuracy"])
net.fit(go, epochs=1, validation_data=see, verbose=0)
twice = [float(abs(see[0][0] - see[0][0]).max()), float(see[0][0].max())]
"""


def test_validation_gets_a_generator_of_its_own(folder) -> None:
    faulty = GENERATORS.replace("SECOND", "made")
    assert run(faulty, FOLDER=str(folder))["twice"][0] > 0
    text = first(faulty, "prep.augmented_validation")
    assert run(text, FOLDER=str(folder))["twice"][0] == 0
    assert "see = ImageDataGenerator(rescale=1 / 255).flow" in text


def test_validation_is_scaled_as_training_is(folder) -> None:
    faulty = GENERATORS.replace("SECOND", "ImageDataGenerator()")
    after = run(first(faulty, "prep.train_validation_mismatch"), FOLDER=str(folder))
    assert after["twice"][1] <= 1


def test_validation_arrays_are_scaled_as_training_is() -> None:
    faulty = (
        "import keras\nfrom keras.datasets import cifar10\n"
        "(a, b), (c, d) = cifar10.load_data()\na = a.astype('float32')\na /= 255.  # to 1\n"
        "net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation='softmax')])\n"
        "net.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])\n"
        "net.fit(a, b, epochs=9, validation_data=(c, d))\n"
    )
    gone, new = changed(faulty, first(faulty, "prep.train_validation_mismatch"))
    assert (gone, new) in (([], ["c /= 255."]), ([], ["c = c / 255"]))


def test_all_augmentation_goes_then_each_part() -> None:
    text = (
        "import torch\nfrom torch import nn\nfrom torchvision import datasets, transforms as T\n"
        "go = datasets.ImageFolder('p', T.Compose([\n    T.RandomResizedCrop(64),\n    T.ColorJitter(0.9),  # light\n"
        "    T.ToTensor(),\n]))\nloader = torch.utils.data.DataLoader(go, 8, shuffle=True)\n"
        "net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))\n"
        "opt = torch.optim.Adam(net.parameters())\nfor e in range(9):\n    for x, y in loader:\n"
        "        loss = nn.CrossEntropyLoss()(net(x), y)\n        opt.zero_grad()\n        loss.backward()\n"
        "        opt.step()\n"
    )
    found = edits(text, "prep.destructive_augmentation")
    assert [len(changed(text, one.text)[0]) for one in found] == [2, 1, 1]
    assert "T.Resize((64, 64)),\n    T.ToTensor()" in found[0].text
    assert "prep.destructive_augmentation" not in codes(found[0].text)


RANDOM_SPLIT = """
import torch
from torch import nn
from torch.utils.data import DataLoader, random_split
from torchvision import datasets, transforms

change = transforms.Compose([transforms.Resize((96, 96)), transforms.RandomHorizontalFlip(), transforms.ToTensor()])
everything = datasets.ImageFolder("p", transform=change)
first, second = random_split(everything, [80, 20])
go, see = DataLoader(first, 8, shuffle=True), DataLoader(second, 8)
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
opt = torch.optim.Adam(net.parameters())
for e in range(9):
    net.train()
    for x, y in go:
        loss = nn.CrossEntropyLoss()(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        print(sum((net(x).argmax(1) == y).sum() for x, y in see))
"""


def test_one_part_of_a_random_split_gets_transforms_of_its_own() -> None:
    gone, new = changed(RANDOM_SPLIT, first(RANDOM_SPLIT, "prep.augmented_validation"))
    assert gone == []
    assert new == [
        "import copy",
        "second.dataset = copy.copy(second.dataset)",
        "second.dataset.transform = transforms.Compose([transforms.Resize((96, 96)), transforms.ToTensor()])",
    ]


@pytest.mark.parametrize(
    ("network", "reading", "line"),
    [
        ("EfficientNetB0", "X / 255.", "net.fit(X, y, epochs=3)"),
        ("ResNet50", "X", "net.fit(preprocess_input(X), y, epochs=3)"),
        ("VGG16", "X / 255.", "net.fit(preprocess_input(X), y, epochs=3)"),
    ],
)
def test_a_pretrained_network_gets_its_own_input(network: str, reading: str, line: str) -> None:
    text = (
        "import cv2, glob\nimport numpy as np\nfrom tensorflow import keras\n"
        f"from tensorflow.keras.applications import {network}\n"
        "X = np.array([cv2.resize(cv2.cvtColor(cv2.imread(f), cv2.COLOR_BGR2RGB), (224, 224)) "
        "for f in glob.glob('*')])\n"
        "y = np.load('y.npy')\n"
        f"base = {network}(include_top=False, weights='imagenet', pooling='avg')\n"
        "out = keras.layers.Dense(3, activation='softmax')(base.output)\nnet = keras.Model(base.input, out)\n"
        "net.compile('adam', 'sparse_categorical_crossentropy')\n"
        f"net.fit({reading}, y, epochs=3)\n"
    )
    found = first(text, "prep.wrong_backbone_preprocessing")
    assert line in found
    assert "prep.wrong_backbone_preprocessing" not in codes(found)


def test_the_wrong_module_is_exchanged() -> None:
    case = next(one for one in cases_of("prep") if one.code == "prep.wrong_backbone_preprocessing")
    healthy, _ = case.texts()
    faulty = healthy.replace("MobileNetV2, preprocess_input", "MobileNetV2").replace(
        "\ngen =", "from tensorflow.keras.applications.vgg16 import preprocess_input\n\ngen ="
    )
    new = changed(faulty, first(faulty, case.code))[1]
    assert new == ["from tensorflow.keras.applications.mobilenet_v2 import preprocess_input"]


READERS = """
import sys
import keras
import numpy as np
from PIL import Image

def learnt(paths):
    return np.stack([np.asarray(Image.open(one)) / 255 for one in paths])

def judged(paths):
    return np.stack([np.asarray(Image.open(one)){turned} / 255 for one in paths])

x, y, v, w = learnt(sys.argv[1:9]), np.arange(8) % 2, judged(sys.argv[9:]), np.arange(8) % 2
net = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
net.compile("adam", "sparse_categorical_crossentropy")
net.fit(x, y, validation_data=(v, w))
"""


@pytest.mark.parametrize("code", ["prep.train_validation_mismatch", "prep.channel_order"])
@pytest.mark.parametrize(("turned", "kept"), [("[:, :, ::-1]", "[:, :, :]"), ("[..., ::-1]", "[..., :]")])
def test_colours_that_one_part_turns_are_left(code, turned, kept) -> None:
    faulty = READERS.replace("{turned}", turned)
    assert first(faulty, code) == READERS.replace("{turned}", kept)


@pytest.mark.parametrize("turned", ["[::-1]", "[:, ::-1]", "[:, :, :3]"])
def test_what_turns_no_colours_stays(turned) -> None:
    assert not edits(READERS.replace("{turned}", turned), "prep.channel_order")


def test_what_is_divided_once_more_is_not() -> None:
    faulty = READERS.replace("{turned}", "").replace("validation_data=(v, w)", "validation_data=(v / 255, w)")
    assert changed(faulty, first(faulty, "prep.train_validation_mismatch")) == (
        ["net.fit(x, y, validation_data=(v / 255, w))"],
        ["net.fit(x, y, validation_data=(v, w))"],
    )
    assert not edits(READERS.replace("{turned}", ""), "prep.train_validation_mismatch")


BRANCHES = """
import numpy as np, torch
from torch import nn

class Pictures(torch.utils.data.Dataset):
    def __init__(self, training):
        self.training = training

    def __len__(self):
        return 8

    def __getitem__(self, at):
        pixels = torch.full((3,), 10.0 * at)
        BRANCH
        return pixels, at % 2

train, valid = Pictures(True), Pictures(False)
net = nn.Linear(3, 2)
optimizer, lose = torch.optim.SGD(net.parameters(), lr=.1), nn.CrossEntropyLoss()
for a, b in torch.utils.data.DataLoader(train, batch_size=4):
    optimizer.zero_grad()
    lose(net(a), b).backward()
    optimizer.step()
"""


@pytest.mark.parametrize(
    "branch",
    [
        "if self.training:\n            pixels = pixels / 127.5 - 1\n"
        "        else:\n            pixels = pixels / 255",
        "pixels = pixels / 127.5 - 1 if self.training else pixels / 255",
        "if not self.training:\n            pixels /= 255",
    ],
)
def test_a_flag_no_longer_scales_one_part_alone(branch: str) -> None:
    text = BRANCHES.replace("BRANCH", branch)
    found = [one.text for one in edits(text, "prep.train_validation_mismatch")]
    assert found
    for one in found:
        after = run(one)
        assert torch.equal(after["train"][3][0], after["valid"][3][0])


def test_a_question_about_the_picture_is_no_flag() -> None:
    text = BRANCHES.replace("BRANCH", "if pixels.max() > 1:\n            pixels = pixels / 255")
    assert not edits(text, "prep.train_validation_mismatch")
