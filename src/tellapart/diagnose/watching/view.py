"""One training of a recording as the rules look at it: what belongs together, under one name.

Legend: a *part* as in `tellapart.diagnose.recording`; the *judged* part is the one that tells how good the network is
on pictures it has not been trained on; *measures* are those of `tellapart.evaluate.measures`, as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tellapart.diagnose.observed import Epoch, Layer, LossUse, Part, Step
from tellapart.diagnose.reading.data_facts import DataPart
from tellapart.diagnose.reading.fact import Fact
from tellapart.diagnose.reading.facts import Program
from tellapart.diagnose.reading.facts import Training as Told
from tellapart.diagnose.recording import NearCopies, Recording, Scores, Training
from tellapart.diagnose.scoring import kept_scores, score_again

from .comparing import Discrepancy, compare_training

GOOD_SHARE = 0.6
"""A training works where its balanced accuracy has gone this share of the way from chance to perfect on pictures that
it was not trained on: .8 with two classes, what `tellapart.evaluate.chance` calls worthwhile."""
CHANCE_P = 0.005
"""Level of "better than chance", as in `tellapart.evaluate.chance`."""

WEIGHTED = ("Dense", "Linear", "Conv2D", "Conv2d", "SeparableConv2D", "Conv1D", "Conv1d", "Conv3D", "Conv3d")
NORMALISING = ("BatchNormalization", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d")
DROPPING = ("Dropout", "SpatialDropout2D", "Dropout2d", "AlphaDropout", "GaussianDropout", "GaussianNoise")


@dataclass(frozen=True)
class View:
    """What the rules look at."""

    recording: Recording
    training: Training
    number: int = 0
    program: Program | None = None

    @cached_property
    def told(self) -> Told | None:
        """The training in the text; None where it cannot be told which."""
        found = () if self.program is None else self.program.trainings
        trained = [one for one in self.recording.trainings if one.n_steps]
        if len(found) == len(trained) and self.training in trained:
            return found[next(at for at, one in enumerate(trained) if one is self.training)]
        return found[0] if len(found) == 1 else None

    def place(self, name: str) -> Fact | None:
        """Return where the text has the ``optimizer``, ``loss``, ``model``, ``output`` or ``loop``, if it does."""
        return None if self.told is None else getattr(self.told, name)

    def place_of_layer(self, kind: str) -> Fact | None:
        """Return where the text has the first layer of a kind, else the network."""
        model = None if self.told is None else self.told.model
        layers = () if model is None else model.layers
        return next((one for one in layers if one.kind == kind), model)

    def place_of(self, part: str) -> Fact | None:
        """Return where the text has a part of the recording, if it does."""
        role = part.partition(" ")[0]
        if self.told is not None and (found := self.told.part(role)) is not None:
            return found
        parts: tuple[DataPart, ...] = () if self.program is None else self.program.parts
        return next((one for one in parts if one.role == role), None)

    @property
    def train(self) -> Part | None:
        """The training part."""
        return self.training.parts.get("train")

    @cached_property
    def judging(self) -> tuple[Part, ...]:
        """All parts that judge the network: validation and test, not those shown again."""
        return tuple(
            part
            for name, part in self.training.parts.items()
            if name.startswith(("validation", "test")) and "again" not in name and not _builds_layers(part)
        )

    @cached_property
    def judged(self) -> Part | None:
        """The part that judges the network, validation before test."""
        return min(self.judging, key=lambda one: one.name.startswith("test"), default=None)

    def measures(self, part: str, *, mode: str = "eval") -> Mapping[str, Any] | None:
        """Return a part's true measures at the end, from what was kept, or else after the last epoch."""
        return self._measures.get((part, mode))

    @cached_property
    def _measures(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for name in self.training.parts:
            last = next((one.true[name] for one in reversed(self.epochs) if name in one.true), None)
            for mode, otherwise in (("eval", last), ("train", None)):
                measures = score_again(self.training, name, mode=mode) or otherwise
                if measures is not None:
                    found[name, mode] = measures
        return found

    @property
    def of_train(self) -> Mapping[str, Any] | None:
        """True measures of the training part."""
        return self.measures("train")

    @property
    def of_judged(self) -> Mapping[str, Any] | None:
        """True measures of the judged part."""
        return None if self.judged is None else self.measures(self.judged.name)

    @cached_property
    def unseen(self) -> Mapping[str, Any] | None:
        """True measures of the judged part without what is in the training part too."""
        kept = None if self.judged is None else kept_scores(self.training, self.judged.name)
        known = kept_scores(self.training, "train")
        if self.judged is None or kept is None or known is None or not self.judged.shared.get("train"):
            return self.of_judged
        return score_again(self.training, self.judged.name, without=known.looks.tolist())

    @cached_property
    def works(self) -> bool:
        """Whether the network has learnt what it should: good, and beyond chance, on pictures it was not shown."""
        return self.unseen is not None and is_good(self.unseen)

    @property
    def works_words(self) -> str:
        """Say so."""
        value = number_of(self.unseen, "balanced_accuracy")
        return f"the training works: its true balanced accuracy on unseen pictures is {value:.2f}"

    @property
    def at_chance(self) -> bool:
        """Whether the judged part's predictions are no better than chance."""
        return self.of_judged is not None and p_of_chance(self.of_judged) > CHANCE_P

    @cached_property
    def fits_training(self) -> bool:
        """Whether the training part is told apart, in evaluation mode."""
        return self.of_train is not None and is_good(self.of_train)

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """The epochs."""
        return self.training.epochs

    @cached_property
    def losses(self) -> np.ndarray:
        """The losses of the steps, (S,), those not seen left out."""
        return np.array([one.loss for one in self.training.steps if one.loss is not None], dtype=np.float64)

    @cached_property
    def close(self) -> tuple[Step, ...]:
        """The steps that were looked at closely."""
        return tuple(one for one in self.training.steps if one.gradient_norms or one.update_ratios)

    @cached_property
    def loss(self) -> LossUse | None:
        """The loss: of Keras what it was compiled with, else the first whose kind is known."""
        told = [one for one in self.training.losses if one.expects]
        return next(iter((*told, *self.training.losses)), None)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, on the initial weights."""
        return self.training.model.layers

    @cached_property
    def width(self) -> int | None:
        """How many outputs a picture has."""
        seen = next((one.outputs for one in self.training.parts.values() if one.outputs is not None), None)
        return None if seen is None else int(np.prod(seen.shape, dtype=int))

    @cached_property
    def label_values(self) -> tuple[float, ...]:
        """The labels that occur in any part."""
        return tuple(
            sorted({float(one) for part in self.training.parts.values() for one in part.labels_kept})
        )

    def kept(self, part: str, *, mode: str = "eval", preparation: str = "") -> Scores | None:
        """Return the outputs that were kept."""
        return kept_scores(self.training, part, mode=mode, preparation=preparation)

    def near(self, part: str) -> NearCopies | None:
        """Return a part's near copies of training pictures, as far as was kept."""
        return next((one for one in self.training.near if one.part == part), None)

    @property
    def metric_place(self) -> Fact | None:
        """Where the text has a metric."""
        metrics = () if self.told is None else self.told.metrics
        return metrics[0] if metrics else None

    def holds(self, kinds: tuple[str, ...], *operations: str) -> bool:
        """Whether the network has a layer of one of these kinds, or applies one of these operations."""
        return any(one.kind in kinds for one in self.layers) or any(
            one in self.training.model.operations for one in operations
        )

    @cached_property
    def discrepancies(self) -> tuple[Discrepancy, ...]:
        """Reported figures beside the true ones."""
        return compare_training(self.training, self.number)


def _builds_layers(part: Part) -> bool:
    """Whether a part is one blank picture, passed through for the shapes of the layers alone."""
    return part.pictures == 1 and part.share_constant == 1.0 and part.labels is None


def good_from(chance: float) -> float:
    """Return the balanced accuracy from which on a training works, chance being given; see `GOOD_SHARE`."""
    return chance + GOOD_SHARE * (1 - chance)


def is_good(measures: Mapping[str, Any]) -> bool:
    """Whether measures are good enough to say that the training works; see `GOOD_SHARE`."""
    value, chance = number_of(measures, "balanced_accuracy"), measures["chance"]["balanced_accuracy"]
    if not math.isfinite(value) or chance is None:
        return False
    return value >= good_from(chance) and p_of_chance(measures) < CHANCE_P


def p_of_chance(measures: Mapping[str, Any]) -> float:
    """Return how probable predictions as good would be by chance."""
    found = measures["chance"].get("p_value")
    return 1.0 if found is None else float(found)


def number_of(measures: Mapping[str, Any] | None, name: str, end: str = "value") -> float:
    """Return a measure's value, or an end of its interval; nan where it is not defined."""
    found = None if measures is None else measures[name][end]
    return float("nan") if found is None else float(found)
