"""What is reported: the metrics of ``compile``, the order of predictions and names, totals of a loop."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import DataPart, Training

from . import metric_decision, metric_formula  # noqa: F401 - importing them fills the registry
from .class_numbers import numbered_by_name
from .finding_training import compile_call
from .pictures_in_text import Text, change, training_at
from .prep_own import switched_off
from .registry import Asked, Edit, edit

FEW_CLASSES = 10


@edit("metric.binary_accuracy_for_many_classes")
def accuracy_of_classes(asked: Asked) -> Iterator[Edit | None]:
    """Count a picture as right or wrong, not each output alone."""
    training = training_at(asked)
    if training is None:
        return
    sparse = training.loss is not None and training.loss.name.startswith("sparse")
    name = "sparse_categorical_accuracy" if sparse else "categorical_accuracy"

    def rename(text: Text) -> bool:
        changed = False
        for one in text.nodes(cst.SimpleString):
            said = one.evaluated_value
            if isinstance(said, str) and said.removeprefix("val_") == "binary_accuracy":
                # History and callbacks go by the name, so it changes wherever it stands.
                text.replace(one, text.code(one).replace("binary_accuracy", "accuracy"))
                changed = True
        for call in text.calls("BinaryAccuracy"):
            title = text.argument(call, "name")
            new = text.beside("keras.metrics", "".join(part.title() for part in name.split("_")))
            text.replace(call, f"{new}({'' if title is None else text.code(title)})")
            changed = True
        return changed

    def spell_out(text: Text) -> bool:
        element = _element(text, training, asked)
        if element is None or not isinstance(element.value, cst.SimpleString):
            return False
        text.replace(element.value, text.quoted(name))
        return True

    yield change(asked, "The accuracy shown is the share of pictures whose class is right.", rename)
    yield change(asked, "The accuracy shown is the share of pictures whose class is right.", spell_out)


def _metrics(text: Text, training: Training) -> list[cst.BaseElement]:
    """Return the elements of the list that ``compile`` is given as metrics."""
    call = compile_call(text, training)
    argument = text.argument(call, "metrics", 2) if call is not None else None
    listed = text.resolve(argument.value) if argument is not None else None
    return list(listed.elements) if isinstance(listed, (cst.List, cst.Tuple)) else []


def _element(text: Text, training: Training, asked: Asked) -> cst.BaseElement | None:
    """Return the metric that is suspected; where nothing says which, the only one."""
    elements = _metrics(text, training)
    position = asked.suspicion.position
    for one in elements:
        if position is not None and text.starts(one.value) == (position.line, position.column):
            return one
    return elements[0] if len(elements) == 1 else None


@edit("metric.accuracy_hides_minority")
def balanced_figures(asked: Asked) -> Iterator[Edit | None]:
    """Show figures in which the rare class counts."""
    training = training_at(asked)
    output = training.output if training is not None else None
    if training is None or output is None or training.framework != "keras":
        return

    def add(text: Text, names: list[str]) -> bool:
        elements = _metrics(text, training)
        if elements:
            made = ", ".join(
                f"{text.beside('keras.metrics', one.split('(')[0])}({one.split('(')[1]}" for one in names
            )
            text.insert_element_after(elements[-1], made)
        return bool(elements)

    logits = output.activation in (None, "linear") and training.loss is not None and training.loss.from_logits
    if output.units == 1:
        area = "AUC(from_logits=True, name='auc')" if logits else "AUC(name='auc')"
        yield change(
            asked, "The area under the curve is shown beside the accuracy.", lambda text: add(text, [area])
        )
        limit = "thresholds=0, " if logits else ""
        both = [f"Precision({limit}name='precision')", f"Recall({limit}name='recall')"]
        yield change(
            asked, "Precision and recall are shown beside the accuracy.", lambda text: add(text, both)
        )
    elif output.units is not None and _one_hot(training) and output.units <= FEW_CLASSES:
        each = [f"Recall(class_id={one}, name='recall_{one}')" for one in range(output.units)]
        yield change(
            asked, "The recall of each class is shown beside the accuracy.", lambda text: add(text, each)
        )


def _one_hot(training: Training) -> bool:
    part = training.part("train")
    loss = training.loss.name if training.loss is not None else ""
    return loss == "categorical_crossentropy" or (part is not None and part.label_mode == "categorical")


@edit("metric.shuffled_evaluation")
def in_order(asked: Asked) -> Iterator[Edit | None]:
    """Predict in the order in which the labels are listed."""
    found = [one for one in asked.program.comparisons if one.position == asked.suspicion.position]
    found = found or [one for one in asked.program.comparisons if one.generator_order]
    part = found[0].part if found else None
    if part is not None:
        yield from _read_in_order(asked, part)
    words = (
        "A switch of the program's own reader, on for training, is off for the pictures that are predicted."
    )
    yield change(asked, words, _predicted_with_switch_off)


def _predicted_with_switch_off(text: Text) -> bool:
    fit = text.fit(training_at(text.asked))
    x = text.pictures_and_labels(fit)[0] if fit is not None else None
    return x is not None and switched_off(text, ([x], [one.value for _, one in _predictions(text)]))


def _read_in_order(asked: Asked, part: DataPart) -> Iterator[Edit | None]:
    trained = any(
        one.role == "train" and one.position == part.position
        for t in asked.program.trainings
        for one in t.parts
    )
    # Without shuffling, a split by share would take other pictures; a training set must stay shuffled.
    split = part.reader == "image_dataset_from_directory" and part.validation_split is not None
    if not trained and not split:
        words = "The pictures are predicted in the order of their labels (shuffle=False)."
        yield change(asked, words, lambda text: _unshuffled(text, part))
    if part.reader.startswith("flow"):
        words = "The pictures are read once more in the order of their labels to be predicted."
        yield change(asked, words, lambda text: _read_again(text, part))
    else:
        words = "The batches are drawn once, so that predictions and labels belong together."
        yield change(asked, words, lambda text: _drawn_once(text, part))


def _unshuffled(text: Text, part: DataPart) -> bool:
    readers = text.readers_of(part)
    for call in readers:
        text.set_argument(call, "shuffle", "False")
    return bool(readers)


def _predictions(text: Text) -> Iterator[tuple[cst.Call, cst.Arg]]:
    for call in text.nodes(cst.Call):
        if isinstance(call.func, cst.Attribute) and call.func.attr.value in ("predict", "predict_generator"):
            argument = text.argument(call, "x", 0) or text.argument(call, "generator")
            if argument is not None:
                yield call, argument


def _read_again(text: Text, part: DataPart) -> bool:
    readers = text.readers_of(part)
    for call, argument in _predictions(text):
        if readers and text.reader(argument.value) is readers[0]:
            again = text.free("ordered", "in_order")
            at, code = text.span(readers[0])[0], text.code(readers[0])
            known = text.argument(readers[0], "shuffle")
            if known is not None:
                start, end = (offset - at for offset in text.span(known.value))
                code = f"{code[:start]}False{code[end:]}"
            else:
                end = text.span(readers[0].args[-1].value)[1] - at
                code = f"{code[:end]}, shuffle=False{code[end:]}"
            indent = text.indent(call)
            text.insert_before(
                call, f"{again} = {code}".replace(f"\n{text.indent(readers[0])}", f"\n{indent}")
            )
            text.replace(argument.value, again)
            return True
    return False


def _drawn_once(text: Text, part: DataPart) -> bool:
    readers = text.readers_of(part)
    for call, argument in _predictions(text):
        name = text.code(argument.value)
        loops: list[cst.For | cst.CompFor] = [*text.nodes(cst.For), *text.nodes(cst.CompFor)]
        drawn = [one for one in loops if text.code(one.iter) == name and text.scope(one) is text.scope(call)]
        if drawn and readers and text.reader(argument.value) in readers:
            batches = text.free("batches", "drawn")
            nodes: list[cst.CSTNode] = [call, *drawn]
            first = min(nodes, key=lambda one: text.span(one)[0])
            text.insert_before(first, f"{batches} = list({name})")
            receiver = text.code(call.func)
            rest = "".join(f", {text.code(one)}" for one in call.args if one is not argument)
            text.replace(call, f"{text.numpy()}.concatenate([{receiver}(one[0]{rest}) for one in {batches}])")
            for one in drawn:
                text.replace(one.iter, batches)
            return True
    return False


@edit("metric.class_order")
def same_order(asked: Asked) -> Iterator[Edit | None]:
    """Name and number the classes alike everywhere."""
    position = asked.suspicion.position
    listed = [one for one in asked.program.parts if one.classes]
    for part in listed[1:]:
        if part.classes != listed[0].classes and position in (None, part.position):
            words = "The classes are numbered in the same order in all parts."
            yield change(asked, words, lambda text, part=part: _same_classes(text, listed[0], part))  # type: ignore[misc]
            return

    def rename(text: Text) -> bool:
        changed = False
        for argument in text.nodes(cst.Arg):
            if argument.keyword is not None and argument.keyword.value in ("target_names", "display_labels"):
                named = text.resolve(argument.value)
                if isinstance(named, (cst.List, cst.Tuple)):
                    codes = [text.code(one.value) for one in named.elements]
                    ordered = sorted(codes, key=lambda code: code.strip("\"'"))
                    for one, code in zip(named.elements, ordered, strict=True):
                        if text.code(one.value) != code:
                            text.replace(one.value, code)
                            changed = True
        return changed

    yield change(
        asked, "The report names the classes in the order in which the folders are numbered.", rename
    )
    words = "The classes are numbered in the order of their names everywhere."
    yield change(asked, words, numbered_by_name)


def _same_classes(text: Text, first: DataPart, other: DataPart) -> bool:
    keyword = "class_names" if first.reader == "image_dataset_from_directory" else "classes"
    there, here = text.readers_of(first), text.readers_of(other)
    known = text.argument(there[0], keyword, 3) if there else None
    if known is None or not here:
        return False
    text.set_argument(here[0], keyword, text.code(known.value), 3)
    return True


@edit("metric.not_reset")
def set_back(asked: Asked) -> Iterator[Edit | None]:
    """Set the totals of a loop back to zero before each pass over the batches."""
    loops = [one.loop for one in asked.program.trainings if one.loop is not None]
    positions = [asked.suspicion.position, *(total.position for loop in loops for total in loop.running)]
    totals = {one.line for one in positions if one is not None}

    def reset(text: Text) -> bool:
        for one in text.nodes(cst.AugAssign):
            batches = text.around(one, cst.For) if text.line(one) in totals else None
            if batches is not None:
                lines = [f"{name} = 0" for name in _together(text, one, batches)]
                text.insert_before(batches, *lines)
                return True
        return False

    yield change(asked, "The totals are set to 0 before each pass over the batches.", reset)


def _together(text: Text, total: cst.AugAssign, batches: cst.For) -> list[str]:
    """Return the total, and the totals that are divided by or from it and grow in the same loop."""
    name = text.code(total.target)
    start, end = text.span(batches)
    grown = {
        text.code(one.target): None for one in text.nodes(cst.AugAssign) if start <= text.span(one)[0] < end
    }
    found = [name]
    for ratio in text.nodes(cst.BinaryOperation):
        if isinstance(ratio.operator, cst.Divide):
            sides = [_names(text, one) for one in (ratio.left, ratio.right)]
            if name in sides[0] | sides[1]:
                found += [one for one in grown if one in sides[0] | sides[1] and one not in found]
    return [one for one in found if not _bound_inside(text, one, batches)]


def _names(text: Text, node: cst.CSTNode) -> set[str]:
    start, end = text.span(node)
    return {text.code(one) for one in text.nodes(cst.Name, cst.Attribute) if start <= text.span(one)[0] < end}


def _bound_inside(text: Text, name: str, batches: cst.For) -> bool:
    """Say whether a total is set back in the loop over epochs already."""
    outer = text.around(batches, cst.For, cst.While)
    return outer is not None and any(
        one.kind == "assign" and text.code(one.target) == name
        and text.span(outer)[0] <= text.span(one.statement)[0] < text.span(outer)[1]
        for one in text.bindings
    )  # fmt: skip
