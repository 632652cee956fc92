"""What is done with scores after training: passes over other parts, decisions, comparisons with labels."""

from __future__ import annotations

from .apis import api, made_by
from .chain import Chains, is_network
from .data_facts import DataPart
from .facts import Comparison, Decision, Layer, Model, Output, Pass
from .formula import made_from, walk, word
from .frames import innermost, inside
from .interpret.run import Trace
from .interpret.state import Event, Frame
from .interpret.values import Items, Made, Operation, Part, Unread, Value, literal, number
from .keras_training import SCORING
from .layers import WEIGHTED, fact_of
from .loop_signs import mode_of, modes
from .models import Models, output_of, unwrapped
from .parts import Parts, identity
from .torch_loop import LoopReader

REPORTS = ("confusion_matrix", "classification_report", "accuracy_score", "f1_score", "precision_score",
           "recall_score", "roc_auc_score", "balanced_accuracy_score", "average_precision_score")  # fmt: skip
"""Functions of scikit-learn's that are given labels first, then what was predicted."""
LABELS = ("classes", "labels", "targets")
FLAT = ("squeeze", "flatten", "view", "reshape", "ravel", "item")
TALL = ("unsqueeze", "view", "reshape", "expand_dims", "newaxis")


class Judging:
    """Reads what a program does with the scores of its networks."""

    def __init__(self, trace: Trace, chains: Chains, models: Models, parts: Parts, loops: LoopReader) -> None:
        self.trace, self.chains, self.models, self.parts, self.loops = trace, chains, models, parts, loops
        self.seen = self._everything()

    def _everything(self) -> list[Value]:
        """Return every value of the program once."""
        found, seen = [], set()
        for event in self.trace.events:
            waiting = [event.value]
            while waiting:
                one = waiting.pop()
                if id(one) not in seen:
                    seen.add(id(one))
                    found.append(one)
                    waiting += made_from(one)
        return found

    def passes(self) -> list[Pass]:
        """Return the loops that score batches and train on none."""
        trained = self.loops.methods.get("backward", []) + self.loops.methods.get("gradient", [])
        found: dict[Frame, Pass] = {}
        for event in self.trace.events:
            made, frame = event.value, innermost(event)
            if event.kind != "call" or not isinstance(made, Made) or frame is None or frame in found:
                continue
            model = unwrapped(made.function)
            if not is_network(model) or frame.what is None or any(inside(one, frame) for one in trained):
                continue
            if not made.arguments or made_by(model).startswith("keras"):
                continue
            found[frame] = self._pass(event, made, model, bool(trained) and trained[0].order < event.order)
        return list(found.values())

    def _pass(self, event: Event, made: Made, model: Value, after: bool) -> Pass:
        before = [one for one in modes(self.loops.methods, model) if one.order < event.order]
        no_grad = any(frame.kind == "with" and (made_by(frame.what) or api(frame.what)) in ("torch.no_grad",
                      "torch.inference_mode", "torch.set_grad_enabled") for frame in event.frames)  # fmt: skip
        nested = sum(frame.kind in ("for", "while") for frame in event.frames) > 1
        part = self.parts.part(made.arguments[0], "validation" if nested else "test")
        return Pass(
            **fact_of(self.trace.source, made), part=part, eval_mode=bool(before) and mode_of(before[-1]) == "eval",
            no_grad=no_grad, after_training=after,
        )  # fmt: skip

    def decisions(self) -> list[Decision]:
        """Return how scores become classes."""
        found = {}
        for value in self.seen:
            kind, scores, threshold, axis = _decides(value)
            if scores is None:
                continue
            scored = self._scored(scores)
            if scored is None:
                continue
            model, call = scored
            after = self.chains.back(scores, stop=call)
            fact = self.models.fact(model)
            output = _output(fact, after)
            if output is None:
                continue
            compared = self._compared(value)
            squeezed = _ends_flat(fact) or any(_flattens(one) for one in _between(scores, call))
            found[value.position] = Decision(
                **fact_of(self.trace.source, value), kind=kind, output=output, threshold=threshold, axis=axis,
                activations=tuple(one.activation for one in after if one.activation), compared_with=compared,
                squeezed=squeezed,
            )  # fmt: skip
        return list(found.values())

    def _scored(self, value: Value) -> tuple[Value, Made] | None:
        for one in walk(value):
            if isinstance(one, Made):
                if (
                    isinstance(one.function, Part)
                    and one.function.key in SCORING
                    and self.models.fact(one.function.of)
                ):
                    return one.function.of, one
                if is_network(unwrapped(one.function)) and one.arguments:
                    return unwrapped(one.function), one
        return None

    def _compared(self, decision: Value) -> str:
        for value in self.seen:
            if not (isinstance(value, Operation) and value.sign == "==" and len(value.operands) == 2):
                continue
            sides = [any(deep is decision for deep in walk(one)) for one in value.operands]
            if sides.count(True) == 1:
                labels = value.operands[sides.index(False)]
                if getattr(labels, "value", None) is not None:
                    return ""
                # Both sides brought to one shape: nothing can be told against it.
                flattened = any(
                    _flattens(one) for one in _between(value.operands[sides.index(True)], decision)
                )
                tall = any(
                    word(one) in TALL or (isinstance(one, Part) and one.key == "data")
                    for one in walk(labels, 40)
                )
                return "unsqueezed" if tall or flattened else "plain"
        return ""

    def comparisons(self, scored: list[tuple[Value, DataPart]]) -> list[Comparison]:
        """Return where predictions are held against labels."""
        found = {}
        for value in self.seen:
            pair, names = _pair(value)
            for truth, guess in (pair, pair[::-1]) if pair else ():
                part_value = next((given for one in walk(guess) for given in _predicted_on(one)), None)
                if part_value is None:
                    continue
                part = next((part for one, part in scored if one is part_value), None)
                part = part or self.parts.part(part_value, "predict")
                found[value.position] = Comparison(
                    **fact_of(self.trace.source, value), part=part, names=names,
                    generator_order=_is_order_of(truth, part_value),
                )  # fmt: skip
        return list(found.values())


def _decides(value: Value) -> tuple[str, Value | None, float | None, int | None]:
    """Return the kind of a decision, the scores, the threshold and the axis."""
    if isinstance(value, Operation) and value.sign in (">", ">=", "<", "<=") and len(value.operands) == 2:
        limit = number(value.operands[1])
        return "threshold", (value.operands[0] if limit is not None else None), limit, None
    if not isinstance(value, Made):
        return "", None, None, None
    name = word(value)
    method = not api(value.function)
    scores = value.function.of if method and isinstance(value.function, Part) else value.argument(0)
    axis = literal(value.argument(0 if method else 1, "dim", "axis"))
    if name == "argmax":
        return name, scores, None, axis
    if name in ("round", "rint"):
        shown = value.argument(0 if method else 1, "decimals", "ndigits")  # rounded to be read, not decided
        return ("", None, None, None) if shown is not None else ("round", scores, 0.5, None)
    if (
        name == "max"
        and isinstance(axis, int)
        and not isinstance(axis, bool)
        and api(value.function) in ("", "torch.max")
    ):
        return "argmax", scores, None, axis
    if name == "predict_classes":
        return "", None, None, None
    return "", None, None, None


def _between(value: Value, stop: Value) -> list[Value]:
    found, waiting, seen = [], [value], set()
    while waiting:
        one = waiting.pop()
        if one is stop or id(one) in seen:
            continue
        seen.add(id(one))
        found.append(one)
        waiting += made_from(one)
    return found


def _ends_flat(model: Model | None) -> bool:
    """Whether the network itself takes the last axis off its one output."""
    layers = () if model is None else model.layers
    last = max((at for at, one in enumerate(layers) if one.kind in WEIGHTED), default=len(layers))
    return any(one.kind in ("Squeeze", "Flatten", "Reshape") for one in layers[last + 1 :])


def _flattens(value: Value) -> bool:
    if isinstance(value, Part) and value.kind == "item":
        return isinstance(value.key, Items) or getattr(value.key, "value", None) == 0
    return word(value) in FLAT


def _output(model: object, after: list[Layer]) -> Output | None:
    layers = getattr(model, "layers", ())
    return output_of((*layers, *(one for one in after if one.kind == "Activation"))) if layers else None


def _pair(value: Value) -> tuple[tuple[Value, Value] | None, tuple[str, ...]]:
    if isinstance(value, Operation) and value.sign == "==" and len(value.operands) == 2:
        return (value.operands[0], value.operands[1]), ()
    if isinstance(value, Made) and word(value) in REPORTS:
        truth, guess = (
            value.argument(0, "y_true", "labels"),
            value.argument(1, "y_pred", "y_score", "predictions"),
        )
        names = literal(value.argument(None, "target_names", "display_labels"))
        given = tuple(one for one in names if isinstance(one, str)) if isinstance(names, list | tuple) else ()
        return ((truth, guess), given) if truth is not None and guess is not None else (None, ())
    return None, ()


def _predicted_on(value: Value) -> list[Value]:
    if (
        isinstance(value, Made)
        and isinstance(value.function, Part)
        and str(value.function.key).startswith("predict")
    ):
        return [
            one
            for one in [value.argument(0, "x", "generator")]
            if one is not None and not isinstance(one, Unread)
        ]
    return []


def _is_order_of(truth: Value, part: Value) -> bool:
    """Say whether labels are those that a part lists in its own, unshuffled order, or reads a second time."""
    same = identity(part)
    for one in walk(truth, 300):
        if isinstance(one, Part) and one.key in LABELS and (one.of is part or identity(one.of) is same):
            return True
        if isinstance(one, Part) and one.kind == "element" and (one.of is part or identity(one.of) is same):
            return True
    return False
