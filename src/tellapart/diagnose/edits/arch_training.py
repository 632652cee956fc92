"""Edits of what of a network is trained, and of batch normalisation."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Training, read_program
from tellapart.diagnose.reading.apis import made_by
from tellapart.diagnose.reading.interpret.values import Part, Value
from tellapart.diagnose.reading.models import unwrapped
from tellapart.diagnose.reading.suspicions import suspect

from .activation import remove
from .finding_training import forward_of, layer_call, models_of, training_of
from .loop_mode import train_each_epoch
from .registry import Asked, Edit, edit
from .sheet import Sheet, word
from .training_length import BATCH, set_batch

FLAGS = ("trainable", "requires_grad")
QUICK_MOMENTUM = "0.9"  # averages of some ten steps


@edit("arch.frozen")
def frozen(asked: Asked) -> Iterator[Edit | None]:
    """Hand the optimiser the right parameters, or unfreeze what should learn."""
    for training in asked.program.trainings:
        optimizer = training.optimizer
        if optimizer is None or asked.suspicion.position not in (None, optimizer.position):
            continue
        if optimizer.holds == "other":
            yield _right_parameters(asked, training)
            return
        if optimizer.holds == "replaced":
            yield _optimizer_later(asked, training)
            return
    yield from _unfrozen(asked)


def _right_parameters(asked: Asked, training: Training) -> Edit | None:
    sheet = Sheet(asked.program)
    forward = forward_of(sheet, training)
    call = sheet.call_at(training.optimizer.position) if training.optimizer is not None else None
    given = sheet.argument(call, "params", 0) if call is not None else None
    if forward is None or call is None or given is None:
        return None
    model = forward.function
    name = sheet.bound_to(model) or sheet.bound_to(unwrapped(model))
    made_first = min((event.order for event in sheet.trace.events if event.kind in ("bind", "store")
                      and event.value in (model, unwrapped(model))), default=None)  # fmt: skip
    made = next((event.order for event in sheet.trace.events if event.value is sheet.made(call)), None)
    if not name or made_first is None or made is None:
        return None
    if made > made_first:
        sheet.replace(given.value, f"{name}.parameters()")
    else:
        name = _made_after(sheet, call, given, model)
    words = f"The optimiser is given {name}.parameters()."
    return Edit(asked.suspicion.code, words, sheet.text()) if name else None


def _made_after(sheet: Sheet, call: cst.Call, given: cst.Arg, model: Value) -> str:
    """Make the optimiser after the network that is trained, where that is made in the same block; return its name."""
    statement, network = sheet.statement(call), sheet.call_at(unwrapped(model).position)
    bound = None if network is None else sheet.around(network, cst.Assign)
    if (
        network is None
        or bound is None
        or sheet.parent(sheet.statement(network)) is not sheet.parent(statement)
    ):
        return ""
    name = sheet.code(bound.targets[0].target)
    start = sheet.span(statement)[0]
    begin, end = (at - start for at in sheet.span(given.value))
    code = sheet.code(statement)
    sheet.remove_statement(call)
    sheet.insert_after(sheet.statement(network), f"{code[:begin]}{name}.parameters(){code[end:]}")
    return name


def _optimizer_later(asked: Asked, training: Training) -> Edit | None:
    """Make the optimiser after the last layer was replaced."""
    sheet = Sheet(asked.program)
    call = sheet.call_at(training.optimizer.position) if training.optimizer is not None else None
    stored = [event.value for event in sheet.trace.events if event.kind == "store"
              and isinstance(event.target, Part) and made_by(event.value).startswith("torch.nn.")]  # fmt: skip
    later = [node for one in stored if (node := sheet.node_of(one)) is not None
             and call is not None and sheet.span(node)[0] > sheet.span(call)[0]]  # fmt: skip
    if call is None or not later:
        return None
    statement = sheet.statement(call)
    sheet.remove_statement(call)
    sheet.insert_after(later[-1], *sheet.code(statement).splitlines())
    return Edit(asked.suspicion.code, "The optimiser is made after the layer was replaced.", sheet.text())


def _unfrozen(asked: Asked) -> Iterator[Edit | None]:
    """Yield the program without one freezing, where that is enough, the last in the text first; then without any."""
    code = asked.suspicion.code
    freezings = len(_freezings(Sheet(asked.program)))
    for number in reversed(range(freezings)):
        sheet = Sheet(asked.program)
        _thaw(sheet, _freezings(sheet)[number])
        text = sheet.text()
        if not any(one.code == code for one in suspect(read_program(text))):
            yield Edit(code, "What is to be learnt is not frozen.", text)
            break
    if freezings:
        sheet = Sheet(asked.program)
        for node in _freezings(sheet):
            _thaw(sheet, node)
        yield Edit(code, "Nothing is frozen.", sheet.text())


def _freezings(sheet: Sheet) -> list[cst.Assign | cst.Call | cst.Arg]:
    """Return what freezes: ``.trainable = False``, ``.requires_grad_(False)``, ``trainable=False``.

    Where nothing does so in as many words, what may: ``.trainable = not tune``.
    """
    found: list[cst.Assign | cst.Call | cst.Arg] = []
    computed: list[cst.Assign | cst.Call | cst.Arg] = []
    for node in sheet.nodes(cst.Assign, cst.Call, cst.Arg):
        if isinstance(node, cst.Assign):
            target = node.targets[0].target
            if isinstance(target, cst.Attribute) and target.attr.value in FLAGS and _is_false(node.value):
                found.append(node)
            elif (
                isinstance(target, cst.Attribute) and target.attr.value in FLAGS and not _is_true(node.value)
            ):
                computed.append(node)
        elif isinstance(node, cst.Call):
            if word(node) == "requires_grad_" and node.args and _is_false(node.args[0].value):
                found.append(node)
        elif isinstance(node, cst.Arg) and sheet.code(node).replace(" ", "") == "trainable=False":
            found.append(node)
    return found or computed


def _is_true(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "True"


def _is_false(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "False"


def _thaw(sheet: Sheet, node: cst.Assign | cst.Call | cst.Arg) -> None:
    computed = isinstance(node, cst.Assign) and not _is_false(node.value)
    if isinstance(node, cst.Arg) or (isinstance(node, cst.Assign) and computed):
        sheet.replace(node.value, "True")
        return
    if isinstance(node, cst.Call) and not isinstance(sheet.parent(node), cst.Expr):
        sheet.replace(node.args[0].value, "True")
        return
    loop = sheet.around(node, cst.For)
    alone = loop is not None and isinstance(loop.body, cst.IndentedBlock) and len(loop.body.body) == 1
    simple = alone and loop is not None and loop.body.body[0] is sheet.statement(node)
    sheet.remove_statement(loop if simple and loop is not None else node)


@edit("arch.batchnorm_mode")
def batchnorm_mode(asked: Asked) -> Iterator[Edit | None]:
    """Train in training mode, in larger batches, or with the usual settings."""
    position = asked.suspicion.position
    kept = [one.loop.eval_mode_kept for one in asked.program.trainings if one.loop is not None]
    sheet = Sheet(asked.program)
    if any(one is not None and position in (None, one) for one in kept):
        if train_each_epoch(sheet):
            yield Edit(asked.suspicion.code, "train() is called before every epoch.", sheet.text())
        return
    training = training_of(asked)
    if _usual_settings(sheet, asked, keras=training is not None and training.framework == "keras"):
        yield Edit(asked.suspicion.code, "Batch normalisation has the usual settings.", sheet.text())
        return
    if training is not None and set_batch(sheet, training, BATCH):
        yield Edit(asked.suspicion.code, f"A batch has {BATCH} pictures.", sheet.text())


def _usual_settings(sheet: Sheet, asked: Asked, *, keras: bool) -> bool:
    """Take away what batch normalisation was told about axis, mode and averages; say whether there was anything.

    Keras's own averages take hundreds of steps to follow, more than a training of a few hundred pictures may have.
    """
    done = False
    layers = {layer.position: layer for model in models_of(asked.program) for layer in model.layers}
    for layer in layers.values():
        call = layer_call(sheet, layer) if layer.kind == "BatchNormalization" else None
        if call is None:
            continue
        for name in ("axis", "track_running_stats", "training", "momentum"):
            if name not in layer.options:
                continue
            if name == "momentum" and keras:
                sheet.set_argument(call, name, QUICK_MOMENTUM)
            elif not sheet.drop_argument(call, name):
                continue
            done = True
            break  # one of them at a time: their commas lie together
    return done


@edit("arch.dropout_before_batchnorm")
def dropout_before_batchnorm(asked: Asked) -> Iterator[Edit | None]:
    """Take out every dropout that stands before batch normalisation."""
    places = {one.position for one in suspect(asked.program) if one.code == asked.suspicion.code}
    places |= {asked.suspicion.position} - {None}
    sheet = Sheet(asked.program)
    layers = {layer.position: layer for model in models_of(asked.program) for layer in model.layers}
    done = False
    for position, layer in layers.items():
        call = layer_call(sheet, layer) if position in places else None
        done = (call is not None and remove(sheet, call)) or done
    if done:
        yield Edit(asked.suspicion.code, "No dropout stands before batch normalisation.", sheet.text())
