"""Edits of what goes into backward: its sign, and the way from the loss to the weights."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Loop, Position, Program, Training, read_program
from tellapart.diagnose.reading.apis import api
from tellapart.diagnose.reading.formula import walk
from tellapart.diagnose.reading.formula import word as method_word
from tellapart.diagnose.reading.interpret.values import Made, Operation, Value

from .finding_training import after_network, forward_of, loss_call, prediction_and_labels, training_of
from .hand_steps import downhill
from .registry import Asked, Edit, edit
from .sheet import Sheet, word

CUTTING_METHODS = ("detach", "item", "numpy", "tolist", "cpu")
CUTS_AT_MOST = 4
DECIDING = ("argmax", "round", "round_", "max", "topk")


@edit("loop.gradient_sign")
def gradient_sign(asked: Asked) -> Iterator[Edit | None]:
    """Take the minus away, wherever it is."""
    training = training_of(asked)
    for one in asked.program.trainings:
        if (
            one.loop is not None
            and one.loop.negated is not None
            and (asked.suspicion.position in (None, one.loop.negated))
        ):
            yield _without_minus(asked, one.loop)
            return
        if one.loop is not None and one.loop.uphill is not None:
            yield downhill(asked, one.loop.uphill)
            return
    optimizer = training.optimizer if training is not None else None
    if optimizer is None:
        return
    sheet = Sheet(asked.program)
    call = sheet.call_at(optimizer.position)
    if call is None:
        return
    if optimizer.maximises and sheet.drop_argument(call, "maximize"):
        yield Edit(
            asked.suspicion.code, "The optimiser makes the loss smaller: maximize=True goes.", sheet.text()
        )
    elif optimizer.learning_rate is not None and optimizer.learning_rate < 0:
        keyword, place = ("lr", 1) if optimizer.framework == "torch" else ("learning_rate", 0)
        sheet.set_argument(call, keyword, repr(-optimizer.learning_rate), place)
        yield Edit(
            asked.suspicion.code,
            f"The learning rate is {-optimizer.learning_rate:g}, without the minus.",
            sheet.text(),
        )


def _without_minus(asked: Asked, loop: Loop) -> Edit | None:
    sheet = Sheet(asked.program)
    if loop.negated is None:
        return None
    node = next((one for one in sheet.nodes(cst.UnaryOperation, cst.BinaryOperation)
                 if sheet.starts(one) == (loop.negated.line, loop.negated.column)), None)  # fmt: skip
    if isinstance(node, cst.UnaryOperation):
        kept: cst.BaseExpression = node.expression
    elif isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Subtract):
        kept = node.right
    elif isinstance(node, cst.BinaryOperation):
        kept = node.right if sheet.code(node.left) in ("-1", "-1.0") else node.left
    else:
        return None
    plain = isinstance(kept, (cst.Name, cst.Attribute, cst.Call)) or bool(kept.lpar) or not node.lpar
    sheet.replace(node, sheet.code(kept) if plain else f"({sheet.code(kept)})")
    return Edit(asked.suspicion.code, "The loss goes into backward() without the minus sign.", sheet.text())


@edit("loop.detached_loss")
def detached_loss(asked: Asked) -> Iterator[Edit | None]:
    """Keep the way from the loss to the weights."""
    cuts = [
        one.loop.detached[1] for one in asked.program.trainings if one.loop is not None and one.loop.detached
    ]
    if asked.suspicion.position not in (None, *cuts):
        return
    program = asked.program
    for _ in range(CUTS_AT_MOST):
        training = next(
            (one for one in program.trainings if one.loop is not None and one.loop.detached), None
        )
        text = _attached(program, training) if training is not None else None
        if text is None:
            break
        program = read_program(text)
    if program is not asked.program:
        yield Edit(asked.suspicion.code, "Nothing cuts the loss off from the weights any more.", program.text)


def _attached(program: Program, training: Training) -> str | None:
    """Return the program without the first thing that cuts its loss off."""
    sheet = Sheet(program)
    position = training.loop.detached[1] if training.loop is not None and training.loop.detached else None
    if position is None:
        return None
    done = (
        _with_gradient(sheet, position)
        or _uncut(sheet, position)
        or _scores_instead(sheet, training, position)
    )
    return sheet.text() if done else None


def _with_gradient(sheet: Sheet, position: Position) -> bool:
    """Take away a ``with torch.no_grad()``, or the decorator."""
    place = (position.line, position.column)
    for decorator in sheet.nodes(cst.Decorator):
        if place in (sheet.starts(decorator), sheet.starts(decorator.decorator)):
            sheet.replace(decorator.decorator, _enabled(sheet, decorator.decorator))
            return True
    for block in sheet.nodes(cst.With):
        for held in block.items:
            if sheet.starts(held.item) != place or not isinstance(held.item, cst.Call):
                continue
            if len(block.items) == 1 and isinstance(block.body, cst.IndentedBlock):
                return _dedent(sheet, block)
            sheet.replace(held.item, _enabled(sheet, held.item))
            return True
    return False


def _enabled(sheet: Sheet, node: cst.BaseExpression) -> str:
    called = node.func if isinstance(node, cst.Call) else node
    before = (
        f"{sheet.code(called.value)}." if isinstance(called, cst.Attribute) else f"{sheet.name_for('torch')}."
    )
    return f"{before}enable_grad()"


def _dedent(sheet: Sheet, block: cst.With) -> bool:
    """Let the lines of a ``with`` stand where it stood."""
    outer = sheet.indent(block)
    inner = sheet.indent(block.body.body[0])
    if any(
        "\n" in one.value for one in sheet.nodes(cst.SimpleString) if sheet.around(one, cst.With) is block
    ):
        return False  # the lines of a text are no code
    body = "\n".join(
        sheet.code(block).splitlines()[sheet.starts(block.body.body[0])[0] - sheet.line(block) :]
    )
    lines = [outer + one.removeprefix(inner) if one.strip() else one for one in body.splitlines()]
    sheet.replace(block, "\n".join(lines).strip())
    return True


def _uncut(sheet: Sheet, position: Position) -> bool:
    """Take away ``.detach()``, ``.item()``, ``.data`` and their like."""
    place = (position.line, position.column)
    for node in sheet.nodes(cst.Call):
        if sheet.starts(node) != place:
            continue
        if isinstance(node.func, cst.Attribute) and word(node) in CUTTING_METHODS:
            receiver = node.func.value
            while isinstance(receiver, cst.Call) and word(receiver) in CUTTING_METHODS:
                assert isinstance(receiver.func, cst.Attribute)  # noqa: S101 - it has a word and is a method
                receiver = receiver.func.value
            sheet.replace(node, sheet.code(receiver))
            return True
        made = sheet.made(node)
        if word(node) in ("tensor", "Variable") and made is not None and node.args:
            sheet.replace(node, sheet.code(node.args[0].value))
            return True
    for attribute in sheet.nodes(cst.Attribute):
        if sheet.starts(attribute) == place and attribute.attr.value == "data":
            sheet.replace(attribute, sheet.code(attribute.value))
            return True
    return False


def _scores_instead(sheet: Sheet, training: Training, position: Position) -> bool:
    """Hand the loss the scores that a decision was made from."""
    arguments = prediction_and_labels(sheet, training)
    made = loss_call(sheet, training.loss) if training.loss is not None else None
    if arguments is None or made is None:
        return False
    cut = next((one for one in walk(made) if one.position == position and _operand(one) is not None), None)
    scores = _operand(cut) if cut is not None else None
    if scores is None and any(one.position == position for one in after_network(sheet, training)):
        scores = forward_of(sheet, training)
    text = _written(sheet, scores)
    if not text:
        return False
    sheet.replace(arguments[0].value, text)
    return True


def _operand(value: Value | None) -> Value | None:
    """Return what a decision was made from: the scores under an argmax, a rounding or a threshold."""
    if isinstance(value, Operation) and value.sign in (">", ">=", "<", "<="):
        return value.operands[0]
    if isinstance(value, Made) and method_word(value) in DECIDING:
        return value.argument(0, "input") if api(value.function) else getattr(value.function, "of", None)
    return None


def _written(sheet: Sheet, value: Value | None) -> str:
    """Return how the text writes a value: by its name, else by what it is made of."""
    if value is None:
        return ""
    node = sheet.node_of(value)
    return sheet.bound_to(value) or (sheet.code(node) if node is not None else "")
