"""What stands before a network that is not ours: uint8 pictures -> the input it was trained on.

N pictures, H x W px, D features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from tellapart.backbones.graph import Graph
from tellapart.errors import OptionError

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of pixels from 0 to 1; what torchvision's, timm's and most of the Hub's networks were trained with."""

MOST_BYTES = 1_900_000_000  # protobuf holds 2 GiB in one message, and the model file is one


@dataclass(frozen=True)
class Entry:
    """How a network takes pictures.

    Attributes
    ----------
    weight_33, bias_3
        input = weight @ pixel + bias, RGB from 0 to 255 in; None: the pixels as they are, uint8. A full matrix, since
        some networks were trained on BGR.
    channels_last
        Whether the network takes (N, H, W, 3) instead of (N, 3, H, W).
    """

    weight_33: np.ndarray | None
    bias_3: np.ndarray | None
    channels_last: bool = False

    @classmethod
    def normalising(
        cls, mean: Sequence[float], deviation: Sequence[float], *, channels_last: bool = False
    ) -> Entry:
        """Return (pixel / 255 - mean) / deviation, by channel."""
        scale = 1 / np.asarray(deviation, dtype=np.float64)
        return cls(np.diag(scale / 255), -np.asarray(mean, dtype=np.float64) * scale, channels_last)

    def apply(self, images_NHWC: np.ndarray) -> np.ndarray:
        """Return the network's input for uint8 pictures, by NumPy: what the graph is checked against."""
        x = images_NHWC
        if self.weight_33 is not None:
            x = (x @ self.weight_33.T + self.bias_3).astype(np.float32)
        return x if self.channels_last else x.transpose(0, 3, 1, 2)

    def write(self, graph: Graph, images: str) -> str:
        """Write it to `graph`; `images` is uint8 (N, H, W, 3)."""
        if self.weight_33 is None or self.bias_3 is None:
            return images if self.channels_last else graph.op("Transpose", images, perm=[0, 3, 1, 2])
        x = graph.conv(
            graph.channels_first(images),
            self.weight_33[:, :, None, None],
            self.bias_3,
            stride=1,
            pads=[0] * 4,
        )
        return graph.op("Transpose", x, perm=[0, 2, 3, 1]) if self.channels_last else x


def with_entry(
    name: str,
    inner: onnx.ModelProto,
    entry: Entry,
    width: int,
    finish: Callable[[Graph, str], str] = lambda _, features: features,
) -> onnx.ModelProto:
    """Return the model `images` uint8 (N, H, W, 3) -> `features` (N, `width`).

    `inner` takes what `entry` gives; `finish` turns its output into (N, `width`).
    """
    graph = Graph(name)
    features = finish(graph, graph.embed(inner, entry.write(graph, graph.images("images"))))
    return graph.model({"features": (features, width)})


def refuse_large(size_bytes: int, where: str) -> None:
    """Refuse weights that do not fit into a model file.

    Raises
    ------
    OptionError
        They are larger than `MOST_BYTES`.
    """
    if size_bytes > MOST_BYTES:
        raise OptionError(
            f"A network of at most {MOST_BYTES / 1e9:.1f} GB was expected: the model file holds its weights.",
            found=f"{size_bytes / 1e9:.1f} GB",
            where=where,
            advice="take a smaller one of the same family",
        )
