"""Edits of hand-written training loops: gradients, steps, signs."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Loop, Training
from tellapart.diagnose.reading.apis import made_by
from tellapart.diagnose.reading.interpret.values import Made, Part

from .finding_training import forward_of, loops_around, loss_call, training_of
from .hand_steps import zeroed_by_hand
from .registry import Asked, Edit, edit
from .sheet import Sheet, word


@edit("loop.missing_zero_grad")
def zero_grad(asked: Asked) -> Iterator[Edit | None]:
    """Set the gradients to zero right before every backward."""
    training = _looped(asked)
    if training is None:
        yield _zeroed_in_train_step(asked)
    if training is None or training.loop is None or training.loop.backward is None:
        return
    yield _parentheses(asked, "zero_grad")
    sheet = Sheet(asked.program)
    backward = sheet.call_at(training.loop.backward, "backward")
    name = optimizer_name(sheet, training.loop)
    if backward is not None and not name:
        yield _zeroed_by_model(asked, training, backward) or zeroed_by_hand(asked)
    if backward is None or not name:
        return
    sheet.insert_before(backward, f"{name}.zero_grad()")
    yield Edit(asked.suspicion.code, f"{name}.zero_grad() is called before every backward().", sheet.text())


def _parentheses(asked: Asked, method: str) -> Edit | None:
    """Call a method that is only named: ``optimizer.zero_grad``."""
    sheet = Sheet(asked.program)
    named = [one.value for one in sheet.nodes(cst.Expr)
             if isinstance(one.value, cst.Attribute) and one.value.attr.value == method]  # fmt: skip
    for one in named:
        sheet.replace(one, f"{sheet.code(one)}()")
    words = f"{method} is called: it was only named, without parentheses."
    return Edit(asked.suspicion.code, words, sheet.text()) if named else None


def _zeroed_by_model(asked: Asked, training: Training, backward: cst.Call) -> Edit | None:
    """Have a Keras model, which is a module of PyTorch on that backend, forget its gradients; its optimiser cannot."""
    if training.model is None or training.model.framework != "keras":
        return None
    sheet = Sheet(asked.program)
    forward = forward_of(sheet, training)
    name = sheet.bound_to(forward.function) if forward is not None else ""
    if not name:
        return None
    sheet.insert_before(backward, f"{name}.zero_grad()")
    return Edit(asked.suspicion.code, f"{name}.zero_grad() is called before every backward().", sheet.text())


def _zeroed_in_train_step(asked: Asked) -> Edit | None:
    """Do in a Keras model's own ``train_step`` what Keras's own does before ``backward``."""
    sheet = Sheet(asked.program)
    for call in sheet.nodes(cst.Call):
        method = sheet.around(call, cst.FunctionDef) if word(call) == "backward" else None
        if isinstance(method, cst.FunctionDef) and method.name.value == "train_step" and method.params.params:
            model = method.params.params[0].name.value
            sheet.insert_before(call, f"{model}.zero_grad()")
            words = f"{model}.zero_grad() is called before backward()."
            return Edit(asked.suspicion.code, words, sheet.text())
    return None


@edit("loop.missing_step")
def step(asked: Asked) -> Iterator[Edit | None]:
    """Add the step or the backward that is missing, or put the zeroing where it does no harm."""
    training = _looped(asked)
    if training is None or training.loop is None:
        return
    loop = training.loop
    if loop.step is None and training.style == "tape":
        yield _apply_gradients(asked, loop)
    elif loop.step is None:
        yield _add_step(asked, loop)
    elif loop.backward is None:
        yield _add_backward(asked, training, loop)
    elif loop.wiped:
        yield _zero_before(asked, loop)
    elif not loop.step_in_batch_loop:
        yield _step_every_batch(asked, loop)


def _looped(asked: Asked) -> Training | None:
    """Return the hand-written training in question."""
    pointed = training_of(asked)
    if pointed is not None and pointed.loop is not None:
        return pointed
    return next((one for one in asked.program.trainings if one.loop is not None), None)


def optimizer_name(sheet: Sheet, loop: Loop, *, keras: bool = False) -> str:
    """Return how a loop calls its optimiser, "" where the text does not show one."""
    places = {loop.step, loop.zero_grad} - {None}
    for node, made, _ in sheet.methods("step", "zero_grad"):
        if made.position not in places or not isinstance(node.func, cst.Attribute):
            continue
        if isinstance(made.function, Part) and _is_optimizer(made.function.of):
            return sheet.code(node.func.value)
        for given, value in zip(node.args, made.arguments, strict=False):  # scaler.step(optimizer)
            if _is_optimizer(value):
                return sheet.code(given.value)
        if made.position == loop.step:
            return sheet.code(node.func.value)
    named = [sheet.bound_to(one) for one in sheet.made_by("keras.optimizers." if keras else "torch.optim.")
             if "schedule" not in made_by(one)]  # fmt: skip
    return next((one for one in named if one), "")


def _is_optimizer(value: object) -> bool:
    return (
        isinstance(value, Made)
        and made_by(value).startswith(("torch.optim.", "keras.optimizers."))
        and "schedule" not in made_by(value)
    )


def _add_step(asked: Asked, loop: Loop) -> Edit | None:
    sheet = Sheet(asked.program)
    backward = sheet.call_at(loop.backward, "backward")
    name = optimizer_name(sheet, loop)
    if backward is None or not name:
        return None
    lines = [f"{name}.step()"]
    scaled = backward.func.value if isinstance(backward.func, cst.Attribute) else None
    if isinstance(scaled, cst.Call) and word(scaled) == "scale" and isinstance(scaled.func, cst.Attribute):
        scaler = sheet.code(scaled.func.value)
        lines = [f"{scaler}.step({name})", f"{scaler}.update()"]
    sheet.insert_after(backward, *lines)
    return Edit(asked.suspicion.code, f"{lines[0]} is called after backward().", sheet.text())


def _apply_gradients(asked: Asked, loop: Loop) -> Edit | None:
    sheet = Sheet(asked.program)
    gradient = sheet.call_at(loop.backward, "gradient")
    name = optimizer_name(sheet, loop, keras=True)
    if gradient is None or not name or not isinstance(assigned := sheet.parent(gradient), cst.Assign):
        return None
    variables = sheet.argument(gradient, "sources", 1)
    if variables is None:
        return None
    gradients = sheet.code(assigned.targets[0].target)
    call = f"{name}.apply_gradients(zip({gradients}, {sheet.code(variables.value)}))"
    sheet.insert_after(gradient, call)
    return Edit(asked.suspicion.code, f"{name}.apply_gradients() is called with the gradients.", sheet.text())


def _add_backward(asked: Asked, training: Training, loop: Loop) -> Edit | None:
    sheet = Sheet(asked.program)
    called = sheet.node_of(loss_call(sheet, training.loss)) if training.loss is not None else None
    stepped = sheet.call_at(loop.step, "step")
    assigned = sheet.around(called, cst.Assign) if called is not None else None
    if assigned is None or stepped is None:
        return None
    name = sheet.code(assigned.targets[0].target)
    if sheet.statement(assigned) is sheet.statement(stepped):  # both on one line
        sheet.wrap(stepped, f"{name}.backward(); ", "")
    else:
        sheet.insert_before(stepped, f"{name}.backward()")
    return Edit(asked.suspicion.code, f"{name}.backward() is called before the step.", sheet.text())


def _zero_before(asked: Asked, loop: Loop) -> Edit | None:
    """Take the zeroing away between backward and step; it goes before backward unless there is one."""
    sheet = Sheet(asked.program)
    backward = sheet.call_at(loop.backward, "backward")
    stepped = sheet.call_at(loop.step, "step")
    if backward is None or stepped is None:
        return None
    begin, end = sheet.span(backward)[0], sheet.span(stepped)[0]
    around = next(loops_around(sheet, backward), None)
    zeros = [one for one in sheet.nodes(cst.Call) if word(one) == "zero_grad"]
    between = [one for one in zeros if begin < sheet.span(one)[0] < end]
    elsewhere = [one for one in zeros if one not in between and around in list(loops_around(sheet, one))]
    if not between:
        return None
    for one in between:
        sheet.remove_statement(one)
    if not elsewhere:
        sheet.insert_before(backward, sheet.code(between[0]))
    return Edit(
        asked.suspicion.code, "The gradients are set to zero before backward(), not after it.", sheet.text()
    )


def _step_every_batch(asked: Asked, loop: Loop) -> Edit | None:
    sheet = Sheet(asked.program)
    backward, stepped = sheet.call_at(loop.backward, "backward"), sheet.call_at(loop.step, "step")
    if backward is None or stepped is None:
        return None
    code = sheet.code(stepped)
    sheet.remove_statement(stepped)
    sheet.insert_after(backward, code)
    return Edit(asked.suspicion.code, f"{code} is called for every batch.", sheet.text())
