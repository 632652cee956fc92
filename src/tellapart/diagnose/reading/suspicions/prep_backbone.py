"""The input that a pretrained network was trained with."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading.data_facts import DataPart
from tellapart.diagnose.reading.facts import Model, Program

from .registry import Sign, rule

RANGES = {
    "vgg": "caffe", "resnet50v2": "tf", "resnet101v2": "tf", "resnet152v2": "tf", "inception_resnet": "tf",
    "inceptionresnet": "tf", "resnet": "caffe", "xception": "tf", "inception": "tf", "mobilenetv3": "raw",
    "mobilenet_v3": "raw", "mobilenet": "tf", "nasnet": "tf", "densenet": "torch", "efficientnet": "raw",
    "convnext": "raw", "regnet": "raw",
}  # fmt: skip
"""What Keras's documentation says of each family; the first that fits counts.

caffe: blue first, ImageNet's mean taken off, not scaled; tf: -1 to 1; torch: 0 to 1, then ImageNet's mean and standard
deviation; raw: 0 to 255, scaled inside the network.
"""

EXPECTED = {"caffe": "0 to 255 with ImageNet's mean taken off, blue first", "tf": "-1 to 1", "raw": "0 "
            "to 255",
            "torch": "ImageNet's mean and standard deviation"}  # fmt: skip


@rule(
    "prep.wrong_backbone_preprocessing",
    "features of the pretrained network are weaker; a linear probe with its own preprocessing is better",
)
def wrong_backbone_preprocessing(program: Program) -> Iterator[Sign]:
    """Look for a pretrained network with inputs of another range than it was trained with."""
    for training in program.trainings:
        model, part = training.model, training.part("train")
        if model is None or part is None or model.pretrained is None or model.pretrained.weights is None:
            continue
        name = model.pretrained.name
        if name.startswith("keras.applications"):
            yield from _keras(model, part, name)
        elif (name.startswith("torchvision") and part.of("read") and not _imagenet_normalised(part)) and (
            not part.of("normalise")
        ):
            yield Sign(model.pretrained, f"{_short(name)} was trained on pictures normalised with "
                                         "ImageNet's mean and "
                       "standard deviation; here they are not.", 0.35)  # fmt: skip


def _imagenet_normalised(part: DataPart) -> bool:
    for step in part.of("normalise"):
        mean = step.amount[0] if isinstance(step.amount, tuple) else None
        if mean is None or (isinstance(mean, list | tuple) and mean and abs(float(mean[0]) - 0.485) < 0.02):
            return True
    return False


def _keras(model: Model, part: DataPart, name: str) -> Iterator[Sign]:
    pretrained = model.pretrained
    wanted = _range(name)
    if wanted is None or pretrained is None or not part.of("read", "scale", "preprocess"):
        return
    inside = _scaled_inside(model)
    used = [step.name for step in part.of("preprocess")] + inside
    scaled = part.scale < 0.1
    if used:
        modules = {
            one.split(".")[2] for one in used if one.startswith("keras.applications.") and one.count(".") > 2
        }
        other = [_range(module) for module in modules]
        if other and all(one not in (None, wanted) for one in other):
            yield Sign(pretrained, f"The pictures go through preprocess_input of {', '.join(modules)}, "
                                   "but the network is "
                       f"{_short(name)}, which expects {EXPECTED[wanted]}.", 0.8)  # fmt: skip
        elif scaled:
            yield Sign(pretrained, "The pictures are divided by 255 and then go through "
                                   "preprocess_input, which expects 0 to "
                       "255.", 0.9)  # fmt: skip
    elif part.of("normalise"):
        return
    elif scaled and wanted == "raw":
        yield Sign(pretrained, f"{_short(name)} scales its input itself and expects 0 to 255, but the "
                               "pixels are divided by "
                   "255 before: it sees nearly black pictures.", 0.95)  # fmt: skip
    elif scaled:
        certainty = {"caffe": 0.6, "tf": 0.35, "torch": 0.4}[wanted]
        yield Sign(
            pretrained,
            f"{_short(name)} was trained on inputs of {EXPECTED[wanted]}, but gets 0 to 1.",
            certainty,
        )
    elif wanted != "raw" and part.raw:
        yield Sign(pretrained, f"{_short(name)} was trained on inputs of {EXPECTED[wanted]}, but gets 0 "
                               "to 255 as read.",
                   0.5 if wanted == "caffe" else 0.85)  # fmt: skip


def _range(name: str) -> str | None:
    return next((range_ for word, range_ in RANGES.items() if word in name.lower()), None)


def _scaled_inside(model: Model) -> list[str]:
    """Return preprocessing that the network does before the pretrained one."""
    found = []
    for layer in model.layers:
        if layer.kind == "Application":
            break
        if layer.kind in ("Rescaling", "Normalization", "Lambda") or layer.api.endswith("preprocess_input"):
            found.append(layer.api or layer.kind)
        elif layer.kind == "Other":
            found.append(layer.api)
    return found


def _short(name: str) -> str:
    return name.rpartition(".")[2]
