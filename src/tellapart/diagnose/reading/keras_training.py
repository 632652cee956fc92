"""Calls of ``compile`` and ``fit`` -> `Training` facts."""

from __future__ import annotations

from .amounts import amount
from .apis import made_by
from .chain import is_network
from .compiling import Compiling
from .data_facts import DataPart
from .facts import Amount, Callback, Metric, Training
from .interpret.run import Trace
from .interpret.state import Event
from .interpret.values import Items, Made, Part, Unread, Value, literal, number
from .layers import fact_of
from .models import Models
from .parts import Parts

FITTING = ("fit", "fit_generator", "train_on_batch")
SCORING = {"evaluate": "test", "evaluate_generator": "test", "predict": "predict", "predict_generator": "predict",
           "predict_classes": "predict", "predict_proba": "predict", "predict_on_batch": "predict",
           "test_on_batch": "test"}  # fmt: skip


class KerasTrainings:
    """Reads the trainings that go through ``fit``."""

    def __init__(self, trace: Trace, models: Models, parts: Parts) -> None:
        self.trace, self.models, self.parts = trace, models, parts
        self.compiling = Compiling(trace)
        self.calls: dict[str, list[tuple[Value, Made, Event]]] = {}
        for event in trace.events:
            made = event.value
            if event.kind == "call" and isinstance(made, Made) and isinstance(made.function, Part):
                self.calls.setdefault(str(made.function.key), []).append((made.function.of, made, event))

    def read(self) -> list[Training]:
        """Return every training; a network that is compiled and never fitted is one too."""
        found, fitted = [], set()
        for method in FITTING:
            for receiver, made, event in self.calls.get(method, []):
                if self._is_fit(receiver, made):
                    fitted.add(id(receiver))
                    found.append(self._training(receiver, made, event))
        for receiver, made, _ in self.calls.get("compile", []):
            if id(receiver) not in fitted and ("loss" in made.keywords or is_network(receiver)):
                found.append(self._training(receiver, None, None))
        return found

    def _is_fit(self, receiver: Value, made: Made) -> bool:
        if made_by(receiver) == "keras.utils.ImageDataGenerator":
            return False
        if is_network(receiver) or self._compiled(receiver, None) is not None:
            return True
        return isinstance(receiver, Unread | Part) and bool(
            {"epochs", "nb_epoch", "validation_data"} & set(made.keywords)
        )

    def _compiled(self, receiver: Value, before: Event | None) -> Made | None:
        """Return the last compile before the fit."""
        found = None
        for of, made, event in self.calls.get("compile", []):
            if of is receiver and (before is None or event.order < before.order):
                found = made
        return found

    def _training(self, receiver: Value, made: Made | None, event: Event | None) -> Training:
        source = self.trace.source
        compiled = self._compiled(receiver, event)
        model = self.models.fact(receiver)
        callbacks = self._callbacks(made.argument(None, "callbacks")) if made else ()
        names = tuple(one.name for one in callbacks)
        given = (made.argument) if made else (lambda *_: None)
        plain = made is not None and _key(made) == "fit"
        data = self._data(made) if made else ()
        anchor = made or compiled or receiver
        return Training(
            **fact_of(source, anchor),
            framework="keras",
            style="fit" if made else "compile",
            model=model,
            output=model.output if model else None,
            loss=self.compiling.loss(compiled.argument(1, "loss")) if compiled else None,
            optimizer=self.compiling.optimizer(compiled.argument(0, "optimizer"), names)
            if compiled
            else None,
            metrics=self._metrics(compiled),
            parts=data,
            epochs=self._epochs(made),
            steps_per_epoch=amount(source, given(None, "steps_per_epoch")),
            validation_steps=amount(source, given(None, "validation_steps", "nb_val_samples")),
            validation_split=number(given(None, "validation_split")),
            batch_size=_whole(given(2 if plain else None, "batch_size")),
            shuffle=literal(given(None, "shuffle")),
            class_weight=given(None, "class_weight", "sample_weight") is not None,
            callbacks=callbacks,
        )

    def _epochs(self, made: Made | None) -> Amount | None:
        """Return how long ``fit`` goes on; of ``train_on_batch`` the loop around it decides, not the call."""
        if made is not None and _key(made) == "train_on_batch":
            return Amount(**fact_of(self.trace.source, made), value=None)
        fourth = 3 if made is not None and _key(made) == "fit" else None  # fit(x, y, batch_size, epochs)
        return amount(self.trace.source, made.argument(fourth, "epochs", "nb_epoch")) if made else None

    def _metrics(self, compiled: Made | None) -> tuple[Metric, ...]:
        return self.compiling.metrics(compiled.argument(2, "metrics")) if compiled else ()

    def _callbacks(self, value: Value | None) -> tuple[Callback, ...]:
        found = []
        for one in value.items if isinstance(value, Items) else []:
            name = made_by(one).rpartition(".")[2]
            if isinstance(one, Made) and name:
                options = {key: literal(given) for key, given in one.keywords.items()}
                found.append(Callback(**fact_of(self.trace.source, one), name=name, options=options))
        return tuple(found)

    def _data(self, made: Made) -> tuple[DataPart, ...]:
        x, y = made.argument(0, "x", "generator"), made.argument(1, "y")
        if y is not None and _key(made) == "fit_generator":
            y = None  # there, the second argument is the number of steps
        found = [
            self.parts.part(x, "train", y),
            self.parts.part(made.argument(None, "validation_data"), "validation"),
        ]
        return tuple(one for one in found if one is not None)

    def scored(self) -> list[tuple[Value, DataPart]]:
        """Return what networks are evaluated on or asked to predict, with the value itself."""
        found = []
        for method, role in SCORING.items():
            for receiver, made, _ in self.calls.get(method, []):
                if (
                    is_network(receiver)
                    or self._compiled(receiver, None) is not None
                    or isinstance(receiver, Unread)
                ):
                    value = made.argument(0, "x", "generator")
                    part = self.parts.part(value, role)
                    if part is not None and value is not None:
                        found.append((value, part))
        return found


def _key(made: Made) -> str:
    return str(made.function.key) if isinstance(made.function, Part) else ""


def _whole(value: Value | None) -> int | None:
    found = number(value)
    return None if found is None else int(found)
