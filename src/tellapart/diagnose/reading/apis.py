"""Names of libraries: one name for what has many, and what the text may use without importing it."""

from __future__ import annotations

from functools import lru_cache

from .interpret.values import External, Made, Part, Value

KERAS_ROOTS = (
    "tensorflow.python.keras", "tensorflow.compat.v1.keras", "tensorflow.contrib.keras", "tensorflow.keras",
    "tf_keras", "keras.src", "keras.api", "keras",
)  # fmt: skip
KERAS_GROUPS = (
    "layers", "models", "optimizers", "losses", "metrics", "callbacks", "regularizers",
    "initializers", "activations", "backend", "ops", "random", "constraints", "objectives",
)  # fmt: skip
KERAS_MODELS = {"Sequential", "Model", "load_model", "clone_model", "model_from_json"}
KERAS_DATA = {
    "ImageDataGenerator", "image_dataset_from_directory", "load_img", "img_to_array", "array_to_img", "to_categorical",
    "Sequence", "PyDataset", "normalize", "set_random_seed",
}  # fmt: skip
RENAMED = {
    "Convolution2D": "Conv2D", "Convolution1D": "Conv1D", "Convolution3D": "Conv3D", "MaxPool2D": "MaxPooling2D",
    "AvgPool2D": "AveragePooling2D", "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D", "SeparableConvolution2D": "SeparableConv2D", "InputLayer": "Input",
}  # fmt: skip

LAYERS = [
    "Dense",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "SeparableConv2D",
    "DepthwiseConv2D",
    "Conv2DTranspose",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "AveragePooling2D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "Flatten",
    "Dropout",
    "SpatialDropout2D",
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "Activation",
    "ReLU",
    "LeakyReLU",
    "PReLU",
    "ELU",
    "Softmax",
    "GaussianNoise",
    "GaussianDropout",
    "AlphaDropout",
    "Reshape",
    "Permute",
    "Rescaling",
    "Resizing",
    "Normalization",
    "RandomFlip",
    "RandomRotation",
    "RandomZoom",
    "RandomContrast",
    "RandomTranslation",
    "RandomCrop",
    "RandomBrightness",
    "RandomHeight",
    "RandomWidth",
    "CenterCrop",
    "ZeroPadding2D",
    "Cropping2D",
    "UpSampling2D",
    "Concatenate",
    "Add",
    "Multiply",
    "Lambda",
    "LSTM",
    "GRU",
    "Embedding",
    "TimeDistributed",
    "Bidirectional",
    "Input",
    "InputLayer",
    "Convolution2D",
    "MaxPool2D",
    "AvgPool2D",
    "GlobalAvgPool2D",
    "GlobalMaxPool2D",
    "SimpleRNN",
]

ASSUMED_IMPORTS = {
    "keras": "keras", "tf": "tensorflow", "tensorflow": "tensorflow", "np": "numpy", "numpy": "numpy",
    "torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional", "optim": "torch.optim", "K": "keras.backend",
    "layers": "keras.layers", "plt": "matplotlib.pyplot", "pd": "pandas", "cv2": "cv2", "os": "os",
    "transforms": "torchvision.transforms", "torchvision": "torchvision", "optimizers": "keras.optimizers",
    "regularizers": "keras.regularizers", "ImageFolder": "torchvision.datasets.ImageFolder",
    "DataLoader": "torch.utils.data.DataLoader", "Dataset": "torch.utils.data.Dataset",
    "TensorDataset": "torch.utils.data.TensorDataset", "random_split": "torch.utils.data.random_split",
    "train_test_split": "sklearn.model_selection.train_test_split",
    "classification_report": "sklearn.metrics.classification_report",
    "confusion_matrix": "sklearn.metrics.confusion_matrix", "accuracy_score": "sklearn.metrics.accuracy_score",
    "f1_score": "sklearn.metrics.f1_score", "Image": "PIL.Image", "Model": "keras.models.Model",
    "Sequential": "keras.models.Sequential", "load_model": "keras.models.load_model",
    "EarlyStopping": "keras.callbacks.EarlyStopping", "ModelCheckpoint": "keras.callbacks.ModelCheckpoint",
    "ReduceLROnPlateau": "keras.callbacks.ReduceLROnPlateau", "image": "keras.preprocessing.image",
    **{name: f"keras.utils.{name}" for name in KERAS_DATA - {"normalize"}},
    **{name: f"keras.optimizers.{name}" for name in ("Adam", "SGD", "RMSprop", "Adadelta", "Adagrad", "Nadam",
       "AdamW")},
    **{name: f"keras.layers.{name}" for name in LAYERS},
    **{name: f"keras.applications.{name}" for name in ("VGG16", "VGG19", "ResNet50", "InceptionV3", "Xception",
       "MobileNet", "MobileNetV2", "EfficientNetB0", "DenseNet121")},
}  # fmt: skip
"""Names that questions use without their imports, and what everybody calls by them."""

ATTRIBUTES: dict[str, object] = {"os.sep": "/", "os.path.sep": "/"}
KNOWN_RESULTS: dict[str, object] = {
    "keras.backend.image_data_format": "channels_last",  # the default everywhere
    "keras.config.image_data_format": "channels_last",
    "torch.cuda.is_available": False,
}

SHAPED = {"layers", "optimizers", "losses", "metrics", "regularizers", "callbacks"}
"""Modules that are recognised by what is taken from them, where where they come from is not in the text."""


def api(value: Value | None) -> str:
    """Return the one name of a library's module, class or function; "" for anything else."""
    if isinstance(value, External):
        return canonical(value.name)
    if isinstance(value, Part) and value.kind == "attribute":
        return _by_shape(value)
    return ""


def made_by(value: Value | None) -> str:
    """Return the one name of what a library's object was made by; "" for anything else."""
    return api(value.function) if isinstance(value, Made) else ""


def _by_shape(value: Part) -> str:
    """Recognise Keras or torch handed in from elsewhere: ``load().layers.Conv2D``, ``load().Sequential``."""
    name, of = str(value.key), value.of
    if isinstance(of, Part) and of.kind == "attribute":
        if of.key in SHAPED and not isinstance(of.of, External) and (of.key != "layers" or name in LAYERS):
            return canonical(f"keras.{of.key}.{name}")
    elif (
        isinstance(of, Made) and isinstance(of.function, External) and of.function.name.startswith(".")
    ) and (name in KERAS_MODELS | {"Input"}):
        return canonical(f"keras.{name}")
    return ""


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """Return the one name of a library's dotted name, whatever module it was imported from."""
    for root in KERAS_ROOTS:
        if name == root or name.startswith(f"{root}."):
            return _keras(name.removeprefix(root).strip("."))
    parts = name.split(".")
    last = parts[-1]
    if parts[0] == "torch":
        return _torch(parts)
    if parts[0] == "torchvision" and len(parts) > 2:
        return f"torchvision.{parts[1]}.{last}"
    if parts[0] == "sklearn" and len(parts) > 2:
        return f"sklearn.{last}"
    if parts[0] == "tensorflow" and len(parts) > 2 and parts[1] == "compat":
        return canonical(".".join(["tensorflow", *parts[3:]]))
    return name


def _torch(parts: list[str]) -> str:
    last = parts[-1]
    if parts[1:3] == ["nn", "modules"] or (parts[1:2] == ["nn"] and len(parts) == 3):
        return f"torch.nn.{last}"
    if parts[1:3] == ["utils", "data"] and len(parts) > 3:
        return f"torch.utils.data.{last}"
    if parts[1:2] == ["optim"] and "lr_scheduler" not in parts and len(parts) > 2:
        return f"torch.optim.{last}"
    return ".".join(parts)


def _keras(rest: str) -> str:
    if not rest:
        return "keras"
    parts = rest.split(".")
    last = RENAMED.get(parts[-1], parts[-1])
    if last in KERAS_MODELS:
        return f"keras.models.{last}"
    if last == "Input":
        return "keras.layers.Input"
    for whole in ("applications", "datasets"):  # there the module says which network or set it is
        if whole in parts:
            return ".".join([f"keras.{whole}", *parts[parts.index(whole) + 1 :]])
    if last in KERAS_DATA:
        return f"keras.utils.{last}"
    group = next((part for part in parts[:-1] if part in KERAS_GROUPS), None)
    if group is None:
        return f"keras.{rest}"
    if "schedules" in parts:
        return f"keras.optimizers.schedules.{last}"
    return f"keras.{'losses' if group == 'objectives' else group}.{last}"
