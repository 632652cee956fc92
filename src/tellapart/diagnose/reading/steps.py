"""Single steps on the way of pictures: calls of libraries -> `Step` facts."""

from __future__ import annotations

from typing import Any

from .apis import api, made_by
from .data_facts import Step
from .interpret.values import Function, Items, Known, Made, Part, Value, literal, number
from .layers import AUGMENTING as AUGMENTING_LAYERS
from .layers import fact_of, pair
from .source import Source

READERS = {
    "cv2.imread": "bgr", "PIL.Image.open": "rgb", "keras.utils.load_img": "rgb", "imageio.imread": "rgb",
    "skimage.io.imread": "rgb", "matplotlib.pyplot.imread": "scaled for PNG", "matplotlib.image.imread":
    "scaled for PNG", "tensorflow.io.read_file": "rgb", "tensorflow.image.decode_jpeg": "rgb",
    "tensorflow.image.decode_png": "rgb", "tensorflow.image.decode_image": "rgb", "tensorflow.io.decode_jpeg": "rgb",
    "tensorflow.io.decode_png": "rgb", "tensorflow.io.decode_image": "rgb",
    "imageio.v2.imread": "rgb", "imageio.v3.imread": "rgb", "scipy.misc.imread": "rgb",
    "torchvision.io.read_image": "rgb", "scipy.ndimage.imread": "rgb",
}  # fmt: skip
AUGMENTING = {
    "tensorflow.image.random_flip_left_right", "tensorflow.image.random_flip_up_down",
    "tensorflow.image.random_brightness", "tensorflow.image.random_contrast", "tensorflow.image.random_crop",
    "tensorflow.image.random_hue", "tensorflow.image.random_saturation", "numpy.fliplr", "numpy.flipud", "numpy.flip",
    "numpy.rot90", "cv2.flip", "cv2.rotate", "cv2.warpAffine", "PIL.ImageOps.mirror", "PIL.ImageOps.flip",
    "scipy.ndimage.rotate", "skimage.transform.rotate", "tensorflow.image.flip_left_right", "tensorflow.image.rot90",
}  # fmt: skip
TORCH_AUGMENTING = (
    "RandomHorizontalFlip", "RandomVerticalFlip", "RandomRotation", "RandomResizedCrop", "RandomCrop", "ColorJitter",
    "RandomAffine", "RandomErasing", "RandomPerspective", "RandomGrayscale", "GaussianBlur", "RandAugment",
    "AutoAugment", "TrivialAugmentWide", "AugMix", "RandomInvert", "RandomPosterize", "RandomSolarize", "RandomApply",
    "ElasticTransform", "RandomAdjustSharpness", "RandomZoomOut",
)  # fmt: skip
GENERATOR_AUGMENTING = {
    "rotation_range", "width_shift_range", "height_shift_range", "shear_range", "zoom_range", "horizontal_flip",
    "vertical_flip", "brightness_range", "channel_shift_range", "zca_whitening",
}  # fmt: skip


def generator_steps(source: Source, generator: Made) -> tuple[Step, ...]:
    """Return what an ``ImageDataGenerator`` does to every picture."""
    found = []
    for key, value in generator.keywords.items():
        fact = {**fact_of(source, value), "name": key}
        if value.position is None or isinstance(value, Known):
            fact |= {key: one for key, one in fact_of(source, generator).items() if value.position is None}
        given = literal(value)
        if key == "rescale" and number(value):
            found.append(Step(**fact, kind="scale", amount=number(value)))
        elif key in GENERATOR_AUGMENTING and given not in (0, 0.0, False, None):
            found.append(Step(**fact, kind="augment", amount=given))
        elif key in ("featurewise_center", "featurewise_std_normalization", "samplewise_center",
                     "samplewise_std_normalization") and given:  # fmt: skip
            found.append(Step(**fact, kind="normalise"))
        elif key == "preprocessing_function":
            found.append(_preprocessing(source, value, fact))
    return tuple(found)


def _preprocessing(source: Source, value: Value, fact: dict[str, Any]) -> Step:
    name = api(value)
    if name.endswith("preprocess_input"):
        return Step(**{**fact, "name": name}, kind="preprocess")
    # A function of the program: what it does is not followed, but it may well scale.
    del source
    return Step(**fact, kind="normalise" if isinstance(value, Function) else "other")


def transform_steps(source: Source, value: Value | None) -> tuple[Step, ...]:
    """Return the steps of torchvision transforms."""
    if isinstance(value, Items):
        return tuple(step for one in value.items for step in transform_steps(source, one))
    if not isinstance(value, Made):
        return ()
    name = api(value.function).rpartition(".")[2]
    if name in ("Compose", "Sequential", "RandomApply", "RandomChoice"):
        return transform_steps(source, value.argument(0, "transforms", "layers"))
    fact = {**fact_of(source, value), "name": name}
    if api(value.function).startswith("keras.layers."):
        return _keras_layer(value, name, fact)
    if name == "Lambda" and isinstance(value.argument(0, "lambd"), Function):
        return (Step(**fact, kind="other", amount=value.argument(0, "lambd")),)
    if name == "ToDtype":
        scaled = literal(value.argument(1, "scale")) is True
        return (Step(**fact, kind="scale", amount=1 / 255),) if scaled else ()
    if name in ("ToTensor", "ConvertImageDtype"):
        return (Step(**fact, kind="scale", amount=1 / 255),)
    if name == "Normalize":
        amount = (literal(value.argument(0, "mean")), literal(value.argument(1, "std")))
        return (Step(**fact, kind="normalise", amount=amount),)
    if name in TORCH_AUGMENTING:
        step = Step(**fact, kind="augment", amount=_settings(value))
        size = pair(value.argument(0, "size")) if name == "RandomResizedCrop" else None
        return (step, Step(**fact, kind="resize", amount=size)) if size else (step,)
    if name == "Resize":
        return (Step(**fact, kind="resize", amount=pair(value.argument(0, "size"))),)
    if name == "CenterCrop":
        return (Step(**fact, kind="crop", amount=pair(value.argument(0, "size"))),)
    if name == "Grayscale":
        return (Step(**fact, kind="grey"),)
    return (Step(**fact, kind="other"),)


def _keras_layer(value: Made, name: str, fact: dict[str, Any]) -> tuple[Step, ...]:
    """Return what a preprocessing layer does where it is used on a data set, outside the network."""
    if name in AUGMENTING_LAYERS:
        return (Step(**fact, kind="augment", amount=_settings(value)),)
    if name == "Rescaling":
        return (Step(**fact, kind="scale", amount=number(value.argument(0, "scale"))),)
    if name in ("Resizing", "CenterCrop"):
        rows, columns = literal(value.argument(0, "height")), literal(value.argument(1, "width"))
        known = isinstance(rows, int) and isinstance(columns, int)
        return (Step(**fact, kind="resize", amount=(rows, columns) if known else None),)
    return (Step(**fact, kind="normalise"),) if name == "Normalization" else ()


def _settings(value: Made) -> object:
    first = literal(value.argument(0))
    named = {key: literal(one) for key, one in value.keywords.items()}
    return {"": first, **named} if named else first


WORDS: dict[str, tuple[str, ...]] = {
    "oversample": ("fit_resample", "fit_sample"),
    "resize": ("resize", "resize_with_pad"),
    "channels": ("cvtColor",),
    "shuffle": ("shuffle", "permutation"),
    "batch": ("batch", "padded_batch"),
    "one_hot": ("to_categorical", "get_dummies", "one_hot"),
    "transpose": ("transpose", "permute", "moveaxis", "rollaxis", "swapaxes"),
    "reshape": ("reshape", "view"),
    "stack": ("concatenate", "vstack", "append", "concat"),
    "normalise": ("fit_transform", "transform", "standardize", "per_image_standardization"),
    "scale": ("convert_image_dtype", "to_tensor", "ToTensor"),
}
"""Kinds of steps by the last word of what is called, a library's function or a method."""

FACTORS = {"div": -1, "div_": -1, "divide": -1, "true_divide": -1, "mul": 1, "mul_": 1, "multiply": 1}
"""Functions and methods that scale by a number: the power in which it enters."""

KINDS = {word: kind for kind, words in WORDS.items() for word in words}


def call_step(source: Source, made: Made, method: str) -> Step | None:
    """Return what a call does to the pictures it is given: a library's function, or a method of an array or tf.data."""
    name = api(made.function)
    last = name.rpartition(".")[2] or method
    kind: str
    amount: Any
    if name in READERS or (name.startswith("keras.datasets.") and last == "load_data"):
        kind, amount = "read", READERS.get(name, "rgb")
    elif name.endswith("preprocess_input"):
        kind, amount = "preprocess", None
    elif name in AUGMENTING:
        kind, amount = "augment", None
    elif last in FACTORS and (factor := number(made.argument(1 if name else 0, "other"))):
        kind, amount = "scale", factor ** FACTORS[last]
    elif last in KINDS:
        kind = KINDS[last]
        amount = _amount(kind, made, method)
    else:
        return None
    return Step(**fact_of(source, made), name=name or method, kind=kind, amount=amount)


def _amount(kind: str, made: Made, method: str) -> Any:
    if kind == "oversample":
        return made_by(made.function.of) if isinstance(made.function, Part) else None
    if kind == "resize":
        return pair(made.argument(0 if method else 1, "size", "dsize", "output_shape"))
    if kind == "channels":
        return api(made.argument(1, "code"))
    if kind in ("shuffle", "batch"):
        return number(made.argument(0, "buffer_size", "batch_size"))
    if kind == "one_hot":
        return number(made.argument(1, "num_classes", "depth", "nb_classes"))
    if kind in ("transpose", "reshape"):
        return [literal(one) for one in made.arguments]
    return 1 / 255 if kind == "scale" else None
