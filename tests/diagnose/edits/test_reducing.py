"""Programs whose network sees smaller pictures, and that are otherwise the same."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tellapart.diagnose.edits.reducing import Reduction, smaller

HALF, THREE_QUARTERS, THREE_EIGHTHS = Fraction(1, 2), Fraction(3, 4), Fraction(3, 8)
SEQUENTIAL = """import numpy as np
from keras import layers, models
from keras.utils import img_to_array, load_img
{size}
pictures = np.zeros((128, {side}, {side}, 3))
for number, file in enumerate(files):
    pictures[number] = img_to_array(load_img(file, target_size=({side}, {side})))
model = models.Sequential([
    layers.Input(shape=({side}, {side}, 3)),{pooling}
    layers.Conv2D(128, 3, activation="relu"),
    layers.Flatten(),
    layers.Dense(96, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(pictures, labels, epochs={epochs})
"""
ADDED = """from keras.models import Sequential
from keras.layers import Conv2D, Dense, Flatten
net = Sequential()
{first}
net.add(Flatten())
net.add(Dense(1, activation='sigmoid'))
net.compile(optimizer='adam', loss='binary_crossentropy')
net.fit(x, y, epochs=20)
"""
TORCH = """from torch import nn, optim
from torchvision import datasets, transforms
SIDE = {side}
shape = transforms.Compose([transforms.Resize((SIDE, SIDE)), transforms.ToTensor()])
loader = DataLoader(datasets.ImageFolder("pictures", shape), batch_size={batch})
net = nn.Sequential(nn.Conv2d(3, 64, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 2))
optimizer, criterion = optim.Adam(net.parameters()), nn.CrossEntropyLoss()
for epoch in range(20):
    for pictures, labels in loader:
        optimizer.zero_grad()
        criterion(net(pictures), labels).backward()
        optimizer.step()
"""


def sequential(side, *, size="", pooling="", epochs=50):
    return SEQUENTIAL.format(side=side, size=size, pooling=pooling, epochs=epochs)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"side": "128"}, {"side": "96"}),
        ({"side": "SIZE", "size": "SIZE = 128"}, {"side": "SIZE", "size": "SIZE = 96"}),
    ],
)
def test_every_size_is_changed_and_neither_a_width_nor_a_count(before, after):
    assert smaller(sequential(**before), "a.py", (128, 128), THREE_QUARTERS) == sequential(**after)


def test_halving_is_a_mean_of_four_pixels():
    text = sequential("64")
    pooling = "\n    layers.AveragePooling2D(2),"
    assert smaller(text, "a.py", (64, 64), HALF) == sequential("64", pooling=pooling)
    assert smaller(sequential("256"), "a.py", (256, 256), THREE_EIGHTHS) == sequential("192", pooling=pooling)


FLOW = """from keras import layers, models
from keras.src.legacy.preprocessing.image import ImageDataGenerator
maker = ImageDataGenerator(rescale=1 / 255, zoom_range=0.2)
flow = maker.flow_from_directory("pictures", target_size=({side}, {side}){more})
model = models.Sequential([layers.Input(shape=({side}, {side}, 3)), layers.Flatten(), layers.Dense(1)])
model.compile(loss="binary_crossentropy")
model.fit(flow, epochs=9)
"""
PILLOW = """from keras import layers, models
from PIL import Image
import numpy as np
pictures = np.array([np.asarray(Image.open(file).resize(({side}, {side}){more})) for file in files]) / 255
model = models.Sequential([{first}layers.Flatten(), layers.Dense(1)])
model.compile(loss="binary_crossentropy")
model.fit(pictures, labels, epochs=9)
"""


def test_readers_that_average_make_the_pictures_smaller_themselves():
    found = smaller(FLOW.format(side="256", more=""), "a.py", (256, 256), HALF)
    assert found == FLOW.format(side="128", more=', interpolation="box"')
    told = ', interpolation="bilinear"'
    assert smaller(FLOW.format(side="256", more=told), "a.py", (256, 256), HALF) == FLOW.format(
        side="128", more=told
    )
    own = PILLOW.format(side="256", more="", first="")
    assert smaller(own, "a.py", (256, 256), HALF) == PILLOW.format(side="128", more="", first="")
    coarse = PILLOW.format(side="256", more=", Image.NEAREST", first="")
    pooled = PILLOW.format(side="256", more=", Image.NEAREST", first="layers.AveragePooling2D(2), ")
    assert smaller(coarse, "a.py", (256, 256), HALF) == pooled


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "net.add(Conv2D(8, 3, input_shape=(64, 64, 3)))",
            "net.add(keras.layers.Input(shape=(64, 64, 3)))\n"
            "net.add(keras.layers.AveragePooling2D(2))\nnet.add(Conv2D(8, 3))",
        ),
        (
            "net.add(keras.Input((64, 64, 3)))\nnet.add(Conv2D(8, 3))",
            "net.add(keras.Input((64, 64, 3)))\nnet.add(keras.layers.AveragePooling2D(2))\nnet.add(Conv2D(8, 3))",
        ),
    ],
)
def test_layers_that_are_added_one_by_one(before, after):
    found = smaller("import keras\n" + ADDED.format(first=before), "a.py", (64, 64), HALF)
    assert found == "import keras\n" + ADDED.format(first=after)


def test_without_pooling_the_written_size_is_halved():
    # A batch may be as large as a side: it is no size.
    text = TORCH.format(side=64, batch=64)
    assert smaller(text, "a.py", (64, 64), HALF) == TORCH.format(side=32, batch=64)


def test_what_makes_pictures_larger_is_reduced_alike():
    text = TORCH.format(side=128, batch=8)
    assert smaller(text, "a.py", (64, 64), HALF) == TORCH.format(side=64, batch=8)


def test_a_size_that_is_not_written_is_left():
    text = TORCH.format(side="int(sys.argv[1])", batch=8)
    assert smaller(text, "a.py", (64, 64), HALF) == text


def test_reduction_is_both():
    found = Reduction("a.py", 7, THREE_QUARTERS, (128, 128))(sequential("128"))
    assert found == sequential("96", epochs=7)
