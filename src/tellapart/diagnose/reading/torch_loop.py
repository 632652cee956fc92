"""Hand-written training loops -> `Training` facts with a `Loop`."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from .apis import api, made_by
from .chain import Chains, is_network
from .compiling import Compiling, is_loss
from .facts import Amount, Layer, Loop, Loss, Model, Output, Training
from .formula import sign_of, walk
from .frames import innermost, inside, outer
from .hand_steps import by_hand, uphill
from .interpret.run import Trace
from .interpret.state import Event, Frame
from .interpret.values import Made, Operation, Part, Value
from .layers import fact_of
from .loop_breaks import cut_short
from .loop_optimizer import stepped
from .loop_signs import (
    averaged_metrics,
    eval_mode_kept,
    fading_schedule,
    running_totals,
    scheduler_per_batch,
)
from .models import Models, output_of, unwrapped
from .own_loss import is_own, own_loss, own_loss_call, scores_of
from .parts import Parts
from .position import Position

NO_GRAD = ("torch.no_grad", "torch.inference_mode")
CUTS = ("Detach", "Argmax", "Threshold", "Round")


class LoopReader:
    """Reads the hand-written loops of one program."""

    def __init__(self, trace: Trace, chains: Chains, models: Models, parts: Parts) -> None:
        self.trace, self.chains, self.models, self.parts = trace, chains, models, parts
        self.compiling = Compiling(trace)
        self.methods: dict[str, list[Event]] = {}
        for event in trace.events:
            if (
                event.kind == "call"
                and isinstance(event.value, Made)
                and isinstance(event.value.function, Part)
            ):
                self.methods.setdefault(str(event.value.function.key), []).append(event)

    def read(self) -> list[Training]:
        """Return a training for every loop that goes backward or steps an optimiser."""
        found: dict[tuple[Position | None, ...], Training] = {}
        covered: list[Frame] = []
        for event in [*self.methods.get("backward", []), *self.methods.get("gradient", [])]:
            made = event.value
            batch = innermost(event)
            if (
                batch is None
                or not isinstance(made, Made)
                or (_key(made) == "gradient" and len(made.arguments) < 2)
            ):
                continue
            loss = self._loss_value(made)
            if loss is not None and not any(frame is batch for frame in covered):
                covered.append(batch)
                training = self._training(event, batch, loss)
                found.setdefault((training.position,), training)
        found |= self._without_backward(covered, found)
        return list(found.values())

    def _without_backward(
        self, covered: list[Frame], found: dict[tuple[Position | None, ...], Training]
    ) -> dict[tuple[Position | None, ...], Training]:
        """Return loops that step an optimiser and never go backward."""
        more: dict[tuple[Position | None, ...], Training] = {}
        for event in self.methods.get("step", []):
            batch = innermost(event)
            if (
                batch is None
                or any(inside(event, one) for one in covered)
                or not self._is_optimizer(event.value)
            ):
                continue
            if any(frame in one.frames for one in self.methods.get("backward", []) for frame in event.frames
                   if frame.kind in ("for", "while")):  # fmt: skip
                continue
            losses = [one.value for one in self.trace.events if inside(one, batch) and is_loss(one.value)]
            if losses:
                covered.append(batch)
                training = self._training(event, batch, losses[-1], backward=False)
                if (training.position,) not in found:
                    more[(training.position,)] = training
        return more

    def _loss_value(self, made: Made) -> Value | None:
        assert isinstance(made.function, Part)  # noqa: S101 - only methods are looked at
        if _key(made) == "gradient" or (made.arguments and not self._leads_to_loss(made.function.of)):
            return made.arguments[0] if made.arguments else None
        of = made.function.of
        if isinstance(of, Made) and _key(of) == "scale" and of.arguments:
            return of.arguments[0]  # GradScaler
        return of

    def _leads_to_loss(self, value: Value) -> bool:
        return any(
            is_loss(one) or (isinstance(one, Made) and is_network(one.function)) for one in walk(value)
        )

    def _is_optimizer(self, value: Value) -> bool:
        if not isinstance(value, Made) or not isinstance(value.function, Part):
            return False
        receivers = [value.function.of, *value.arguments]
        if any(
            made_by(one).startswith("torch.optim.") and "lr_scheduler" not in made_by(one)
            for one in receivers
        ):
            return True
        zeroed = [one.value.function.of for one in self.methods.get("zero_grad", []) if isinstance(one.value, Made)
                  and isinstance(one.value.function, Part)]  # fmt: skip
        scheduler = any("scheduler" in made_by(one) for one in receivers)
        return not scheduler and (any(one is zero for one in receivers for zero in zeroed) or not zeroed)

    def _training(self, event: Event, batch: Frame, loss_value: Value, backward: bool = True) -> Training:
        epoch = outer(event, batch)
        call = next((one for one in walk(loss_value) if is_loss(one)), None) or own_loss_call(
            self.trace, loss_value
        )
        prediction = call.arguments[0] if isinstance(call, Made) and call.arguments else loss_value
        if isinstance(call, Made) and is_own(call):
            prediction = scores_of(call) or prediction
        if isinstance(call, Made) and (made_by(call.function) or api(call.function)).startswith(
            ("keras.losses", "tensorflow.nn")
        ):
            prediction = call.argument(1, "y_pred", "logits") or prediction
        forward = next(
            (
                one
                for one in walk(prediction)
                if isinstance(one, Made) and is_network(unwrapped(one.function))
            ),
            None,
        )
        model = self.models.fact(forward.function) if forward else None
        after = self.chains.back(prediction, stop=forward) if forward else []
        data = self.parts.part(forward.arguments[0], "train") if forward and forward.arguments else None
        if data is None:
            data = self.parts.part(batch.what, "train")
        step = self._steps(batch, epoch)
        optimizer = stepped(self.trace, self.compiling, step, forward)
        framework = "keras" if _key(event.value) == "gradient" else "torch"
        return Training(
            **fact_of(self.trace.source, event.value),
            framework=framework,
            style="tape" if framework == "keras" else "loop",
            model=model,
            output=_output(model, after),
            loss=self._loss(call, loss_value),
            optimizer=optimizer,
            parts=(data,) if data is not None else (),
            epochs=self._epochs(epoch),
            loop=self._loop(event, batch, epoch, loss_value, call, forward, after, backward, framework),
        )

    def _loss(self, call: Value | None, loss_value: Value) -> Loss | None:
        if isinstance(call, Made) and is_own(call):
            return own_loss(self.trace, call, loss_value)
        return self.compiling.loss(call) if call is not None else None

    def _epochs(self, epoch: Frame | None) -> Amount | None:
        if epoch is None:
            return None
        snippet = self.trace.source.snippet(replace(epoch.position, end_line=epoch.position.line))
        return Amount(
            position=epoch.position, source=snippet, value=epoch.length, written=epoch.length is not None
        )

    @cached_property
    def _stepping(self) -> list[Event]:
        """What may move the weights, anywhere in the program."""
        found = [one for one in self.methods.get("step", []) if self._is_optimizer(one.value)]
        found += self.methods.get("apply_gradients", [])
        for event in self.trace.events:
            if by_hand(event):
                found.append(event)
            if event.kind == "call" and _key(event.value) in ("add_", "sub_", "copy_", "assign_sub", "apply"):
                found.append(event)
        return found

    def _steps(self, batch: Frame, epoch: Frame | None) -> list[Event]:
        around = epoch or batch
        return [one for one in self._stepping if inside(one, batch) or inside(one, around)]

    def _loop(
        self, event: Event, batch: Frame, epoch: Frame | None, loss: Value, call: Value | None,
        forward: Made | None, after: list[Layer], backward: bool, framework: str,
    ) -> Loop:  # fmt: skip
        around = epoch or batch
        zeros = [one for one in self._zeroing() if inside(one, around)]
        steps = self._steps(batch, epoch)
        model = unwrapped(forward.function) if forward else None
        return Loop(
            **fact_of(self.trace.source, event.value),
            zero_grad=zeros[0].value.position
            if zeros
            else event.value.position
            if framework == "keras"
            else None,
            backward=event.value.position if backward else None,
            step=steps[0].value.position if steps else None,
            zero_grad_in_batch_loop=framework == "keras" or any(inside(one, batch) for one in zeros),
            step_in_batch_loop=any(inside(one, batch) for one in steps),
            wiped=backward and _wiped(event, [one for one in zeros if inside(one, batch)], steps),
            eval_mode_kept=eval_mode_kept(self.methods, model, event, epoch),
            negated=_negation(loss, call),
            uphill=uphill([one for one in steps if inside(one, batch)]),
            detached=self._detached(event, loss, call, forward, after, framework),
            scheduler_per_batch=scheduler_per_batch(self.methods, batch),
            fading_schedule=fading_schedule(self.methods, batch, epoch),
            running=running_totals(self.trace, epoch, loss),
            averaged=averaged_metrics(self.trace),
            cut_short=cut_short(self.trace.source, batch.position),
        )

    def _zeroing(self) -> list[Event]:
        found = [*self.methods.get("zero_grad", []), *self.methods.get("zero_", [])]
        for event in self.trace.events:
            target = event.target
            if event.kind == "store" and isinstance(target, Part) and target.key == "grad":
                found.append(event)
        return found

    def _detached(
        self,
        event: Event,
        loss: Value,
        call: Value | None,
        forward: Made | None,
        after: list[Layer],
        framework: str,
    ) -> tuple[str, Position] | None:
        between = list(after)
        if call is not None and loss is not call:
            between += self.chains.back(loss, stop=call)
        for layer in between:
            tape = layer.api == "torch.tensor" and framework == "keras"
            if layer.kind in CUTS and not tape and _follows(layer, loss, forward):
                return layer.source, layer.position
        for one in walk(call):
            if (
                isinstance(one, Part)
                and one.kind == "item"
                and getattr(one.key, "value", None) == 1
                and _maximum(one.of)
            ):
                return self.trace.source.snippet(
                    one.of.position or event.frames[-1].position
                ), one.of.position or layer.position
        for other in self.trace.events:
            if other.value is forward and forward is not None:
                for frame in other.frames:
                    if frame.kind == "with" and _no_grad(frame.what):
                        return self.trace.source.snippet(frame.position), frame.position
        return None


def _follows(layer: Layer, loss: Value, forward: Made | None) -> bool:
    """Say whether a layer on the way to the loss works on what the network gave, not on labels."""
    made = [one for one in walk(loss) if one.position == layer.position]
    return forward is None or not made or any(deep is forward for one in made for deep in walk(one))


def _maximum(value: Value) -> bool:
    return isinstance(value, Made) and (api(value.function) == "torch.max" or _key(value) in ("max", "topk"))


def _no_grad(value: Value | None) -> bool:
    name = made_by(value) or api(value)
    if name == "torch.set_grad_enabled" and isinstance(value, Made):
        return getattr(value.argument(0), "value", None) is False
    return name in NO_GRAD


def _negation(loss: Value, call: Value | None) -> Position | None:
    """Return where a library's loss is turned round on its way to backward."""
    if call is None or not is_loss(call) or sign_of(loss, lambda one: one is call) >= 0:
        return None
    for one in walk(loss):
        if isinstance(one, Operation) and any(deep is call for deep in walk(one)):
            minus = one.sign == "-" and (
                len(one.operands) == 1 or any(deep is call for deep in walk(one.operands[1]))
            )
            times = one.sign == "*" and any(getattr(side, "value", 0) in (-1, -1.0) for side in one.operands)
            if minus or times:
                return one.position
    return None


def _wiped(backward: Event, zeros: list[Event], steps: list[Event]) -> bool:
    after = [one.order for one in steps if one.order > backward.order]
    return bool(after) and any(backward.order < one.order < after[0] for one in zeros)


def _output(model: Model | None, after: list[Layer]) -> Output | None:
    if model is None:
        return None
    return output_of(
        (
            *model.layers,
            *(one for one in after if one.kind in ("Activation", "Squeeze", "Reshape", "Flatten")),
        )
    )


def _key(value: Value) -> str:
    return str(value.function.key) if isinstance(value, Made) and isinstance(value.function, Part) else ""
