"""Uneven classes: weights in the loss, or pictures of the rare class drawn more often."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Training

from .finding_training import loss_call, loss_maker
from .pictures_in_text import Text, change, training_at
from .registry import Asked, Edit, edit
from .validation_set import training_loader

LISTING = ("flow_from_directory", "flow_from_dataframe")
SAMPLING = "WeightedRandomSampler"


@edit("data.imbalance_ignored")
def weighted(asked: Asked) -> Iterator[Edit | None]:
    """Let each class count alike."""
    training = training_at(asked)
    if training is None:
        return
    if training.style == "fit":
        words = "Each class counts alike in the loss (class_weight)."
        yield change(asked, words, lambda text: _class_weight(text, training))
    elif training.framework == "torch":
        words = "Each class counts alike in the loss."
        yield change(asked, words, lambda text: _loss_weight(text, training))
        words = "Pictures of each class are drawn equally often (WeightedRandomSampler)."
        yield change(asked, words, _sampler)


def _kept(asked: Asked) -> list[int]:
    """Return the number of training pictures of each class that a run showed, in order of the classes."""
    for one in asked.recording.trainings if asked.recording is not None else ():
        train = one.parts.get("train")
        if train is not None and len(train.labels_kept) > 1:
            return [count for _, count in sorted(train.labels_kept.items(), key=lambda pair: float(pair[0]))]
    return []


def _class_weight(text: Text, training: Training) -> bool:
    fit = text.fit(training)
    x, y = text.pictures_and_labels(fit) if fit is not None else (None, None)
    if fit is None or x is None or text.argument(fit, "class_weight") is not None:
        return False
    reader = text.reader(x)
    if y is None and not (reader is not None and text.what(reader) in LISTING):
        counts = _kept(text.asked)
        if counts:
            weights = [sum(counts) / (len(counts) * one) for one in counts]
            given = ", ".join(f"{place}: {one:.4g}" for place, one in enumerate(weights))
            text.set_argument(fit, "class_weight", f"{{{given}}}")
            return True
        return _counted_in_batches(text, fit, x) if reader is not None else False
    numpy = text.numpy()
    if y is None:
        drawn = f"{numpy}.bincount({text.code(x)}.classes)"
    elif _one_hot(text, training):
        drawn = f"{numpy}.asarray({text.code(y)}).sum(axis=0)"
    else:
        drawn = f"{numpy}.bincount({numpy}.asarray({text.code(y)}).ravel().astype(int))"
    _weigh(text, fit, drawn)
    return True


def _counted_in_batches(text: Text, fit: cst.Call, x: cst.BaseExpression) -> bool:
    """Go through a data set once to count its classes."""
    numpy = text.numpy()
    labels = f"{numpy}.concatenate([{numpy}.asarray(labels) for _, labels in {text.code(x)}])"
    _weigh(text, fit, f"{numpy}.bincount({labels}.ravel().astype(int))")
    return True


def _weigh(text: Text, fit: cst.Call, drawn: str) -> None:
    counts = text.free("counts", "class_counts")
    text.insert_before(fit, f"{counts} = {drawn}")
    share = f"{counts}.sum() / (len({counts}) * {counts}.clip(1))"
    text.set_argument(fit, "class_weight", f"dict(enumerate({share}))")


def _one_hot(text: Text, training: Training) -> bool:
    for one in text.asked.recording.trainings if text.asked.recording is not None else ():
        train = one.parts.get("train")
        if train is not None and train.labels is not None:
            return bool(train.labels.shape) and train.labels.shape[-1] > 1
    part = training.part("train")
    name = training.loss.name if training.loss is not None else ""
    return name == "categorical_crossentropy" or (part is not None and part.label_mode == "categorical")


def _labels(text: Text) -> str:
    """Return how the program can write the labels of the pictures that its training loader draws, "" for no way."""
    loader = training_loader(text)
    if loader is None or not loader.args:
        return ""
    given = loader.args[0].value
    made = text.resolve(given)
    if not isinstance(made, cst.Call):
        return ""
    if text.what(made) == "TensorDataset" and len(made.args) > 1:
        return text.code(made.args[1].value)
    if text.api(made.func).startswith("torchvision.datasets.") and isinstance(
        given, (cst.Name, cst.Attribute)
    ):
        return f"{text.code(given)}.targets"
    return ""


def _loss_weight(text: Text, training: Training) -> bool:
    maker = loss_maker(text, training)
    name = training.loss.name if training.loss is not None else ""
    counts, labels = _kept(text.asked), _labels(text)
    if maker is None or (not counts and not labels):
        return False
    binary = name == "bce_with_logits"
    if (not binary and name not in ("cross_entropy", "nll")) or text.argument(maker, "weight") is not None:
        return False
    torch = text.name_for("torch")
    if counts:
        values = [counts[0] / counts[1]] if binary else [sum(counts) / (len(counts) * one) for one in counts]
        weights = f"{torch}.tensor([{', '.join(f'{one:.4g}' for one in values)}])"
    else:
        counted = text.free("counts", "class_counts")
        at = maker if text.around(maker, cst.For) is None else text.around(maker, cst.For)
        text.insert_before(
            at or maker, f"{counted} = {torch}.bincount({torch}.as_tensor({labels}).flatten().long())"
        )
        weights = (
            f"{counted}[0] / {counted}[1]" if binary else f"{counted}.sum() / (len({counted}) * {counted})"
        )
    device = _device(text)
    text.set_argument(
        maker, "pos_weight" if binary else "weight", f"({weights}).to({device})" if device else weights
    )
    return loss_call(text, training.loss) is not None if training.loss is not None else False


def _device(text: Text) -> str:
    """Return where the network is moved to, "" where it stays."""
    for call in text.calls("to"):
        if len(call.args) == 1 and isinstance(text.parent(call), (cst.Assign, cst.Expr)):
            return text.code(call.args[0].value)
    return ""


def _sampler(text: Text) -> bool:
    loader, labels = training_loader(text), _labels(text)
    if loader is None or not labels or text.argument(loader, "sampler") is not None:
        return False
    torch, sampler = text.name_for("torch"), text.beside("torch.utils.data", SAMPLING)
    names = text.free("classes_seen", "known"), text.free("draws", "chances")
    text.insert_before(
        loader,
        f"{names[0]} = {torch}.as_tensor({labels}).flatten().long()",
        f"{names[1]} = (1 / {torch}.bincount({names[0]}))[{names[0]}]",
    )
    made = f"{sampler}({names[1]}, len({names[1]}))"
    known = text.argument(loader, "shuffle")
    if known is not None:
        text.replace(known, f"sampler={made}")
    else:
        text.set_argument(loader, "sampler", made)
    return text.argument(loader, "shuffle", 2) is known
