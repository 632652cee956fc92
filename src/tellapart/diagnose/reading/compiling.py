"""Losses, metrics and optimisers -> facts; what the program leaves out is the library's documented default."""

from __future__ import annotations

from .apis import api, made_by
from .facts import Loss, Metric, Optimizer
from .formula import own_function
from .interpret.run import Trace
from .interpret.values import Function, Instance, Items, Known, Made, Part, Table, Value, literal, number
from .layers import fact_of

LOSS_NAMES = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "meansquarederror": "mean_squared_error",
    "meanabsoluteerror": "mean_absolute_error", "binarycrossentropy": "binary_crossentropy",
    "categoricalcrossentropy": "categorical_crossentropy", "mseloss": "mean_squared_error", "mse_loss":
    "mean_squared_error", "l1loss": "mean_absolute_error", "l1_loss": "mean_absolute_error",
    "smoothl1loss": "huber", "smooth_l1_loss": "huber", "huberloss": "huber", "huber_loss": "huber",
    "sparsecategoricalcrossentropy": "sparse_categorical_crossentropy", "crossentropyloss": "cross_entropy",
    "cross_entropy": "cross_entropy", "bceloss": "bce", "binary_cross_entropy": "bce",
    "bcewithlogitsloss": "bce_with_logits", "binary_cross_entropy_with_logits": "bce_with_logits",
    "nllloss": "nll", "nll_loss": "nll", "multimarginloss": "multi_margin", "logcosh": "log_cosh",
    "huber": "huber", "rootmeansquarederror": "mean_squared_error", "meansquaredlogarithmicerror":
    "mean_squared_logarithmic_error", "msle": "mean_squared_logarithmic_error", "softmarginloss": "soft_margin",
    "sigmoid_cross_entropy_with_logits": "bce_with_logits", "softmax_cross_entropy_with_logits": "softmax_with_logits",
    "sparse_softmax_cross_entropy_with_logits": "softmax_with_logits", "kldivergence": "kl_divergence",
}  # fmt: skip

# Learning rates and momenta that the libraries document as defaults: keras.io/api/optimizers, pytorch.org/docs (optim).
KERAS_RATES = {"adam": 1e-3, "adamw": 1e-3, "nadam": 1e-3, "adamax": 1e-3, "rmsprop": 1e-3, "adagrad": 1e-3,
               "adadelta": 1e-3, "sgd": 1e-2, "ftrl": 1e-3, "lion": 1e-3, "lamb": 1e-3}  # fmt: skip
TORCH_RATES = {"adam": 1e-3, "adamw": 1e-3, "nadam": 2e-3, "adamax": 2e-3, "rmsprop": 1e-2, "adagrad": 1e-2,
               "adadelta": 1.0, "sgd": 1e-3, "asgd": 1e-2, "rprop": 1e-2, "lbfgs": 1.0, "radam": 1e-3,
               "sparseadam": 1e-3, "muon": 1e-3}  # fmt: skip


def is_loss(value: Value | None) -> bool:
    """Say whether a value is a call of a loss: of a loss object, or of a loss function."""
    if not isinstance(value, Made):
        return False
    inner = made_by(value.function)
    name = inner or api(value.function)
    last = name.rpartition(".")[2]
    if inner:
        return (name.startswith("torch.nn.") and last.endswith("Loss")) or name.startswith("keras.losses.")
    functional = name.startswith(
        ("torch.nn.functional.", "keras.losses.", "keras.backend.", "tensorflow.nn.")
    )
    known = last.lower() in LOSS_NAMES or "crossentropy" in last or last.endswith("_loss")
    return functional and known and not (name.startswith("keras.losses.") and last[:1].isupper())


class Compiling:
    """Reads what is given to ``compile``, or made for a loop."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.source = trace.source

    def loss(self, value: Value | None) -> Loss | None:
        """Return a loss given to compile: a name, an object, a function; or a loss object or call of PyTorch."""
        if isinstance(value, Items) and value.items:
            value = value.items[0]
        if isinstance(value, Table) and value.entries:
            value = value.entries[0][1]
        if value is None:
            return None
        fact = fact_of(self.source, value)
        if isinstance(value, Known):
            return Loss(**fact, name=_loss_name(str(value.value))) if value.value else None
        if isinstance(value, Function | Instance):
            own = own_function(self.trace, value)
            return Loss(**fact, name="own", own=own)
        name = made_by(value) or api(value)
        if isinstance(value, Made) and not name:
            name = made_by(value.function)
        if not name:
            return Loss(**fact, name="unknown")
        settings = _settings(value)
        average = literal(settings.get("size_average"))
        reduction = literal(settings.get("reduction"))
        return Loss(
            **fact,
            name=_loss_name(name.rpartition(".")[2]),
            api=name,
            from_logits=literal(settings.get("from_logits")) is True or name.startswith("tensorflow.nn."),
            reduction="sum" if average is False else str(reduction) if isinstance(reduction, str) else None,
        )

    def metrics(self, value: Value | None) -> tuple[Metric, ...]:
        """Return what is given to compile as metrics."""
        given = value.items if isinstance(value, Items) else [] if value is None else [value]
        found = []
        for one in given:
            if isinstance(one, Table):
                found += [metric for _, inner in one.entries for metric in self.metrics(inner)]
            elif isinstance(one, Items):
                found += list(self.metrics(one))
            else:
                found.append(self._metric(one))
        return tuple(found)

    def _metric(self, value: Value) -> Metric:
        fact = fact_of(self.source, value)
        if isinstance(value, Known):
            return Metric(**fact, name=str(value.value))
        wrapped = isinstance(value, Made) and made_by(value).endswith("MeanMetricWrapper")
        inner = value.argument(0, "fn") if isinstance(value, Made) and wrapped else None
        function = inner if isinstance(inner, Function) else value
        if isinstance(function, Function):
            own = own_function(self.trace, function)
            return Metric(**fact, name="own", own=own)
        name = made_by(value) or api(value)
        return Metric(**fact, name=name.rpartition(".")[2] or "unknown", api=name)

    def optimizer(self, value: Value | None, callbacks: tuple[str, ...] = ()) -> Optimizer | None:
        """Return an optimiser: a Keras name or object, a PyTorch object."""
        if value is None:
            return None
        given = literal(value)
        if isinstance(given, str):
            name = given.lower()
            rate = KERAS_RATES.get(name)
            return Optimizer(
                **fact_of(self.source, value), name=name, framework="keras", learning_rate=rate,
                momentum=0.0 if name == "sgd" else None, scheduled=_scheduled(callbacks),
            )  # fmt: skip
        name = made_by(value) or api(value)
        framework = "torch" if name.startswith("torch") else "keras"
        if not name.startswith(("torch.optim.", "keras.optimizers.")) or "lr_scheduler" in name:
            return None
        return self._object(value, name.rpartition(".")[2].lower(), framework, callbacks)

    def _object(self, value: Value, name: str, framework: str, callbacks: tuple[str, ...]) -> Optimizer:
        made = value if isinstance(value, Made) else Made(value, [], {}, position=value.position)
        first = 1 if framework == "torch" else 0
        rate = made.argument(first, "learning_rate", "lr")
        defaults = TORCH_RATES if framework == "torch" else KERAS_RATES
        schedule = made_by(rate).startswith("keras.optimizers.schedules")
        if schedule and isinstance(rate, Made):
            rate = rate.argument(0, "initial_learning_rate", "boundaries")
        momentum = made.argument(first + 1, "momentum") if name == "sgd" else made.argument(None, "momentum")
        options = {key: one for key in ("epsilon", "eps", "beta_1", "beta_2", "alpha", "rho", "decay")
                   if (one := number(made.keywords.get(key))) is not None}  # fmt: skip
        betas = literal(made.keywords.get("betas"))
        if isinstance(betas, tuple | list) and len(betas) == 2:
            options |= {"beta_1": betas[0], "beta_2": betas[1]}
        decay = made.argument(None, "weight_decay")
        return Optimizer(
            **fact_of(self.source, made),
            name=name,
            framework=framework,
            learning_rate=defaults.get(name) if rate is None else number(rate),
            momentum=number(momentum) if momentum is not None else 0.0 if name == "sgd" else None,
            weight_decay=(number(decay) or 0.0) if decay is not None else 0.0,
            options=options,
            given=tuple(made.keywords) if len(made.arguments) <= first else ("lr", *made.keywords),
            scheduled=schedule or _scheduled(callbacks),
            maximises=literal(made.keywords.get("maximize")) is True,
        )


def _scheduled(callbacks: tuple[str, ...]) -> bool:
    return any(name in ("LearningRateScheduler", "ReduceLROnPlateau") for name in callbacks)


def _loss_name(name: str) -> str:
    return LOSS_NAMES.get(name.lower(), name.lower())


def _settings(value: Value) -> dict[str, Value]:
    if not isinstance(value, Made):
        return {}
    inner = value.function
    return {**(inner.keywords if isinstance(inner, Made) else {}), **value.keywords}


def parameters_of(made: Made) -> list[Value]:
    """Return the networks whose ``parameters()`` a PyTorch optimiser is given."""
    found = []
    waiting = [made.argument(0, "params")]
    while waiting:
        one = waiting.pop()
        if (
            isinstance(one, Made)
            and isinstance(one.function, Part)
            and one.function.key in ("parameters", "named_parameters")
        ):
            found.append(one.function.of)
        elif isinstance(one, Made):
            waiting += one.arguments
        elif isinstance(one, Items):
            waiting += one.items
        elif isinstance(one, Table):
            waiting += [value for _, value in one.entries]
        elif isinstance(one, Part):
            waiting.append(one.of)
    return found
