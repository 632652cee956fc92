"""The answer in words a beginner understands: what is suspected first, what was found, what was taken for granted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tellapart.evaluate.estimate import Estimate

from .answer import SCORES, Entry, Verdict
from .causes.catalogue import CAUSES
from .examined import Examined
from .proving.trial import LARGE, Tried
from .reading import CLEARLY, Suspicion
from .recording import Outcome
from .script import Script
from .trials.judged import judge

UNSTEADY = 0.2
"""Runs that differ by so much in nothing but their seed are not one kind of network."""
WORTH_A_WORD = 0.3
"""From this certainty on the first sentence names what reading suspects."""


def first_sentence(read: Sequence[Suspicion], seconds: float, script: Script) -> str:
    """Say what reading alone suspects most, before anything is run."""
    if not read or read[0].certainty < WORTH_A_WORD:
        return f"Reading the script shows no clear fault ({seconds:.1f} s). Now it is run."
    first = read[0]
    line = None if first.position is None else script.line_given(first.position.line)
    place = "" if line is None else f"line {line}: "
    sure = "very likely" if first.certainty >= CLEARLY else "perhaps"
    return f"{place}{sure} {CAUSES[first.code].title[0].lower()}{CAUSES[first.code].title[1:]}. {first.words}"


def summary(
    examined: Examined,
    verdict: Verdict,
    causes: tuple[Entry, ...],
    count: Estimate | None,
    remarks: tuple[Entry, ...] = (),
) -> str:
    """Say in a sentence or two what was found.

    Parameters
    ----------
    count
        Balanced accuracy of the program as it is.
    remarks
        Best first; what is clearly suspected is named where the cause is unknown.
    """
    if verdict is Verdict.fails and causes:
        return _cause_in_words(causes)
    if verdict is Verdict.fails:
        return (
            "The training fails: it tells the classes apart no better than chance "
            f"(balanced accuracy {count}). What was tried does not explain it."
        )
    if verdict is Verdict.healthy:
        ends = f" But {error_of(examined)}." if error_of(examined) else ""
        return f"Nothing that matters was found: the training works (balanced accuracy {count}).{ends}"
    told = _looked_best(examined) or _suspected(remarks)
    return f"The cause is unknown: {_why_unknown(examined, count)}{told}"


def promising(examined: Examined) -> Tried | None:
    """Return what gained most of all that was tried, where it gained much, yet not beyond doubt."""
    tried = [
        one
        for one in (examined.tried or ((),))[0]
        if not one.proved and one.edit is not None and _gain(one) >= LARGE
    ]
    return max(tried, key=_gain, default=None)


def _gain(tried: Tried) -> float:
    first = tried.experiments[0] if tried.experiments else None
    known = first is not None and first.measure in SCORES and first.effect.is_defined
    return first.effect.value if known and first is not None else 0.0


def _looked_best(examined: Examined) -> str:
    best = promising(examined)
    if best is None or best.edit is None:
        return ""
    one = best.experiments[0]
    seeds = f"{len(one.seeds)} seed{'s' * (len(one.seeds) > 1)}"
    return (
        f" What looked best, not beyond doubt: {best.edit.words} {SCORES[one.measure][:1].upper()}"
        f"{SCORES[one.measure][1:]} went from {one.before.value:.2f} to {one.after.value:.2f} ({seeds}). "
        "More time (--time) may settle it."
    )


def _suspected(remarks: tuple[Entry, ...]) -> str:
    first = next((one for one in remarks if not one.proved and one.confidence >= CLEARLY), None)
    if first is None:
        return ""
    place = "" if first.line is None else f" (line {first.line})"
    return f" What is suspected most: {first.title[0].lower()}{first.title[1:]}{place}."


def _cause_in_words(causes: tuple[Entry, ...]) -> str:
    first = causes[0]
    place = "" if first.line is None else f" (line {first.line})"
    sentence = f"The training fails: {first.title[0].lower()}{first.title[1:]}{place}."
    for code in first.together[1:]:
        title = CAUSES[code].title
        sentence += f" It takes this together with another fault: {title[0].lower()}{title[1:]}."
    if not first.proved:
        return f"{sentence} This is not proved."
    defined = [each for each in first.experiments if each.effect.is_defined]
    one = next((each for each in defined if not each.effect.low <= 0 <= each.effect.high), defined[0])
    seeds = f"({len(one.seeds)} seeds)"
    if one.measure not in SCORES:  # how far a figure of the script is off
        shown, amount = one.measure.partition(" less ")[0], one.before.value
        off = f"{abs(amount):.2f} too {'high' if amount > 0 else 'low'}"
        return f"{sentence} The {shown} is {off}; with the change it is right {seeds}."
    before, after = f"{one.before.value:.2f}", f"{one.after.value:.2f}"
    return f"{sentence} With the change {SCORES[one.measure]} goes from {before} to {after} {seeds}."


def _why_unknown(examined: Examined, count: Estimate | None) -> str:
    run = examined.runs[0]
    failure = run.failure
    if run.outcome is Outcome.import_missing and failure is not None:
        return f"the script needs {failure.missing}, which is not installed here."
    if run.outcome is Outcome.asked_for_input:
        return "the script waits for somebody to type something."
    if error_of(examined):
        by_then = (
            "" if count is None else f" By then it is no better than chance (balanced accuracy {count})."
        )
        return f"{error_of(examined)}.{by_then}"
    if run.outcome is Outcome.memory:
        return "the script needs more memory than it was given."
    if run.outcome is Outcome.no_training_seen:
        return "the script ran, but no network was trained."
    if count is None:
        return "no pictures with labels were seen by which the network could be judged."
    if examined.cut:
        by_then = f"{examined.notes[0]}. By then it is no better than chance (balanced accuracy {count}), and nothing"
        if promising(examined) is not None:  # which asks for more time itself
            return f"{by_then} that was tried clearly changes that."
        return f"{by_then} that was tried changes that. More time (--time) tells more."
    first = judge(run)
    if first is not None and count.low > 1 / first.classes:
        return f"the training learns something (balanced accuracy {count}); there was no time to prove what is wrong."
    levels = [found.balanced_accuracy for one in examined.runs if (found := judge(one)) is not None]
    if len(levels) > 1 and max(levels) - min(levels) > UNSTEADY:
        shown = ", ".join(f"{one:.2f}" for one in levels)
        return (
            f"with some starting weights the network learns and with others not (balanced accuracy {shown} with "
            f"{len(levels)} seeds), and nothing that was tried clearly changes that."
        )
    return f"too few pictures judge to tell a good network from chance (balanced accuracy {count})."


def assumptions(examined: Examined) -> Iterator[str]:
    """Yield what was taken for granted, and how the runs differ from what the user would run."""
    yield from examined.script.assumptions
    yield from examined.program.assumptions
    yield from examined.notes
    run = examined.runs[0]
    for one in run.replaced:
        yield f"{one.asked} does not exist here: {one.given} took its place"
    judged = judge(run)
    if judged is not None and not judged.unseen:
        yield "the script judges by no picture outside of its training part: the score is that of the training part"
    if error_of(examined):
        then = "what was trained by then was judged" if judged is not None else "that counts as guessing"
        yield f"{error_of(examined)}; {then}"
    yield from _cut_short(examined)
    yield from run.notes


def _cut_short(examined: Examined) -> Iterator[str]:
    """Yield of a proof that a changed program gave before it was done."""
    for one in (each for tries in examined.tried for each in tries if each.fails and each.edit is not None):
        stopped = [run.seconds for run in one.runs if run.outcome is Outcome.time_up]
        if stopped and examined.runs[0].outcome is not Outcome.time_up and one.edit is not None:
            seconds = f"{max(stopped):.0f} s, before it was done: what it had reached by then was counted"
            yield f'with the change "{one.edit.words}" the script was stopped after {seconds}'


def error_of(examined: Examined) -> str:
    """Return the error that the script itself ends with, in words, or nothing."""
    run = examined.runs[0]
    if run.outcome is not Outcome.crashed or run.failure is None:
        return ""
    failure = run.failure
    where = ""
    if failure.file:
        own = failure.file in (
            examined.program.file,
            examined.script.file.name,
        )  # pasted code has a file of ours
        line = examined.script.line_given(failure.line) if own else failure.line
        where = f" in {examined.program.file if own else failure.file}" + (
            "" if line is None else f", line {line}"
        )
    return f"the script ends with {failure.kind}{where}: {failure.message.rstrip('.')}"
