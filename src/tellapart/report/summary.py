"""The summary of a run: everything the report and the model card say, and nothing they do not.

::

    Summary
    ├── Measures               of the sealed part, out of fold, and with copies
    │   └── ClassMeasures      of one class
    ├── Threshold, TradeOff    with two classes
    ├── NotSure, PerThousand
    ├── Reliability            bins of probability
    ├── Audit
    │   └── Finding            with its Pairs of pictures
    ├── Member                 what was trained; LearningCurve of each
    ├── Plan, Stage            decisions with reasons; seconds
    └── Picture                worst mistakes

Texts are already `tellapart.report.text.visible`; escaping is the renderer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tellapart.report.numbers import Figure


@dataclass(frozen=True)
class ClassMeasures:
    """Precision, recall and F1 of one class; ``n`` pictures of it are in the part."""

    name: str
    n: int
    precision: Figure
    recall: Figure
    f1: Figure


@dataclass(frozen=True)
class Measures:
    """Every figure of one part.

    Attributes
    ----------
    n
        Pictures in the part.
    figures
        By their name in metrics.json, in the order shown; only those that were measured.
    confusion
        Rows are the true classes, columns the predicted ones; empty where not given.
    chance, majority
        ``accuracy``, ``balanced_accuracy``, ``p_value`` of guessing and of always naming the most
        frequent class; fixed levels, no estimates.
    """

    n: int
    figures: Mapping[str, Figure]
    per_class: tuple[ClassMeasures, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    chance: Mapping[str, float | None] = field(default_factory=dict)
    majority: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class FitForUse:
    """The classifier against the aim that was named; ``met`` is None where nobody can say."""

    aim: str
    met: bool | None
    words: str


@dataclass(frozen=True)
class Threshold:
    """Where the positive class begins: chosen out of fold, so it is an estimate itself."""

    figure: Figure
    chosen_for: str
    not_sure_below: float | None


@dataclass(frozen=True)
class OperatingPoint:
    """What one threshold (the middle of a gap between scores) gives on the pictures of the trade-off."""

    threshold: float
    found: Figure
    false_alarms: Figure
    is_chosen: bool


@dataclass(frozen=True)
class TradeOff:
    """What every threshold would give.

    Attributes
    ----------
    part
        On which pictures: "out of fold" or "test".
    recall, precision
        Of every threshold, the strictest first; those without a precision are left out.
    everything
        Precision where everything is called positive.
    prevalence
        Share of the positive class that the precisions are for, where it is not that of the pictures.
    chosen
        Recall and precision at the threshold that was chosen, on the same pictures.
    test_recall, test_precision
        What the chosen threshold gives on the test part, the precision for the same share of positives.
    points
        A few thresholds worth comparing.
    """

    part: str
    recall: tuple[float, ...]
    precision: tuple[float, ...]
    everything: float
    prevalence: float | None
    chosen: tuple[float, float] | None
    test_recall: Figure
    test_precision: Figure
    points: tuple[OperatingPoint, ...]


@dataclass(frozen=True)
class NotSure:
    """What saying "not sure" does on the test part."""

    below: float
    sure: Figure
    right_when_sure: Figure
    right_when_not_sure: Figure


@dataclass(frozen=True)
class PerThousand:
    """Of 1,000 parts where the classifier will be used."""

    words: str
    positives: float
    missed: Figure
    false_alarms: Figure


@dataclass(frozen=True)
class Bin:
    """Pictures with about the same stated probability, and how often it came true."""

    stated: float
    came_true: Figure


@dataclass(frozen=True)
class Reliability:
    """Do probabilities mean what they say? ``of`` is what the probability is of."""

    of: str
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Fold:
    """One fold of a learning curve; None where a step was not measured."""

    steps: tuple[float, ...]
    training_loss: tuple[float | None, ...]
    held_out_log_loss: tuple[float | None, ...]
    held_out_balanced_accuracy: tuple[float | None, ...]


@dataclass(frozen=True)
class LearningCurve:
    """How one stage of one member learned."""

    member: str
    stage: str
    folds: tuple[Fold, ...]


@dataclass(frozen=True)
class Member:
    """What was trained, and what it scored out of fold."""

    name: str
    chosen: bool | None
    weight: float | None
    seconds: float | None
    words: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Pair:
    """Pictures side by side that prove a finding; a thumbnail is base64 of a JPEG, or None."""

    code: str
    paths: tuple[str, ...]
    labels: tuple[str, ...]
    words: str
    jpegs: tuple[str | None, ...]


@dataclass(frozen=True)
class Finding:
    """One finding of the audit. ``evidence`` holds names and words; ``files`` groups of paths."""

    code: str
    severity: str
    title: str
    advice: str
    evidence: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, ...], ...]
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class Audit:
    """What was found in the pictures before training; the gravest finding first.

    `unchecked` names what was not looked for, so that silence about it is not taken for an answer.
    """

    pictures: int | None
    classes: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A picture of the gallery; ``probability`` is what the classifier gave its label."""

    path: str
    label: str
    predicted: str
    probability: float | None
    sure: bool | None
    jpeg: str | None


@dataclass(frozen=True)
class Explained:
    """A picture with its map over it; ``marked`` and ``random`` as in `Explanations`, of this picture alone."""

    path: str
    label: str
    predicted: str
    probability: float | None
    marked: float | None
    random: float | None
    jpeg: str | None


@dataclass(frozen=True)
class Explanations:
    """Whether the heatmaps mark what decides.

    Attributes
    ----------
    words
        The answer.
    marks_what_decides
        None: too few pictures to say.
    covered
        Share of a picture that was covered.
    marked, random, difference
        How far the probability of the predicted class falls with the marked places covered, with as much covered at
        random, and by how much more with the marked ones.
    left_out
        Pictures of the sample that the time did not allow.
    """

    words: str
    marks_what_decides: bool | None
    method: str
    covered: float | None
    marked: Figure
    random: Figure
    difference: Figure
    left_out: int
    pictures: tuple[Explained, ...]


@dataclass(frozen=True)
class Setting:
    """A decision of the plan and its reason."""

    name: str
    value: str
    reason: str


@dataclass(frozen=True)
class Stage:
    """Seconds that a stage took, against those quoted before."""

    name: str
    seconds: float | None
    quoted: float | None


@dataclass(frozen=True)
class Plan:
    """What was known about the pictures, and what was decided from it."""

    fingerprint: tuple[tuple[str, str], ...] = ()
    settings: tuple[Setting, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Weights:
    """Pretrained weights a member started from."""

    name: str
    source: str
    licence: str


@dataclass(frozen=True)
class Summary:
    """Everything that is said about a run.

    Attributes
    ----------
    sentence, reasons
        The answer in one sentence, and what was checked.
    decision
        Whether the figure may be believed, in the words of metrics.json.
    parts
        Pictures of each part: (part, count); empty without split.csv.
    labels_corrected, test_labels_corrected
        Labels that a corrections file replaced; those of test pictures among them.
    left_out_files
        Pictures that could not be used: (path, why).
    command
        What would make this run again; None where it was not noted.
    """

    name: str
    sentence: str
    reasons: tuple[str, ...]
    decision: str
    fit_for_use: FitForUse
    classes: tuple[str, ...]
    positive: str | None
    positive_chosen_by: str | None
    test_part: str
    test: Measures
    test_with_copies: Measures | None
    out_of_fold: Measures | None
    threshold: Threshold | None
    trade_off: TradeOff | None
    not_sure: NotSure | None
    per_thousand: PerThousand | None
    reliability: Reliability | None
    audit: Audit | None
    members: tuple[Member, ...]
    curves: tuple[LearningCurve, ...]
    gallery: tuple[Picture, ...]
    explanations: Explanations | None
    plan: Plan
    stages: tuple[Stage, ...]
    parts: tuple[tuple[str, int], ...]
    pictures_used: int | None
    pictures_left_out: int | None
    labels_corrected: int
    test_labels_corrected: int
    left_out_files: tuple[tuple[str, str], ...]
    weights: tuple[Weights, ...]
    versions: tuple[tuple[str, str], ...]
    command: str | None
