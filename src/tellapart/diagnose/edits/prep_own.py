"""Random changes that the program's own classes and functions make: none for validation, fewer in training."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from .chance import changes, inside, is_chancy, turn_off
from .pictures_in_text import Text, change, training_at
from .registry import Asked, Edit
from .sheet import word
from .validation_set import loaders, training_loader

OFF = ("None", "False", "()", "[]", "0", "0.0")
AT_MOST = 3
"""Single changes that are tried alone."""

Callee = cst.FunctionDef | cst.ClassDef
Roots = tuple[list[cst.BaseExpression], list[cst.BaseExpression]]


def own_changes_off(asked: Asked) -> Iterator[Edit | None]:
    """Leave out what the program's own functions change at random: each alone, where there are several."""
    count = len(changes(Text(asked)))
    for number in range(min(count, AT_MOST) if count > 1 else 0):
        line = Text(asked).code(changes(Text(asked))[number].node).splitlines()[0].strip().rstrip(":")
        words = f"The training pictures are changed at random in all ways but one ({line})."
        yield change(asked, words, lambda text, number=number: turn_off(text, changes(text)[number]))  # type: ignore[misc]


def own_parts_apart(asked: Asked) -> Iterator[Edit | None]:
    """Leave out for validation what both parts are given alike: a switch, or a function that draws numbers."""
    words = "The validation pictures are not changed at random."
    yield change(asked, words, switched_off)
    yield change(asked, words, _not_called)


def _roots(text: Text, asked: Asked) -> Roots:
    """Return what training and what validation draw from."""
    fit = text.fit(training_at(asked))
    given = text.argument(fit, "validation_data") if fit is not None else None
    x = text.pictures_and_labels(fit)[0] if fit is not None else None
    if x is not None and given is not None:
        pair = text.pair(given.value)
        return [x], [pair[0] if pair is not None else given.value]
    first = training_loader(text)
    others = [one.args[0].value for one in loaders(text) if one is not first]
    return ([first.args[0].value] if first is not None else []), others


def _calls(text: Text, roots: list[cst.BaseExpression]) -> list[cst.Call]:
    """Return the calls on the way to what a part draws from."""
    found: list[cst.Call] = []
    waiting = list(roots)
    for _ in range(40):
        if not waiting:
            break
        node = text.resolve(waiting.pop(0))
        if isinstance(node, (cst.ListComp, cst.GeneratorExp)):
            waiting += [node.elt, node.for_in.iter]
        elif isinstance(node, cst.Call) and node not in found:
            found.append(node)
            waiting += [one.value for one in node.args]
            waiting += [node.func.value] if isinstance(node.func, cst.Attribute) else []
    return found


def _alike(text: Text, roots: Roots) -> Iterator[tuple[cst.Call, cst.Call, Callee]]:
    """Yield a call for training, one for validation, and the class or function of the program that both call."""
    first, second = roots
    training = _calls(text, first)
    defined = _defined(text)
    for call in _calls(text, second):
        name = word(call) if isinstance(call.func, cst.Name) else ""
        same = [one for one in training if word(one) == name and one is not call]
        if name in defined and same and call not in training:
            yield same[0], call, defined[name]


def _defined(text: Text) -> dict[str, Callee]:
    """Return the program's own classes and functions by their names."""
    return {
        one.name.value: one
        for one in text.nodes(cst.FunctionDef, cst.ClassDef)
        if isinstance(one, (cst.FunctionDef, cst.ClassDef))
    }


def switched_off(text: Text, roots: Roots | None = None) -> bool:
    """Turn off the first switch that both parts are given alike; say whether there was one.

    Parameters
    ----------
    roots
        What training draws from, and what is to be changed draws from; None: validation.
    """
    changed = False
    for there, here, callee in _alike(text, roots or _roots(text, text.asked)):
        function = _starting(text, callee)
        if function is None:
            continue
        plain = [*function.params.posonly_params, *function.params.params]
        plain = plain[1:] if isinstance(callee, cst.ClassDef) else plain
        for place, one in enumerate([*plain, *function.params.kwonly_params]):
            at = place if place < len(plain) else None
            given, known = (text.argument(call, one.name.value, at) for call in (here, there))
            default = text.code(one.default) if one.default is not None else ""
            if (given is None) != (known is None) or (given is None and default != "True"):
                continue
            if given and known and (text.code(given.value) != text.code(known.value)
                                    or text.code(given.value) in OFF):  # fmt: skip
                continue
            off = _off(text, callee, one.name.value, default, text.code(given.value) if given else default)
            if off is None:
                continue
            if given is not None and given.keyword is not None and off == default:
                text.drop_argument(here, one.name.value)
            else:
                text.set_argument(here, one.name.value, off, at)
            return True
    return changed


def _starting(text: Text, callee: Callee) -> cst.FunctionDef | None:
    if isinstance(callee, cst.FunctionDef):
        return callee
    own = [one for one in text.nodes(cst.FunctionDef) if text.around(one, cst.ClassDef) is callee]
    return next((one for one in own if one.name.value == "__init__"), None)


def _off(text: Text, callee: Callee, name: str, default: str, given: str, depth: int = 0) -> str | None:
    """Return what a parameter is given so that nothing is done by it; None for one that is no switch."""
    names = {name} | {
        text.code(one.target)
        for one in text.bindings
        if isinstance(one.target, cst.Attribute)
        and isinstance(one.value, cst.Name)
        and one.value.value == name
        and _in(text, one.statement, callee)
    }
    tested = [one.test for one in inside(text, callee, cst.If, cst.IfExp) if _names(text, one.test) & names]  # type: ignore[attr-defined]
    listed = [one for one in inside(text, callee, cst.For, cst.CompFor) if text.code(one.iter) in names]  # type: ignore[attr-defined]
    called = [one for one in inside(text, callee, cst.Call) if text.code(one.func) in names]  # type: ignore[attr-defined]
    if tested or listed or called:
        if default in OFF and (tested or default in ("()", "[]")):
            return default
        if tested:
            return "False" if given == "True" else "None" if not listed else "()"
        return "()" if listed else "lambda given: given"
    for call in inside(text, callee, cst.Call) if depth < 2 else ():
        if not isinstance(call, cst.Call):
            continue
        passed = [one for one in call.args if text.code(one.value) in names]
        inner = _defined(text).get(word(call))
        if passed and inner is not None and (started := _starting(text, inner)) is not None:
            own = [*started.params.posonly_params, *started.params.params][isinstance(inner, cst.ClassDef) :]
            place = list(call.args).index(passed[0])
            keyword = passed[0].keyword
            further = keyword.value if keyword else own[place].name.value if place < len(own) else ""
            found = _off(text, inner, further, default, given, depth + 1) if further else None
            if found is not None:
                return found
    return None


def _in(text: Text, node: cst.CSTNode, holder: cst.CSTNode) -> bool:
    return text.span(holder)[0] <= text.span(node)[0] < text.span(holder)[1]


def _names(text: Text, node: cst.CSTNode) -> set[str]:
    return {text.code(one) for one in inside(text, node, cst.Name, cst.Attribute)}


def _not_called(text: Text) -> bool:
    """Take the function that draws numbers away from what validation draws from."""
    for _, here, callee in _alike(text, _roots(text, text.asked)):
        if isinstance(callee, cst.FunctionDef) and here.args and is_chancy(text, callee):
            text.replace(here, text.tight(here.args[0].value))
            return True
    first, second = _roots(text, text.asked)
    shared = _calls(text, first)
    functions = {one.name.value: one for one in text.nodes(cst.FunctionDef)}
    mapped = {text.code(one.args[0].value) for one in shared if word(one) == "map" and one.args}
    for call in _calls(text, second):
        if word(call) != "map" or call in shared or not call.args or not isinstance(call.func, cst.Attribute):
            continue
        name = text.code(call.args[0].value)
        if name in mapped and name in functions and is_chancy(text, functions[name]):
            text.replace(call, text.code(call.func.value))
            return True
    return False
