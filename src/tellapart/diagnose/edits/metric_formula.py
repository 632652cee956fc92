"""Measures that cannot be averaged over batches: counted over the whole set instead."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Position, Training

from .finding_training import compile_call
from .pictures_in_text import Text, change, training_at
from .registry import Asked, Edit, edit

WHOLE_SET = '''class {name}({metric}):
    """{function} of all batches together."""

    def __init__(self, **options):
        super().__init__(name={title}, **options)
        self.pairs = []

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.pairs.append((y_true, y_pred))

    def result(self):
        truth, scores = zip(*self.pairs)
        truth, scores = {ops}.concatenate(truth), {ops}.concatenate(scores)
        return {function}({truth}, scores)

    def reset_state(self):
        self.pairs = []
'''


@edit("metric.batch_averaged")
def over_the_whole_set(asked: Asked) -> Iterator[Edit | None]:
    """Compute a ratio once, over everything."""
    training = training_at(asked)
    if training is None:
        return
    own = [one for one in training.metrics if one.own is not None and one.own.ratio_of_sums]
    own = [one for one in own if one.own is not None and one.own.position == asked.suspicion.position] or own
    if own:
        name = _function_at(Text(asked), own[0].own.position) if own[0].own is not None else ""
        if name:
            yield from _keras(asked, training, name)
        return
    words = "Predictions and labels are gathered, and the measure is computed once over all of them."
    yield change(asked, words, _gathered)


def _function_at(text: Text, position: Position) -> str:
    found = [
        one for one in text.nodes(cst.FunctionDef) if text.line(one) <= position.line <= text.last_line(one)
    ]
    return found[-1].name.value if found else ""


def _keras(asked: Asked, training: Training, name: str) -> Iterator[Edit | None]:
    single = training.output is not None and training.output.units == 1
    logits = training.loss is not None and training.loss.from_logits
    known = _known_measure(Text(asked), name) if single else ""

    def ready_made(text: Text) -> bool:
        element = _metric_element(text, training, name)
        if element is None:
            return False
        limit = "threshold" if known == "F1Score" else "thresholds"
        given = f"{limit}=0.5, " if known == "F1Score" else f"{limit}=0, " if logits else ""
        text.replace(element, f"{text.beside('keras.metrics', known)}({given}name={text.quoted(name)})")
        return True

    def own_class(text: Text) -> bool:
        element = _metric_element(text, training, name)
        function = next((one for one in text.nodes(cst.FunctionDef) if one.name.value == name), None)
        if element is None or function is None:
            return False
        made = text.free("WholeSet")
        metric = text.beside("keras.metrics", "Metric")
        ops = f"{text.name_for('keras')}.ops"
        # Labels of shape (N,) against scores of shape (N, 1) would become N x N.
        truth = f"{ops}.reshape(truth, {ops}.shape(scores))" if single else "truth"
        body = WHOLE_SET.format(
            name=made, metric=metric, function=name, title=text.quoted(name),
            ops=ops, truth=truth,
        )  # fmt: skip
        text.insert_after(function, "", "", *body.rstrip().split("\n"))
        text.replace(element, f"{made}()")
        return True

    if known and (known != "F1Score" or (not logits and _tall_labels(asked))):
        yield change(asked, f"{name} is counted over the whole set (keras.metrics.{known}).", ready_made)
    yield change(asked, f"{name} is computed once over all batches together.", own_class)


def _tall_labels(asked: Asked) -> bool:
    """Say whether a run showed labels of shape (N, 1), which Keras's F1Score insists on."""
    for one in asked.recording.trainings if asked.recording is not None else ():
        train = one.parts.get("train")
        if train is not None and train.labels is not None and train.labels.shape == (1,):
            return True
    return False


def _metric_element(text: Text, training: Training, name: str) -> cst.BaseExpression | None:
    call = compile_call(text, training)
    argument = text.argument(call, "metrics", 2) if call is not None else None
    listed = text.resolve(argument.value) if argument is not None else None
    elements = listed.elements if isinstance(listed, (cst.List, cst.Tuple)) else ()
    for one in elements:
        if text.code(one.value).rpartition(".")[2] == name:
            return one.value
    return listed if isinstance(listed, cst.Name) and listed.value == name else None


def _known_measure(text: Text, name: str) -> str:
    """Tell precision, recall and F1 by what the formula divides by: calls, true ones, or both; "" for others."""
    function = next((one for one in text.nodes(cst.FunctionDef) if one.name.value == name), None)
    if function is None or len(function.params.params) < 2:
        return ""
    truth, guess = (one.name.value for one in function.params.params[:2])
    found: set[str] = set()
    for ratio in _divisions(text, function):
        for kind in _summed(text, ratio.right, truth, guess, 0):
            found.add(kind)
    if found == {"truth"}:
        return "Recall"
    if found == {"guess"}:
        return "Precision"
    return "F1Score" if found == {"truth", "guess"} else ""


def _divisions(text: Text, function: cst.FunctionDef) -> Iterator[cst.BinaryOperation]:
    start, end = text.span(function)
    for one in text.nodes(cst.BinaryOperation):
        if isinstance(one.operator, cst.Divide) and start <= text.span(one)[0] < end:
            yield one
    called = {text.code(one.func) for one in text.nodes(cst.Call) if start <= text.span(one)[0] < end}
    for other in text.nodes(cst.FunctionDef):
        inside = start <= text.span(other)[0] < end
        if other.name.value in called and other is not function and not inside:
            yield from _divisions(text, other)


def _summed(text: Text, node: cst.CSTNode, truth: str, guess: str, depth: int) -> Iterator[str]:
    """Yield whose sums a divisor holds: truth, guess, or other where that cannot be told."""
    start, end = text.span(node)
    names = [one for one in text.nodes(cst.Name) if start <= text.span(one)[0] < end]
    inside = {one.value for one in names} & {truth, guess}
    if inside:
        yield "truth" if inside == {truth} else "guess" if inside == {guess} else "other"
        return
    for one in names:
        found = text.binding(one) if depth < 4 else None
        if found is not None and found.kind == "assign":
            value = found.value
            called = isinstance(value, cst.Call) and any(
                other.name.value == text.code(value.func) for other in text.nodes(cst.FunctionDef)
            )
            if not called:  # what another function gives is looked at in its own divisions
                yield from _summed(text, value, truth, guess, depth + 1)


RATIOS = ("f1_score", "precision_score", "recall_score", "roc_auc_score", "average_precision_score", "fbeta_score",
          "balanced_accuracy_score", "jaccard_score")  # fmt: skip


def _gathered(text: Text) -> bool:
    position = text.asked.suspicion.position
    for call in text.calls(*RATIOS):
        batches = text.around(call, cst.For)
        if position is not None and text.line(call) != position.line:
            continue
        truth, guess = text.argument(call, "y_true", 0), text.argument(call, "y_pred", 1)
        guess = guess or text.argument(call, "y_score")
        statement = text.statement(call)
        block = text.parent(statement)
        # Only a measure of the loop's own block, and the lines that live on it, can be taken out of the loop.
        if not isinstance(batches, cst.For) or truth is None or guess is None or block is not batches.body:
            continue
        kept = text.free("all_labels", "kept_labels"), text.free("all_guesses", "kept_guesses")
        numpy = text.numpy()
        whole = text.code(call)
        base = text.span(call)[0]
        for one, name in sorted(
            ((truth, kept[0]), (guess, kept[1])), key=lambda pair: -text.span(pair[0])[0]
        ):
            start, end = (offset - base for offset in text.span(one.value))
            whole = f"{whole[:start]}{numpy}.concatenate({name}){whole[end:]}"
        text.insert_before(batches, f"{kept[0]}, {kept[1]} = [], []")
        moved = _living_on(text, batches, statement)
        lines = [_after_loop(text, one, call, whole, kept[0]) for one in moved]
        text.insert_after(batches, *lines)
        text.replace(statement, f"{kept[0]}.append({text.code(truth.value)})\n{text.indent(statement)}"
                                f"{kept[1]}.append({text.code(guess.value)})")  # fmt: skip
        for later in moved[1:]:
            text.remove_statement(later)
        return True
    return False


def _living_on(text: Text, batches: cst.For, statement: cst.CSTNode) -> list[cst.CSTNode]:
    """Return a statement of a loop and the later ones of it that use what it assigns."""
    found = [statement]
    names = {
        text.code(one.target)
        for one in text.bindings
        if one.kind == "assign" and text.statement(one.statement) is statement
    }
    for one in batches.body.body:
        later = text.span(one)[0] > text.span(statement)[0]
        used = {node.value for node in text.nodes(cst.Name)
                if text.span(one)[0] <= text.span(node)[0] < text.span(one)[1]}  # fmt: skip
        if later and names & used:
            found.append(one)
    return found


def _after_loop(text: Text, statement: cst.CSTNode, call: cst.Call, whole: str, kept: str) -> str:
    """Return a statement as it stands after the loop; a total that is divided by the batches holds them all."""
    code = text.code(statement).replace(text.code(call), whole)
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    if isinstance(small, cst.AugAssign) and isinstance(small.operator, cst.AddAssign):
        return f"{code} * len({kept})"
    return code
