"""Which training a suspicion is about, and the calls in the text that make it up."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Layer, Loss, Model, Position, Program, Training
from tellapart.diagnose.reading.apis import made_by
from tellapart.diagnose.reading.chain import Chains, is_network
from tellapart.diagnose.reading.formula import walk
from tellapart.diagnose.reading.interpret.values import Function, Instance, Made, Value
from tellapart.diagnose.reading.layers import ACTIVATIONS, FUNCTION_KINDS
from tellapart.diagnose.reading.models import unwrapped
from tellapart.diagnose.reading.own_loss import given_to, is_own, scores_of

from .registry import Asked
from .sheet import Sheet, word


def training_of(asked: Asked) -> Training | None:
    """Return the training that a suspicion points at, else the first one."""
    position = asked.suspicion.position
    trainings = asked.program.trainings
    for one in trainings:
        if position is not None and position in _places(one):
            return one
    return trainings[0] if trainings else None


def _places(training: Training) -> set[Position | None]:
    facts = [training, training.output, training.loss, training.optimizer, training.loop, training.model,
             training.epochs, training.loss.own if training.loss else None, *training.callbacks,
             *(training.model.layers if training.model else ())]  # fmt: skip
    return {None if one is None else one.position for one in facts}


def models_of(program: Program) -> list[Model]:
    """Return every network once."""
    found = {one.position: one for one in program.models}
    found |= {one.model.position: one.model for one in program.trainings if one.model is not None}
    return list(found.values())


def model_at(asked: Asked) -> Model | None:
    """Return the network with a layer where a suspicion points, else the one that is trained."""
    position = asked.suspicion.position
    models = models_of(asked.program)
    for one in models:
        if position in (one.position, *(layer.position for layer in one.layers)):
            return one
    trained = training_of(asked)
    return trained.model if trained is not None and trained.model is not None else next(iter(models), None)


def layer_call(sheet: Sheet, layer: Layer) -> cst.Call | None:
    """Return the call that makes a layer, or that a function's layer is."""
    if layer.api:
        return sheet.call_at(layer.position, layer.api.rpartition(".")[2])
    # A tensor's method: what it is called is known from what it does.
    names = [
        name for name, does in ACTIVATIONS.items() if does == layer.activation and layer.kind == "Activation"
    ]
    names += [name for name, does in FUNCTION_KINDS.items() if does == layer.kind]
    calls = ((sheet.call_at(layer.position, name), name) for name in names)
    return next((call for call, name in calls if call is not None and word(call) == name), None)


def loss_call(sheet: Sheet, loss: Loss) -> Made | None:
    """Return what the call of a hand-written loop's loss gave."""
    for event in sheet.trace.events:
        if event.kind == "call" and isinstance(event.value, Made) and event.value.position == loss.position:
            last = event.value
            if made_by(last.function) == loss.api or made_by(last) == loss.api or loss.name == "own":
                return last
    for made, _ in sheet.trace.entered if loss.name == "own" else ():
        if made.position is not None and made.position == loss.position:
            return made
    return None


def loss_maker(sheet: Sheet, training: Training) -> cst.Call | None:
    """Return the call that makes the loss object, or that calls the loss function; None for a name in a text."""
    if training.loss is None:
        return None
    made = loss_call(sheet, training.loss)
    if made is None:
        return sheet.call_at(training.loss.position)
    if isinstance(made.function, Instance):
        return sheet.call_at(made.function.position)
    return sheet.node_of(made.function) or sheet.node_of(made)


def compile_call(sheet: Sheet, training: Training) -> cst.Call | None:
    """Return the ``compile`` of a training."""
    places = {one.position for one in (training.loss, training.optimizer) if one is not None}
    own = training.loss.own.position if training.loss is not None and training.loss.own is not None else None
    found = None
    for node, made, _ in sheet.methods("compile"):
        given = [made.argument(1, "loss"), made.argument(0, "optimizer")]
        if any(one is not None and one.position in {*places, own} for one in given):
            return node
        found = found or node
    return found


def forward_of(sheet: Sheet, training: Training) -> Made | None:
    """Return the call of the network that a hand-written loop's loss goes back to."""
    if training.loss is None:
        return None
    made = loss_call(sheet, training.loss)
    for one in walk(made):
        if isinstance(one, Made) and is_network(unwrapped(one.function)):
            return one
    return None


def after_network(sheet: Sheet, training: Training) -> list[Layer]:
    """Return what a hand-written loop does to the scores between network and loss."""
    made = (
        loss_call(sheet, training.loss) if training.loss is not None and training.loop is not None else None
    )
    forward = forward_of(sheet, training)
    given = given_to(made) if made is not None else []
    if made is None or forward is None or not given:
        return []
    prediction: Value = given[0]
    if is_own(made):
        prediction = scores_of(made) or prediction
    elif training.framework == "keras":
        prediction = made.argument(1, "y_pred", "logits") or prediction
    return Chains(sheet.trace).back(prediction, stop=forward)


def prediction_and_labels(sheet: Sheet, training: Training) -> tuple[cst.Arg, cst.Arg] | None:
    """Return the two arguments of a PyTorch loop's loss."""
    made = loss_call(sheet, training.loss) if training.loss is not None else None
    node = sheet.node_of(made)
    if node is None:
        return None
    if made is not None and isinstance(made.function, Function):
        return _of_own_function(node, made)
    first, second = sheet.argument(node, "input", 0), sheet.argument(node, "target", 1)
    return None if first is None or second is None else (first, second)


def _of_own_function(node: cst.Call, made: Made) -> tuple[cst.Arg, cst.Arg] | None:
    """Return scores and labels among the arguments of a function of the program."""
    plain = [one for one in node.args if one.keyword is None and not one.star]
    named = {one.keyword.value: one for one in node.args if one.keyword is not None}
    held = [
        *zip(plain, made.arguments, strict=False),
        *((named[key], value) for key, value in made.keywords.items()),
    ]
    scores = next((arg for arg, value in held if value is scores_of(made)), None)
    labels = next((arg for arg, _ in held if arg is not scores), None)
    return None if scores is None or labels is None else (scores, labels)


def loops_around(sheet: Sheet, node: cst.CSTNode) -> Iterator[cst.For | cst.While]:
    """Yield the loops around a node within its function, innermost first."""
    above = sheet.parent(node)
    while above is not None and not isinstance(above, cst.FunctionDef):
        if isinstance(above, (cst.For, cst.While)):
            yield above
        above = sheet.parent(above)
