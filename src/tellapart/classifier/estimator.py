"""`ImageClassifier`: `tellapart train` and `tellapart predict` as a scikit-learn estimator."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from tellapart.classifier.gather import gather
from tellapart.classifier.images import Whiteness
from tellapart.classifier.inputs import Files, Loose, open_input
from tellapart.classifier.labels import check_labels, class_name
from tellapart.classifier.trained import TemporaryRun, Trained, read_run, write_labels
from tellapart.deploy.predictor import Answer
from tellapart.errors import OptionError, PicturesError
from tellapart.evaluate.aim import Aim
from tellapart.options import TrainOptions, parse_duration, parse_members
from tellapart.progress import Quiet

PYTHON_NAMES = {"seed": "random_state"}
"""Options of the command line that have another name here, besides - and _."""


class ImageClassifier(ClassifierMixin, BaseEstimator):
    """A classifier of pictures that says how far it can be trusted.

    Parameters
    ----------
    time
        A ceiling for `fit`: seconds, or ``90s``, ``10m``, ``1h``.
    random_state
        The same number gives the same results on the same machine.
    positive
        The class that is looked for, of two; None: the rarer one.
    min_precision, min_recall, cost
        The aim, at most one: of what is called positive at least this share is; at least this share of the positives is
        found; what each mistake costs, ``FALSE_ALARM:MISS``. None of them: balanced accuracy.
    prevalence
        Share of positives where it will be used.
    members
        What may be tried, in this order: ``probe``, ``detail``, ``finetune``.
    backbone
        The pretrained network behind `probe`.
    run
        Where to keep the run folder; None: a temporary folder that goes with the object.

    Attributes
    ----------
    classes_
        (K,) the labels, sorted, of the type they were given in.
    report_
        How good it is: prints the answer and the figures, is the report in a notebook; ``to_dict()`` is metrics.json.

    Examples
    --------
    >>> from tellapart import ImageClassifier
    >>> classifier = ImageClassifier(time="5m").fit("pictures")  # doctest: +SKIP
    >>> classifier.report_  # doctest: +SKIP
    """

    # `groups` say which pictures show one thing. Without them copies of one thing stand on both sides of the folds, so
    # with metadata routing they are asked for by default.
    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        time: str | float = "10m",
        random_state: int | np.random.RandomState | None = 0,
        positive: Any = None,
        min_precision: float | None = None,
        min_recall: float | None = None,
        cost: str | None = None,
        prevalence: float | None = None,
        members: str = "probe,detail",
        backbone: str = "efficientnet-lite0",
        run: str | os.PathLike[str] | None = None,
    ) -> None:
        self.time = time
        self.random_state = random_state
        self.positive = positive
        self.min_precision = min_precision
        self.min_recall = min_recall
        self.cost = cost
        self.prevalence = prevalence
        self.members = members
        self.backbone = backbone
        self.run = run

    def fit(self, X: Any, y: Any = None, groups: Any = None) -> ImageClassifier:
        """Train, choose, and open the sealed test once; `report_` says what came out.

        Parameters
        ----------
        X
            A folder or table (path); a DataFrame with columns path, label and optionally split and group; paths; an
            array (N, H, W) or (N, H, W, 1, 3 or 4), uint8 or float in 0..1 or 0..255; arrays or Pillow pictures of any
            sizes; a torch dataset of (picture, label); a Hugging Face dataset with columns image and label.
        y
            (N,) labels: text, whole numbers or booleans. None: those of X. Given, it goes before those of X.
        groups
            (N,) names: pictures of one group (object, patient, panel) never stand on two sides of a split. For a folder
            or table the path of a ``groups.csv``.

        Raises
        ------
        TellapartError
            Something cannot be used: what, where, and what to do. A wrong value is also a ValueError, a wrong kind
            also a TypeError.
        """
        from tellapart.pipeline import train

        with in_python_words():
            options, whiteness = self._options(), Whiteness()
            with tempfile.TemporaryDirectory(prefix="tellapart-") as scratch:
                gathered = gather(X, y, groups, whiteness, Path(scratch))
                options = replace(options, groups_file=gathered.groups_file)
                temporary = TemporaryRun() if self.run is None else None
                run = Path(str(self.run)) if temporary is None else temporary.path
                train(gathered.source, run, options, Quiet())
        if gathered.labels is not None:
            write_labels(run, gathered.labels)
        self._keep(read_run(run, gathered.labels, temporary), whiteness.white)
        return self

    @classmethod
    def load(cls, run: str | os.PathLike[str]) -> ImageClassifier:
        """Open a finished run folder, of `fit` or of ``tellapart train``, for prediction.

        Its parameters are those of a new classifier, but for `run`: the run's own stand in its run.json.

        Raises
        ------
        RunFolderError
            It is no finished run.
        """
        trained = read_run(Path(run), None)
        classifier = cls(run=os.fspath(run))
        classifier._keep(trained, None)
        _ = trained.predictor  # a damaged model is said now
        return classifier

    def predict(self, X: Any) -> np.ndarray:
        """Return (N,) labels of pictures: X as for `fit`, or a folder of pictures (sorted by path).

        With two classes the positive one is predicted from the chosen threshold on, which need not be one half.

        Raises
        ------
        PicturesError, WrongKindError
            A picture is broken, or X is none.
        """
        answers = self._answers(X)
        return self.classes_[self._predicted(answers)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return (N, K) calibrated probabilities, in the order of `classes_`; X as for `predict`."""
        answers = self._answers(X)
        return np.stack([answer.probabilities for answer in answers])[:, self._trained.columns]

    def sure(self, X: Any) -> np.ndarray:
        """Return (N,) bool: where the model is as sure as out of fold it had to be to be relied on."""
        return np.array([answer.sure for answer in self._answers(X)])

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the accuracy on labelled pictures.

        Parameters
        ----------
        X
            As for `fit`.
        y
            (N,) labels; None: those of X.
        sample_weight
            (N,) weights; None: each picture counts once.
        """
        check_is_fitted(self)
        whiteness = Whiteness(self._white)
        handed = open_input(X, whiteness, with_labels=y is None)
        answers = self._stream(handed, whiteness)
        own = handed.labels if y is None else y
        if own is None or any(label is None for label in own):
            raise PicturesError("Every picture needs a label.", found="no y", where="X", advice="score(X, y)")
        truth = self._trained.labels.numbers(check_labels(own, len(answers)).tolist())
        return float(np.average(truth == self._predicted(answers), weights=sample_weight))

    def export(self, to: str | os.PathLike[str], X: Any = None) -> dict[str, Any]:
        """Write one ONNX file from decoded pictures of any size to probabilities, once it agrees with this classifier.

        Parameters
        ----------
        to
            The file to write, ``.onnx``; beside it goes the certificate, ``.onnx.certificate.json``.
        X
            Pictures on which the two are compared, as for `predict`; None: those of the run, where they are files.

        Returns
        -------
        dict
            The certificate: how many pictures, the largest difference, the share of equal labels.

        Raises
        ------
        TellapartError
            There are no pictures, the file cannot be written, or the two disagree. Nothing is written then.
        """
        from tellapart.deploy.export.certificate import Pair
        from tellapart.deploy.export.exporting import check_target, write_export
        from tellapart.deploy.export.pictures import drawn_files, read_pairs

        check_is_fitted(self)
        trained = self._trained
        with in_python_words():
            target = check_target(to, trained.run)
        pairs: Iterable[Pair]
        if X is None:
            if trained.run is None:
                raise PicturesError(
                    "Pictures are needed, to see that the exported model answers as this classifier does.",
                    found="none: this is a copy, whose run folder is gone",
                    where="X",
                    advice="export(to, X)",
                )
            pairs = read_pairs(drawn_files(trained.run))
        else:
            whiteness = Whiteness(self._white)
            handed = open_input(X, whiteness)
            pairs = (Pair(image, image) for image, _ in handed.decoded(whiteness))
            if isinstance(handed, Files):
                pairs = read_pairs(handed.paths)
        return write_export(trained.model, trained.predictor, pairs, target)

    @property
    def run_(self) -> Path | None:
        """The run folder; None in a copy of a classifier whose run folder is temporary."""
        check_is_fitted(self)
        return self._trained.run

    def _keep(self, trained: Trained, white: float | None) -> None:
        self._trained, self._white = trained, white
        self.classes_, self.report_ = trained.labels.classes, trained.report

    def _answers(self, X: Any) -> list[Answer]:
        check_is_fitted(self)
        whiteness = Whiteness(self._white)
        return self._stream(open_input(X, whiteness), whiteness)

    def _stream(self, handed: Files | Loose, whiteness: Whiteness) -> list[Answer]:
        return list(self._trained.predictor.stream(image for image, _ in handed.decoded(whiteness)))

    def _predicted(self, answers: list[Answer]) -> np.ndarray:
        """Return (N,) indices into `classes_`."""
        return np.array([self._trained.labels.names.index(answer.label) for answer in answers])

    def _options(self) -> TrainOptions:
        return TrainOptions(
            time_seconds=parse_duration(str(self.time)),
            seed=_seed(self.random_state),
            positive=None if self.positive is None else class_name(self.positive),
            aim=Aim.parse(
                min_precision=self.min_precision,
                min_recall=self.min_recall,
                cost=self.cost,
                prevalence=self.prevalence,
            ),
            backbone=self.backbone,
            members=parse_members(str(self.members)),
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        tags.target_tags.required = False  # a folder, a table or a dataset brings its labels
        return tags


def _seed(random_state: Any) -> int:
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        return int(random_state)
    try:
        return int(check_random_state(random_state).randint(2**31 - 1))
    except ValueError as error:
        raise OptionError("--seed is a whole number from 0 on.", found=repr(random_state)) from error


@contextlib.contextmanager
def in_python_words() -> Iterator[None]:
    """Let messages about options speak of the parameters they come from."""
    try:
        yield
    except OptionError as error:
        texts = (error.expected, error.found, error.where, error.advice)
        expected, found, where, advice = (
            re.sub(r"--([a-z]+(?:-[a-z]+)*)", _parameter, text) for text in texts
        )
        raise OptionError(expected, found=found, where=where, advice=advice) from error


def _parameter(option: re.Match[str]) -> str:
    return PYTHON_NAMES.get(option[1], option[1].replace("-", "_"))
