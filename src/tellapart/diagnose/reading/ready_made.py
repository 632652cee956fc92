"""Networks that libraries bring along: what is known of them from their call."""

from __future__ import annotations

from .apis import api, made_by
from .interpret.values import Made, Value, literal, number

READY_MADE = (
    "keras.applications.",
    "torchvision.models.",
    "timm.create_model",
    "torch.hub.load",
    "tensorflow_hub.KerasLayer",
)


def is_ready_made(value: Value | None) -> bool:
    """Say whether a value is a network from a library."""
    name = made_by(value)
    last = name.rpartition(".")[2]
    return name.startswith(READY_MADE) and last not in (
        "preprocess_input",
        "decode_predictions",
        "get_weight",
    )


def application_name(value: Made) -> str:
    """Return its name; of hubs, that of the network asked for."""
    name = api(value.function)
    if name in ("timm.create_model", "torch.hub.load"):
        text = literal(value.argument(1 if "hub" in name else 0, "model_name", "model"))
        return f"{name.partition('.')[0]}.{text}"
    return name


def head_units(value: Made) -> int | None:
    """Return how many outputs it has; None without its top."""
    name = api(value.function)
    if name.startswith("keras") and literal(value.argument(None, "include_top"), True) is False:
        return None
    given = number(value.argument(None, "classes", "num_classes"))
    return int(given) if given is not None else 1000 if name.startswith(("keras", "torchvision")) else None


def head_activation(value: Made) -> str | None:
    """Return the activation of its top."""
    if (
        not api(value.function).startswith("keras")
        or literal(value.argument(None, "include_top"), True) is False
    ):
        return None
    return (
        activation
        if isinstance(activation := literal(value.argument(None, "classifier_activation")), str)
        else "softmax"
    )


def shape(value: Made) -> tuple[int | None, ...] | None:
    """Return the input shape it is given."""
    given = literal(value.argument(None, "inputshape"))
    return tuple(given) if isinstance(given, tuple | list) else None


def weights(value: Made) -> str | None:
    """Return which weights it starts from; None: random ones."""
    name = api(value.function)
    if name.startswith("keras"):
        weights = value.argument(None, "weights")
        return "imagenet" if weights is None else literal(weights, "given")
    weights = value.argument(None, "weights", "pretrained")
    if weights is None and value.arguments and name.startswith("torchvision"):
        weights = value.arguments[0]
    if weights is None:
        return "given" if name.startswith(("torch.hub", "tensorflow_hub")) else None
    given = literal(weights, True)
    return "imagenet" if given is not False and given is not None else None
