"""Writing the ONNX graph of a small convolutional net directly.

`torch.onnx.export` takes 5 to 17 s per net here; the nets of this package are a handful of operators, and
writing those takes 0.1 s and folds the batch norms. Nets of others go through the exporter (see `export.py`).
Names: `images` uint8 (N, H, W, 3) in; float (N, C, H, W) inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnx.compose
from onnx import TensorProto, helper, numpy_helper

OPSET = 18  # antialiased Resize exists from here on
IR_VERSION = 9  # read by onnxruntime 1.16 and newer


class Graph:
    """A graph being written; every method adds an operator and returns the name of its output."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self._embedded: list[tuple[onnx.ModelProto, str]] = []

    def images(self, name: str) -> str:
        """Add an input of uint8 RGB pictures (N, H, W, 3)."""
        shape: list[str | int | None] = ["N", f"{name}_H", f"{name}_W", 3]
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.UINT8, shape))
        return name

    def channels_first(self, images: str) -> str:
        """uint8 (N, H, W, 3) -> float (N, 3, H, W), 0 to 255."""
        return self.op("Transpose", self.op("Cast", images, to=TensorProto.FLOAT), perm=[0, 3, 1, 2])

    def reverse(self, images: str, axes: Sequence[int]) -> str:
        """Turn the order of rows (axis 1 of N, H, W, 3) or columns (2) round; without axes nothing is added."""
        if not axes:
            return images
        last, beyond = -1, np.iinfo(np.int64).min  # from the last place to before the first, backwards
        ranges = [
            np.full(len(axes), last),
            np.full(len(axes), beyond),
            np.array(axes),
            np.full(len(axes), -1),
        ]
        return self.op("Slice", images, *(self.constant(one.astype(np.int64)) for one in ranges))

    def embed(self, model: onnx.ModelProto, images: str) -> str:
        """Add a whole model with one input and one output; return the name of its output.

        The same model again is computed again, with the constants of the first time.
        """
        prefix = f"{self.name}_{len(self.nodes)}_"
        inner = onnx.compose.add_prefix(model, prefix).graph
        known = next((before for other, before in self._embedded if other is model), None)
        constants = {constant.name for constant in inner.initializer}
        entry = next(value.name for value in inner.input if value.name not in constants)
        self.nodes.append(helper.make_node("Identity", [images], [entry]))
        if known is None:
            self._embedded.append((model, prefix))
            self.constants.extend(inner.initializer)
        else:
            _rename(inner, {name: known + name.removeprefix(prefix) for name in constants})
        self.nodes.extend(inner.node)
        return inner.output[0].name

    def constant(self, value: np.ndarray) -> str:
        """Add a constant."""
        name = f"{self.name}_c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator with one output."""
        output = f"{self.name}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def affine(self, x: str, scale: np.ndarray | float, shift: np.ndarray | float) -> str:
        """Return x * scale + shift."""
        scaled = self.op("Mul", x, self.constant(np.asarray(scale, dtype=np.float32)))
        return self.op("Add", scaled, self.constant(np.asarray(shift, dtype=np.float32)))

    def conv(
        self,
        x: str,
        weight_OIHW: np.ndarray,
        bias: np.ndarray,
        *,
        stride: int,
        pads: Sequence[int],
        groups: int = 1,
    ) -> str:
        """Convolve; `pads` are top, left, bottom, right."""
        names = [self.constant(weight_OIHW.astype(np.float32)), self.constant(bias.astype(np.float32))]
        kernel = list(weight_OIHW.shape[2:])
        return self.op(
            "Conv", x, *names, strides=[stride] * 2, pads=list(pads), group=groups, kernel_shape=kernel
        )

    def relu6(self, x: str) -> str:
        """Clip to 0..6."""
        low, high = (self.constant(np.array(value, dtype=np.float32)) for value in (0, 6))
        return self.op("Clip", x, low, high)

    def mean(self, x: str) -> str:
        """(N, C, H, W) -> (N, C)."""
        return self.op("Flatten", self.op("GlobalAveragePool", x))

    def maximum(self, x: str) -> str:
        """(N, C, H, W) -> (N, C)."""
        return self.op("Flatten", self.op("GlobalMaxPool", x))

    def deviation(self, x: str) -> str:
        """(N, C, H, W) -> (N, C), the standard deviation over the map."""
        centred = self.op("Sub", x, self.op("GlobalAveragePool", x))
        variance = self.op("GlobalAveragePool", self.op("Mul", centred, centred))
        floor = self.op("Max", variance, self.constant(np.array(1e-12, dtype=np.float32)))
        return self.op("Flatten", self.op("Sqrt", floor))

    def linear(self, x: str, weight_DK: np.ndarray, bias_K: np.ndarray) -> str:
        """(N, D) -> (N, K)."""
        names = (self.constant(weight_DK.astype(np.float32)), self.constant(bias_K.astype(np.float32)))
        return self.op("Gemm", x, *names)

    def average(self, names: Sequence[str], weights: Sequence[float] | None = None) -> str:
        """Return the weighted sum of equal shapes; without weights their mean."""
        shares = weights if weights is not None else [1 / len(names)] * len(names)
        scaled = [
            self.op("Mul", name, self.constant(np.array(share, dtype=np.float32)))
            for name, share in zip(names, shares, strict=True)
        ]
        return scaled[0] if len(scaled) == 1 else self.op("Sum", *scaled)

    def model(
        self, outputs: dict[str, tuple[str, int]], metadata: dict[str, str] | None = None
    ) -> onnx.ModelProto:
        """Return the finished model; `outputs` maps the public name to (name, width) of an (N, width) value."""
        infos = []
        for public, (name, width) in outputs.items():
            self.nodes.append(helper.make_node("Identity", [name], [public]))
            infos.append(helper.make_tensor_value_info(public, TensorProto.FLOAT, ["N", width]))
        graph = helper.make_graph(self.nodes, self.name, self.inputs, infos, self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="tellapart"
        )
        model.ir_version = IR_VERSION
        if metadata:
            helper.set_model_props(model, metadata)
        return model


def _rename(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    """Let operators, also those of inner graphs, take other constants."""
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                _rename(inner, names)


def folded(
    weight_OIHW: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    *,
    mean: np.ndarray,
    variance: np.ndarray,
    epsilon: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Fold a batch norm (evaluation mode) into the weight and bias of the convolution before it."""
    scale = gamma / np.sqrt(variance + epsilon)
    return weight_OIHW * scale[:, None, None, None], beta - mean * scale
