"""Calls of layer classes and functions -> `Layer` facts, in one vocabulary for Keras and PyTorch."""

from __future__ import annotations

from typing import Any

from .apis import api, made_by
from .fact import Fact
from .facts import Layer
from .interpret.values import Items, Made, Part, Value, literal, number
from .position import Position
from .source import Source

TORCH_KINDS = {
    "Linear": "Dense", "LazyLinear": "Dense", "Conv1d": "Conv1D", "Conv2d": "Conv2D", "LazyConv2d": "Conv2D",
    "Conv3d": "Conv3D", "ConvTranspose2d": "Conv2DTranspose", "MaxPool2d": "MaxPooling2D",
    "AvgPool2d": "AveragePooling2D", "AdaptiveAvgPool2d": "AdaptiveAveragePooling2D",
    "AdaptiveMaxPool2d": "AdaptiveMaxPooling2D", "BatchNorm1d": "BatchNormalization",
    "BatchNorm2d": "BatchNormalization", "LazyBatchNorm2d": "BatchNormalization", "SyncBatchNorm": "BatchNormalization",
    "LayerNorm": "LayerNormalization", "GroupNorm": "GroupNormalization", "Dropout2d": "SpatialDropout2D",
    "Dropout1d": "Dropout", "FeatureAlphaDropout": "AlphaDropout",
}  # fmt: skip
ACTIVATIONS = {
    "relu": "relu", "relu6": "relu6", "leakyrelu": "leaky_relu", "leaky_relu": "leaky_relu", "prelu": "prelu",
    "elu": "elu", "selu": "selu", "gelu": "gelu", "silu": "silu", "swish": "silu", "mish": "mish", "celu": "celu",
    "hardswish": "hard_swish", "hardtanh": "tanh", "softplus": "softplus", "softsign": "softsign",
    "sigmoid": "sigmoid", "sigmoid_": "sigmoid", "relu_": "relu", "hard_sigmoid": "sigmoid",
    "logsigmoid": "log_sigmoid",
    "tanh": "tanh", "softmax": "softmax", "softmax_v2": "softmax", "softmax2d": "softmax", "log_softmax": "log_softmax",
    "logsoftmax": "log_softmax", "exponential": "exponential", "exp": "exponential", "linear": "linear",
    "identity": "linear", "thresholdedrelu": "relu", "hardsigmoid": "sigmoid", "rrelu": "leaky_relu",
}  # fmt: skip
FUNCTION_KINDS = {
    "flatten": "Flatten", "max_pool2d": "MaxPooling2D", "avg_pool2d": "AveragePooling2D", "dropout": "Dropout",
    "dropout2d": "SpatialDropout2D", "adaptive_avg_pool2d": "AdaptiveAveragePooling2D", "view": "Flatten",
    "reshape": "Flatten", "squeeze": "Squeeze", "unsqueeze": "Reshape", "argmax": "Argmax", "detach": "Detach",
    "item": "Detach", "numpy": "Detach", "tolist": "Detach", "round": "Round", "batch_norm": "BatchNormalization",
    "cat": "Concatenate", "concat": "Concatenate", "add": "Add", "max": "Max", "mean": "Mean", "permute": "Permute",
    "transpose": "Permute", "adaptive_max_pool2d": "AdaptiveMaxPooling2D", "tensor": "Detach",
    "Variable": "Detach",
}  # fmt: skip
WEIGHTED = ("Dense", "Conv1D", "Conv2D", "Conv3D", "SeparableConv2D", "DepthwiseConv2D", "Conv2DTranspose")
POOLINGS = ("MaxPooling2D", "AveragePooling2D")
GLOBAL_POOLINGS = (
    "GlobalAveragePooling2D", "GlobalMaxPooling2D", "AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D",
)  # fmt: skip
DROPOUTS = ("Dropout", "SpatialDropout2D", "AlphaDropout", "GaussianDropout")
AUGMENTING = (
    "RandomFlip", "RandomRotation", "RandomZoom", "RandomContrast", "RandomTranslation", "RandomCrop",
    "RandomBrightness", "RandomHeight", "RandomWidth", "GaussianNoise",
)  # fmt: skip


def fact_of(source: Source, value: Value) -> dict[str, Any]:
    """Return the position and the lines of a value, as every fact carries them."""
    position = value.position or Position(1, 0, 1)
    return {"position": position, "source": source.snippet(position)}


def bare(source: Source, value: Value) -> Fact:
    """Return where a value stands, as a fact with nothing else to say."""
    return Fact(**fact_of(source, value))


def activation_name(value: Value | None) -> str | None:
    """Return the activation that an argument, a layer class or a function means; None: not readable or none."""
    given = literal(value)
    if isinstance(given, str):
        return ACTIVATIONS.get(given.lower(), given.lower())
    name = api(value) or made_by(value)
    last = name.rpartition(".")[2]
    return ACTIVATIONS.get(last.lower()) if name and not name.startswith("builtins") else None


def pair(value: Value | None) -> tuple[int, int] | None:
    """Return rows and columns of a kernel, stride or size."""
    given = literal(value)
    if isinstance(given, int):
        return given, given
    if isinstance(given, tuple | list) and given and all(isinstance(one, int) for one in given):
        return given[0], given[-1]
    return None


def layer_of(source: Source, made: Made, trainable: bool = True) -> Layer | None:
    """Return the layer that a call of a layer's class makes; None: it is no layer."""
    name = api(made.function)
    last = name.rpartition(".")[2]
    if name.startswith("keras.layers."):
        return _keras(source, made, last, trainable)
    if (
        name.startswith("torch.nn.")
        and last[:1].isupper()
        and "functional" not in name
        and "Loss" not in last
    ):
        return _torch(source, made, last, trainable)
    if name.startswith("keras.activations."):
        return _activation(source, made, last)
    return None


def _common(source: Source, made: Made) -> dict[str, Any]:
    plain = {key: literal(one) for key, one in made.keywords.items()}
    options = {key: one for key, one in plain.items() if one is not None}
    return {**fact_of(source, made), "api": api(made.function), "options": options}


def _activation(source: Source, made: Made, name: str) -> Layer:
    return Layer(
        **_common(source, made), kind="Activation", activation=ACTIVATIONS.get(name.lower(), name.lower())
    )


def _keras(source: Source, made: Made, name: str, trainable: bool) -> Layer:
    common = _common(source, made)
    if name.lower() in ACTIVATIONS:
        return _activation(source, made, name)
    if name == "Activation":
        return Layer(**common, kind=name, activation=activation_name(made.argument(0, "activation")))
    shape = literal(made.argument(0 if name == "Input" else None, "shape", "input_shape"))
    if isinstance(shape, int):
        shape = (shape,)
    dims = literal(made.argument(None, "input_dim"))
    is_conv, is_pool = "Conv" in name, "Pooling" in name
    l1, l2 = penalty(made.argument(None, "kernel_regularizer", "W_regularizer", "depthwise_regularizer"))
    units = (
        number(made.argument(0, "units", "filters", "nb_filter", "output_dim")) if name in WEIGHTED else None
    )
    kernel = made.argument(1 if is_conv else 0, "kernel_size", "pool_size") if is_conv or is_pool else None
    weighted = name in WEIGHTED
    first = made.argument(0, "rate", "p", "stddev", "scale") if not weighted and not is_pool else None
    rate = number(first)
    # Keras 1 wrote rows and columns as two arguments.
    old = literal(made.argument(2)) if is_conv else None
    rows = pair(kernel)
    if isinstance(old, int) and rows is not None and isinstance(literal(kernel), int):
        rows = (rows[0], old)
        old = None
    strides = (
        pair(made.argument(None if isinstance(literal(made.argument(2)), str) else 2, "strides"))
        if is_conv
        else None
    )
    return Layer(
        **common,
        kind=name,
        units=None if units is None or name == "DepthwiseConv2D" else int(units),
        kernel=rows or ((2, 2) if is_pool and kernel is None else None),
        strides=pair(made.argument(None, "strides", "subsample")) or (strides if old is not None else None),
        padding=literal(made.argument(None, "padding", "border_mode"), "valid")
        if is_conv or is_pool
        else None,
        activation=activation_name(made.argument(1 if name == "Dense" else None, "activation")),
        rate=rate if name in (*DROPOUTS, "GaussianNoise", "Rescaling") else None,
        l1=l1,
        l2=l2,
        initialiser=initialiser(made.argument(None, "kernel_initializer", "init")),
        input_shape=tuple(shape)
        if isinstance(shape, tuple | list)
        else ((dims,) if isinstance(dims, int) else None),
        trainable=trainable and literal(made.argument(None, "trainable"), True) is not False,
    )


def _torch(source: Source, made: Made, name: str, trainable: bool) -> Layer:
    common = _common(source, made)
    kind = TORCH_KINDS.get(name, name)
    if name.lower() in ACTIVATIONS and name != "Linear":
        return _activation(source, made, name)
    weighted = kind in WEIGHTED
    lazy = name.startswith("Lazy")
    units = number(made.argument(0 if lazy else 1, "out_features", "out_channels")) if weighted else None
    inputs = number(made.argument(0, "in_features", "in_channels")) if weighted and not lazy else None
    is_conv, is_pool = "Conv" in kind, kind in POOLINGS
    kernel = pair(made.argument(2 if is_conv else 0, "kernel_size")) if is_conv or is_pool else None
    strides = pair(made.argument(3 if is_conv else 1, "stride")) if is_conv or is_pool else None
    rate = number(made.argument(0, "p")) if kind in DROPOUTS else None
    return Layer(
        **common,
        kind=kind,
        units=None if units is None else int(units),
        inputs=None if inputs is None else int(inputs),
        kernel=kernel,
        strides=strides or (kernel if is_pool else (1, 1) if is_conv else None),
        padding=literal(made.argument(4 if is_conv else 2, "padding"), 0) if is_conv or is_pool else None,
        rate=(0.5 if rate is None and not made.arguments and not made.keywords else rate)
        if kind in DROPOUTS
        else None,
        trainable=trainable,
    )


def penalty(value: Value | None) -> tuple[float, float]:
    """Return the L1 and L2 factors of a regulariser."""
    given = literal(value)
    if isinstance(given, str):
        return (0.01 if "l1" in given.lower() else 0.0), (0.01 if "l2" in given.lower() else 0.0)
    name = made_by(value).rpartition(".")[2].lower()
    if not isinstance(value, Made) or name not in ("l1", "l2", "l1l2", "l1_l2"):
        return 0.0, 0.0
    default = 0.0 if name == "l1l2" else 0.01  # Keras's documented defaults
    first = number(value.argument(0, "l1" if name != "l2" else "l2", "l"))
    second = number(value.argument(1, "l2"))
    if name == "l1":
        return (default if first is None else first), 0.0
    if name == "l2":
        return 0.0, (default if first is None else first)
    return (default if first is None else first), (default if second is None else second)


def initialiser(value: Value | None) -> str | None:
    """Return what weights start from, with its constants: ``zeros``, ``RandomNormal(stddev=1.0)``."""
    given = literal(value)
    if isinstance(given, str):
        return given
    name = (made_by(value) or api(value)).rpartition(".")[2]
    if isinstance(value, Made) and name:
        names = {"RandomNormal": ("mean", "stddev"), "RandomUniform": ("minval", "maxval"), "Constant": ("value",),
                 "TruncatedNormal": ("mean", "stddev")}.get(name, ())  # fmt: skip
        given_by = dict(zip(names, value.arguments, strict=False)) | value.keywords
        said = [f"{key}={number(one):g}" for key, one in given_by.items() if number(one) is not None]
        return f"{name}({', '.join(said)})"
    return name or None


def function_layer(source: Source, made: Made) -> Layer | None:
    """Return the layer that a call of a library's function, or of a tensor's method, amounts to."""
    name = api(made.function)
    if name.startswith(("builtins.", "numpy.")) and name != "numpy.argmax":
        return None
    if name:
        last, first = name.rpartition(".")[2], 1
    elif isinstance(made.function, Part) and isinstance(made.function.key, str):
        last, first = made.function.key, 0
    else:
        return None
    if last in ACTIVATIONS:
        return _activation(source, made, last)
    kind = FUNCTION_KINDS.get(last)
    if kind is None:
        return Layer(**_common(source, made), kind="Other")
    if kind == "Flatten" and not _flattens(made, last, first):
        kind = "Reshape"
    rate = number(made.argument(first, "p", "rate")) if kind in DROPOUTS else None
    common = _common(source, made)
    if last in ("dropout", "dropout2d", "alpha_dropout") and name.startswith("torch.nn.functional"):
        # The function drops out at evaluation too unless it is told the mode.
        common["options"] = {"always": "training" not in made.keywords and len(made.arguments) < 3}
    kernel = pair(made.argument(first, "kernel_size")) if kind in POOLINGS else None
    strides = pair(made.argument(first + 1, "stride")) if kind in POOLINGS else None
    if kind in ("Argmax", "Max"):
        common["options"] = {"axis": literal(made.argument(first, "dim", "axis"))}
    return Layer(**common, kind=kind, rate=0.5 if kind in DROPOUTS and rate is None else rate, kernel=kernel,
                 strides=strides or kernel, padding=0 if kernel else None)  # fmt: skip


def _flattens(made: Made, name: str, first: int) -> bool:
    if name == "flatten":
        return True
    sizes = [literal(one) for one in made.arguments[first:]]
    if len(sizes) == 1 and isinstance(sizes[0], tuple | list):
        sizes = list(sizes[0])
    elif len(made.arguments) == first + 1 and isinstance(given := made.arguments[first], Items):
        sizes = [literal(one) for one in given.items]
    return len(sizes) == 2 and (sizes[1] == -1 or sizes[0] == -1 or isinstance(sizes[1], int))
