"""What was found out -> the verdict, as the interface defines it.

``fails``: the training is no better than chance; or one fix gains what matters; or a figure that the script shows is
wrong, or taken on pictures that are in the training part. ``healthy``: nothing of the kind. ``unknown``: it could not
be run, or the pictures are too few to tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tellapart.evaluate.estimate import Estimate

from .answer import Curve, Diagnosis, Entry, Remeasured, Verdict
from .causes.catalogue import CAUSES
from .edits import unified_diff
from .examined import Examined
from .proving.questions import UNTOUCHED, WRONG_FIGURES, could_matter
from .proving.trial import LARGE, Tried
from .reading import CLEARLY, Suspicion
from .recording import Recording
from .summing_up import assumptions, error_of, promising, summary
from .trials.effect import level
from .trials.judged import judge, judged_part, main_training
from .watching import Discrepancy
from .watching.view import good_from

SURE = 0.5
"""From this certainty on a cause is named without proof where the training fails, or as a remark where it does not."""
FIGURES = "metric."
"""Causes of a wrong figure: where reading is sure of one, it is remarked beside a proved cause, too."""
FIGURE_IS_WRONG = 0.5
"""From this certainty on a suspicion goes with a figure that is seen to be wrong: one that nothing explains may be
about something else than it seems."""
LEAKING = 0.01
"""Of the pictures that judge, so many in the training part make the figure a wrong one; as for `train`."""
MOSTLY_COPIES, ENOUGH_COMPARED = 0.5, 20
"""Near copies, of pictures looked at, that need no experiment: pictures of one thing are alike, but not half of
them each far nearer to one training picture than to all others."""
JUDGING = ("validation", "test")
REPORTED = "reported "
"""Begins the name of a measure that is a figure of the script."""
NEARLY_ALL = 0.95
"""From this share on empty pictures alone keep a network from learning anything."""
PROVED, NOT_PROVED = 0.95, 0.9
"""Confidence is at least the first with a proof, at most the second without: no look replaces an experiment."""
FIGURES_WITH_CAUSE = (*WRONG_FIGURES, "prep.train_predict_mismatch")


def conclude(examined: Examined, seconds: float) -> Diagnosis:
    """Return the diagnosis."""
    count, chance = _level(examined.runs)
    causes = tuple(_causes(examined, count, chance))
    verdict = _verdict(examined, causes, count, chance)
    if verdict is not Verdict.fails:
        causes = ()
    open_ = promising(examined) if verdict is Verdict.unknown else None
    remarks = tuple(_remarks(examined, {one.code for one in causes}, count, chance, open_))
    mended = [one for tries in examined.tried for one in tries if one.fails and one.edit is not None]
    fixed = mended[-1].edit.text if mended and mended[-1].edit is not None else ""
    return Diagnosis(
        verdict=verdict,
        summary=summary(examined, verdict, causes, count, remarks),
        causes=causes,
        remarks=remarks,
        ruled_out=tuple(one for one in examined.ruled_out if one.code not in {each.code for each in causes}),
        assumptions=tuple(assumptions(examined)),
        remeasured=tuple(_remeasured(examined.compared)),
        level=count,
        chance=None if count is None else chance,
        curves=(*_curves("as it is", examined.runs), *_curves_mended(mended)),
        fixed=fixed,
        patch=unified_diff(examined.script.given, fixed, examined.program.file) if fixed else "",
        seconds=seconds,
    )


def _curves_mended(mended: Sequence[Tried]) -> Iterator[Curve]:
    if mended and mended[-1].edit is not None:
        yield from _curves(mended[-1].edit.words, mended[-1].runs)


def _curves(name: str, runs: Sequence[Recording]) -> Iterator[Curve]:
    for seed, run in enumerate(runs):
        training = main_training(run)
        part = None if training is None else judged_part(training)
        if training is None or part is None:
            continue
        kept = [
            (one.number, one.true[part]["balanced_accuracy"]) for one in training.epochs if part in one.true
        ]
        known = [(number, one) for number, one in kept if one["value"] is not None]
        yield Curve(
            name,
            part,
            seed,
            tuple(number + 1 for number, _ in known),
            tuple(Estimate(one["value"], one["low"], one["high"], one["n"]) for _, one in known),
        )


def _level(runs: Sequence[Recording]) -> tuple[Estimate | None, float]:
    """Return the balanced accuracy of the program as it is, and what chance gives."""
    found = [judge(one) for one in runs]
    known = [one for one in found if one is not None]
    return (level(known), 1 / known[0].classes) if known else (None, 0.5)


def _verdict(examined: Examined, causes: tuple[Entry, ...], count: Estimate | None, chance: float) -> Verdict:
    if any(one.proved for one in causes) or any(_seen_to_be_wrong(examined)):
        return Verdict.fails
    if count is None:
        return Verdict.unknown
    if count.low > chance:
        # What learns a little, and much more with a change that there was no time to prove, is not called well.
        return (
            Verdict.unknown if count.value < good_from(chance) and _unsettled(examined) else Verdict.healthy
        )
    # An interval that holds chance and a good network cannot tell, nor can the beginning of a training.
    unsure = count.high >= good_from(chance) or examined.cut or _broke_off(examined)
    return Verdict.unknown if unsure else Verdict.fails


def _unsettled(examined: Examined) -> bool:
    """Whether the best change gained a great deal in a single run, which is no proof, and nothing more was tried."""
    best = promising(examined)
    return (
        best is not None
        and len(best.experiments[0].seeds) == 1
        and best.experiments[0].effect.value >= 2 * LARGE
    )


def _causes(examined: Examined, count: Estimate | None, chance: float) -> Iterator[Entry]:
    """Yield what is proved, else what is seen to be wrong, else what is suspected most of a training that fails."""
    proved = [one for tries in examined.tried for one in tries if one.fails]
    named = set()
    text = examined.program.text
    for one in proved:
        named |= {each.code for each in (one.suspicion, *one.partners)}
        yield _entry(examined, one.suspicion, one, text)
        text = text if one.edit is None else one.edit.text
    seen_wrong = _seen_to_be_wrong(examined)
    for each in examined.suspects:
        if each.code in seen_wrong and each.code not in named:
            named.add(each.code)
            yield _entry(examined, each, _tried(examined, each.code), examined.program.text)
    fails = count is not None and count.low <= chance
    if not named and fails and examined.suspects and examined.suspects[0].certainty >= SURE:
        first = examined.suspects[0]
        yield _entry(examined, first, _tried(examined, first.code), examined.program.text)


def _tried(examined: Examined, code: str) -> Tried | None:
    return next((one for one in (examined.tried or ((),))[0] if one.suspicion.code == code), None)


def _seen_to_be_wrong(examined: Examined) -> tuple[str, ...]:
    """Return the codes of what makes a training fail for all to see, "" for what does not; no experiment is needed."""
    return _nothing_is_shown(examined), _judged_by_training(examined), _figure_is_wrong(examined)


def _nothing_is_shown(examined: Examined) -> str:
    """Return the code for a network that is shown hardly anything but empty pictures, or nothing."""
    trained = (one.parts.get("train") for one in examined.runs[0].trainings)
    empty = any(one is not None and one.share_constant >= NEARLY_ALL for one in trained)
    return "data.unreadable_pictures" if empty else ""


def _judged_by_training(examined: Examined) -> str:
    """Return the code of a leak that was seen, or nothing."""
    found = (one for one in examined.suspects if one.code in UNTOUCHED and one.certainty >= SURE)
    return next((one.code for one in found if _was_seen(examined)), "")


def _was_seen(examined: Examined) -> bool:
    trainings = examined.runs[0].trainings
    exact = (
        share > LEAKING and part.name.startswith(JUDGING) and other == "train"
        for one in trainings
        for part in one.parts.values()
        for other, share in part.shared.items()
    )
    return any(exact) or any(
        len(near.looks) >= MOSTLY_COPIES * near.compared and near.part.startswith(JUDGING)
        for one in trainings
        for near in one.near
        if near.other == "train" and near.compared >= ENOUGH_COMPARED
    )


def _figure_is_wrong(examined: Examined) -> str:
    """Return the code of the cause that a wrong figure goes with, or nothing."""
    if not any(one.outside for one in examined.compared):
        return ""
    suspected = (
        one.code
        for one in examined.suspects
        if one.code.startswith(FIGURES_WITH_CAUSE) and one.certainty >= FIGURE_IS_WRONG
    )
    return next(suspected, "")


def _entry(examined: Examined, suspicion: Suspicion, tried: Tried | None, before: str) -> Entry:
    proved = tried is not None and tried.proved and tried.fails
    cause, position = CAUSES[suspicion.code], suspicion.position
    certainty = suspicion.certainty
    partners = () if tried is None else tried.partners
    patch = ""
    if tried is not None and tried.edit is not None and (proved or _gained(tried)):
        patch = unified_diff(before, tried.edit.text, examined.program.file)
    return Entry(
        code=suspicion.code,
        title=cause.title,
        words=suspicion.words,
        file=examined.program.file,
        line=None if position is None else examined.script.line_given(position.line),
        source=_source(examined, suspicion),
        confidence=max(certainty, PROVED) if proved else min(certainty, NOT_PROVED),
        proved=proved,
        experiments=() if tried is None else tried.experiments,
        fix=_fixes([suspicion.code, *(one.code for one in partners)]),
        patch=patch,
        together=(suspicion.code, *(one.code for one in partners)) if partners else (),
    )


def _gained(tried: Tried) -> bool:
    """Whether a change is worth handing on unproved: not where it was seen to do nothing, or harm."""
    defined = [one for one in tried.experiments if one.effect.is_defined]
    return not defined or any(one.effect.value > 0 for one in defined)


def _source(examined: Examined, suspicion: Suspicion) -> str:
    """Return the line in the user's own words: what was completed or brought up to date reads otherwise."""
    given, position = examined.script.given, suspicion.position
    own = bool(suspicion.source) and suspicion.source.splitlines()[0].strip() in given
    line = None if position is None or position.cell else examined.script.line_given(position.line)
    lines = given.splitlines()
    if own or line is None or not 1 <= line <= len(lines):
        return suspicion.source
    return lines[line - 1].strip()


def _fixes(codes: Sequence[str]) -> str:
    """Return what to do; of several causes, about which one it is."""
    if len(codes) == 1:
        return CAUSES[codes[0]].fix
    return " ".join(f"{CAUSES[code].title}: {CAUSES[code].fix}" for code in codes)


def _remarks(
    examined: Examined, named: set[str], count: Estimate | None, chance: float, best: Tried | None
) -> Iterator[Entry]:
    """Yield what gains less than what matters or not beyond doubt, and what looks odd where nothing explains it."""
    explained = any(one.fails for tries in examined.tried for one in tries)
    for one in examined.suspects:
        tried = _tried(examined, one.code)
        gains = tried is not None and (tried.proved or tried is best)
        # Much looks odd in a training that fails; once the cause is proved, that is what it did. But no cause of a
        # poor network explains how a figure is computed.
        of_figure = one.code.startswith(FIGURES) and one.certainty >= CLEARLY
        open_ = _is_open(examined, tried, chance) or _could_not_show(one, tried)
        odd = (of_figure or not explained) and one.certainty >= SURE and open_
        odd = odd and (count is None or could_matter(one.code, count.value))
        if one.code not in named and (gains or odd):
            yield _entry(examined, one, tried, examined.program.text)


def _is_open(examined: Examined, tried: Tried | None, chance: float) -> bool:
    """Whether a suspicion was not tried, or by trials too short for the network to learn with the change either."""
    if tried is None:
        return True
    if not (examined.cut or _broke_off(examined)):
        return False
    scores = [one.after for one in tried.experiments if one.measure == "balanced_accuracy"]
    return all(not one.is_defined or one.low <= chance for one in scores)


def _could_not_show(suspicion: Suspicion, tried: Tried | None) -> bool:
    """Whether what is clear makes a figure wrong that the script does not show by name: then no trial can show it."""
    figures = [] if tried is None else [one for one in tried.experiments if one.measure.startswith(REPORTED)]
    return suspicion.certainty >= CLEARLY and suspicion.code.startswith(WRONG_FIGURES) and not figures


def _remeasured(compared: Sequence[Discrepancy]) -> Iterator[Remeasured]:
    """Yield each figure at its last epoch."""
    last: dict[str, Discrepancy] = {}
    for one in compared:
        name = f"{one.reported.part} {one.reported.measure}{' ' + one.reported.of if one.reported.of else ''}"
        last[name] = one
    for name, one in last.items():
        yield Remeasured(
            name, one.reported.value, Estimate(one.true, one.low, one.high, one.n), not one.outside
        )


def _broke_off(examined: Examined) -> bool:
    """Whether an error ended the training before its last epoch, or may have: a text need not say how many."""
    if not error_of(examined):
        return False
    wanted = [one.epochs.value for one in examined.program.trainings if one.epochs is not None]
    trained = max((len(one.epochs) for one in examined.runs[0].trainings), default=0)
    return not wanted or any(one is None or one > trained for one in wanted)
