"""Where the names of old Keras, and of ``tf.keras`` where TensorFlow is missing, are in the installed Keras."""

from __future__ import annotations

from .installed import is_installed, is_keras_module, keras_names

TENSORFLOW_ROOTS = ("tensorflow.python.keras", "tensorflow.compat.v1.keras", "tensorflow.keras")
GENERATORS = "keras.src.legacy.preprocessing.image"
"""Keras 3 keeps ``ImageDataGenerator`` there; a public name has it for TensorFlow alone."""
GENERATOR_NAMES = (
    "ImageDataGenerator",
    "Iterator",
    "DirectoryIterator",
    "NumpyArrayIterator",
    "DataFrameIterator",
)

MODULES = {
    "keras.objectives": "keras.losses",
    "keras.optimizers.legacy": "keras.optimizers",
    "keras.engine": "keras.layers",
    "keras.layers.core": "keras.layers",
}
FOLDED = (
    "advanced_activations", "convolutional", "core", "data_utils", "embeddings", "experimental", "generic_utils",
    "image_utils", "layer_utils", "merge", "noise", "normalization", "np_utils", "pooling", "preprocessing",
    "recurrent", "topology", "training", "vis_utils", "wrappers",
)  # fmt: skip
"""Modules whose names are in the one above them now."""

OPERATIONS = {
    "binary_crossentropy": "keras.ops.binary_crossentropy",
    "constant": "keras.ops.convert_to_tensor",
    "flatten": "keras.ops.ravel",
    "gather": "keras.ops.take",
    "get_value": "keras.ops.convert_to_numpy",
    "image_dim_ordering": "keras.backend.image_data_format",
    "int_shape": "keras.ops.shape",
    "l2_normalize": "keras.ops.normalize",
    "permute_dimensions": "keras.ops.transpose",
    "pow": "keras.ops.power",
    "set_image_dim_ordering": "keras.backend.set_image_data_format",
    "switch": "keras.ops.where",
    "variable": "keras.Variable",
}
"""Functions of ``keras.backend`` that have another name now; the others have kept theirs in ``keras.ops``."""

TENSORFLOW = {
    "tensorflow.data.AUTOTUNE": "-1",
    "tensorflow.data.experimental.AUTOTUNE": "-1",
    "tensorflow.cast": "keras.ops.cast",
    "tensorflow.clip_by_value": "keras.ops.clip",
    "tensorflow.concat": "keras.ops.concatenate",
    "tensorflow.constant": "keras.ops.convert_to_tensor",
    "tensorflow.convert_to_tensor": "keras.ops.convert_to_tensor",
    "tensorflow.nn.relu": "keras.ops.relu",
    "tensorflow.nn.sigmoid": "keras.ops.sigmoid",
    "tensorflow.nn.softmax": "keras.ops.softmax",
    "tensorflow.pow": "keras.ops.power",
    "tensorflow.random.set_seed": "keras.utils.set_random_seed",
    "tensorflow.set_random_seed": "keras.utils.set_random_seed",
    **{
        f"tensorflow.reduce_{one}": f"keras.ops.{one}"
        for one in ("sum", "mean", "max", "min", "prod", "all", "any")
    },
}
"""What losses and metrics take from TensorFlow itself; other names are in ``keras.ops`` as they are."""
DTYPES = ("float16", "float32", "float64", "int32", "int64", "uint8", "bool")


def modern(name: str) -> str | None:
    """Return what a library's dotted name is called today.

    Parameters
    ----------
    name
        In full: ``keras.layers.convolutional.Conv2D``, ``tensorflow.keras``.

    Returns
    -------
    str
        The name itself where it needs no change; None where nothing takes its place.
    """
    if not name.startswith(("keras", "tensorflow")):
        return name
    if name.startswith("tensorflow"):
        return name if is_installed("tensorflow") else _without_tensorflow(name)
    return _keras(name) if name == "keras" or name.startswith("keras.") else name


def _without_tensorflow(name: str) -> str | None:
    for root in TENSORFLOW_ROOTS:
        if name == root or name.startswith(f"{root}."):
            return _keras(f"keras{name.removeprefix(root)}")
    if name in TENSORFLOW:
        return TENSORFLOW[name]
    parts = name.split(".")
    if parts[-1] in DTYPES and len(parts) == 2:
        return f'"{parts[-1]}"'
    plain = len(parts) == 2 or parts[1:2] in (["math"], ["nn"])
    return f"keras.ops.{parts[-1]}" if plain and parts[-1] in keras_names("ops") else None


def _keras(name: str) -> str | None:
    parts = name.split(".")
    last = parts[-1]
    if last in GENERATOR_NAMES and "src" not in parts:
        return f"{GENERATORS}.{last}"
    if parts[1:2] == ["backend"] and len(parts) == 3:
        return _backend(last)
    for old, new in MODULES.items():
        if name == old or name.startswith(f"{old}."):
            return _shortest(f"{new}{name.removeprefix(old)}")
    return _shortest(name)


def _backend(function: str) -> str | None:
    if function in keras_names("backend"):
        return f"keras.backend.{function}"
    if function in OPERATIONS:
        return OPERATIONS[function]
    return f"keras.ops.{function}" if function in keras_names("ops") else None


def _shortest(name: str) -> str:
    """Leave out the modules inside a name that Keras no longer has; write a class's name as it is now."""
    parts = name.split(".")
    if len(parts) == 1:
        return name
    module, last = parts[1:-1], parts[-1]
    if is_keras_module(".".join(parts[1:])):
        return name
    while module and not is_keras_module(".".join(module)):
        module = module[:-1]
    known = keras_names(".".join(module))
    if known and last not in known:
        if not module or last.islower():  # a module in between, or a function written in lower case
            alike = next((one for one in sorted(known) if one.lower() == last.lower()), None)
            last = alike or last
        if last not in known and last in keras_names(""):
            module = []
        elif last not in known and last in keras_names("layers") and module[:1] in (["models"], ["layers"]):
            module = ["layers"]
        elif last in FOLDED:
            return ".".join(["keras", *module])
    return ".".join(["keras", *module, last])
