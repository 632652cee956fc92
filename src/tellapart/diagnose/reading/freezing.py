"""Which layers a program freezes: ``trainable = False``, ``requires_grad = False`` and their loops."""

from __future__ import annotations

from .apis import api, made_by
from .interpret.run import Trace
from .interpret.state import Event
from .interpret.values import Known, Made, Operation, Part, Value, literal
from .position import Position


def _is_all(key: Value | str | None) -> bool:
    """Whether a slice takes everything: ``[:]``, ``[:upto]`` where `upto` is None."""
    ends = key.operands if isinstance(key, Operation) and key.sign == ":" else ()
    return bool(ends) and all(isinstance(one, Known) and one.value is None for one in ends)


class Freezing:
    """What is frozen when the text has been gone through: the last word counts, layers added later stay free."""

    def __init__(self, trace: Trace) -> None:
        self._whole: dict[int, tuple[bool, int]] = {}
        self._parts: dict[int, bool] = {}
        self._places: dict[int, Position] = {}
        self.made: dict[int, int] = {}
        for event in trace.events:
            if event.kind == "call":
                self.made[id(event.value)] = event.order
            self._note(event)

    def _note(self, event: Event) -> None:
        if event.kind == "store" and isinstance(event.target, Part):
            target = event.target
            if target.key in ("trainable", "requires_grad") and isinstance(event.value, Known):
                self._set(target.of, bool(event.value.value), event)
        elif (
            event.kind == "call" and isinstance(event.value, Made) and isinstance(event.value.function, Part)
        ):
            method = event.value.function
            if method.key == "requires_grad_" and not api(method):
                self._set(
                    method.of, literal(event.value.argument(0, "requires_grad"), True) is not False, event
                )

    def _set(self, of: Value, trainable: bool, event: Event) -> None:
        """Find what a flag belongs to: the object itself, or that whose layers or parameters are gone through."""
        if any(frame.kind == "if" for frame in event.frames):
            return  # only under a condition that nobody can decide
        partial = False
        while isinstance(of, Part) or (isinstance(of, Made) and isinstance(of.function, Part)):
            if isinstance(of, Made):
                of = of.function
                continue
            if of.kind == "item":
                partial = partial or not _is_all(of.key)
            elif of.kind == "attribute" and of.key not in ("layers", "parameters", "children", "modules", "features",
                                                           "named_parameters", "base", "backbone"):  # fmt: skip
                return
            of = of.of
        if partial:
            self._parts[id(of)] = trainable
        else:
            self._whole[id(of)] = (trainable, event.order)
            where = event.value.position if event.kind == "call" else getattr(event.target, "position", None)
            if not trainable and where is not None:
                self._places[id(of)] = where
            self._parts.pop(id(of), None)

    def order(self, value: Value | None) -> int:
        """Return when a value was frozen as a whole, -1 if never."""
        return self._whole.get(id(value), (True, -1))[1]

    def place(self, value: Value | None) -> Position | None:
        """Return where a value was frozen as a whole."""
        return self._places.get(id(value))

    def trainable(self, value: Value | None) -> bool:
        """Say whether a layer or network as a whole is left to train."""
        if isinstance(value, Made) and literal(value.keywords.get("trainable"), True) is False:
            return False
        return self._whole.get(id(value), (True, -1))[0] or self._parts.get(id(value), False)

    def thawed_after(self, value: Value, whole: Value) -> bool:
        """Say whether a part of a network was set free after the network as a whole was frozen."""
        trainable, order = self._whole.get(id(value), (False, -1))
        return trainable and order > self.order(whole)

    def partly(self, value: Value | None) -> bool:
        """Say whether some of its layers are set apart."""
        return id(value) in self._parts

    def made_later(self, value: Value | None, than: Value | None) -> bool:
        """Say whether a layer was made after another was frozen."""
        return bool(made_by(value)) and self.made.get(id(value), -1) > self.order(than)
