"""What one run's final weights are worth: each judged picture right or wrong, as we count it.

Legend: N pictures, K classes; a *look* is as in `tellapart.diagnose.recording`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import rankdata

from tellapart.diagnose.gathered.labelling import expected, to_probabilities
from tellapart.diagnose.recording import Recording, Scores, Training
from tellapart.diagnose.scoring import kept_scores
from tellapart.diagnose.watching.view import good_from

FEWEST = 8
"""Fewer pictures that the training has not seen are no judgement: even all of them right comes about by chance."""


@dataclass(frozen=True, eq=False)
class Judged:
    """The pictures of one part, judged by one run.

    Attributes
    ----------
    part
        Name of the part.
    unseen
        Whether these pictures are outside of the training part.
    classes
        K.
    looks, labels : (N,) int64
    right : (N,) float64, 1 where the class is right
    second : (N,) float64
        Probability of the second of two classes; None with more classes, or where the outputs fit none.
    """

    part: str
    unseen: bool
    classes: int
    looks: np.ndarray
    labels: np.ndarray
    right: np.ndarray
    second: np.ndarray | None = None

    @property
    def ordered(self) -> Judged | None:
        """The same with each picture's part in the area under the ROC curve in place of right or wrong.

        The mean over the classes is the area, and the variance over pictures is that of DeLong et al. (1988),
        Biometrics 44: parts are twice the share of the other class that a picture stands on the right side of, less
        the area. None where there are not two classes, or one of them is missing.
        """
        if self.second is None or len(np.unique(self.labels)) != 2:
            return None
        upper = self.labels == 1
        ranks, shares = rankdata(self.second), np.empty(len(self.labels))
        for own in (upper, ~upper):
            shares[own] = (ranks[own] - rankdata(self.second[own])) / (~own).sum()
        shares[~upper] = 1 - shares[~upper]
        return replace(self, right=2 * shares - shares[upper].mean())

    @property
    def guessed(self) -> Judged:
        """The same pictures as somebody has them who knows nothing: each right by chance, all alike."""
        even = None if self.second is None else np.full(len(self.labels), 0.5)
        return replace(self, right=np.full(len(self.labels), 1 / self.classes), second=even)

    @property
    def balanced_accuracy(self) -> float:
        """Mean over the classes that occur of the share that is right."""
        return float(np.mean([self.right[self.labels == c].mean() for c in np.unique(self.labels)]))

    @property
    def works(self) -> bool:
        """Whether the network is good, on pictures that it has not seen."""
        return self.unseen and self.balanced_accuracy >= good_from(1 / self.classes)


def main_training(recording: Recording) -> Training | None:
    """Return the training with most steps; None where no model was trained."""
    found = [one for one in recording.trainings if one.n_steps or "train" in one.parts]
    return max(found, key=lambda one: one.n_steps, default=None)


def judged_part(training: Training) -> str | None:
    """Return the part that says how good the training is: what judged it while it went on, else afterwards."""
    for role in ("validation", "test", "validation again", "predict"):
        for name in training.parts:
            if (name == role or name.startswith(f"{role} ")) and kept_scores(training, name) is not None:
                return name
    return None


def judge(
    recording: Recording, *, part: str | None = None, mode: str = "eval", preparation: str = ""
) -> Judged | None:
    """Judge a run by its final weights.

    Parameters
    ----------
    part
        Name of a part; None: the one that judges, without what is in the training part too. Where nothing else is
        left, the training part itself is taken, and the result says so.
    mode, preparation
        As `tellapart.diagnose.scoring.kept_scores`.

    Returns
    -------
    Judged
        None where no outputs with labels were kept.
    """
    training = main_training(recording)
    if training is None:
        return None
    name = part or judged_part(training)
    trained = kept_scores(training, "train")
    known = np.zeros(0, np.int64) if trained is None else trained.looks
    if name is not None:
        kept = kept_scores(training, name, mode=mode, preparation=preparation)
        found = None if kept is None else _judged(training, kept, ~np.isin(kept.looks, known), unseen=True)
        if found is not None or part is not None:
            return found
    return None if trained is None else _judged(training, trained, np.ones(len(known), bool), unseen=False)


def with_seen(recording: Recording) -> Judged | None:
    """Judge a run as the script does: by all pictures of the part that judges, trained on or not."""
    training = main_training(recording)
    name = None if training is None else judged_part(training)
    if training is None or name is None:
        return None
    kept = kept_scores(training, name)
    return None if kept is None else _judged(training, kept, np.ones(len(kept.looks), bool), unseen=False)


def _judged(training: Training, kept: Scores, chosen: np.ndarray, *, unseen: bool) -> Judged | None:
    chosen = chosen & (kept.labels >= 0)
    # A picture shown twice counts once.
    _, first = np.unique(kept.looks, return_index=True)
    chosen &= np.isin(np.arange(len(chosen)), first)
    if chosen.sum() < FEWEST:
        return None
    expects = expected(training.losses)
    labels, k = kept.labels[chosen], max(len(training.classes), 2)
    probabilities = to_probabilities(kept.outputs[chosen], k, expects)
    right, second = (
        np.zeros(len(labels)),
        None,
    )  # outputs that fit no classes (nan, a wrong width) decide nothing
    if probabilities is not None:
        right = (probabilities.argmax(axis=1) == labels).astype(float)
        second = probabilities[:, 1] if k == 2 else None
    return Judged(kept.part, unseen, k, kept.looks[chosen], labels, right, second)
