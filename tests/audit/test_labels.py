from __future__ import annotations

import numpy as np

from tellapart.audit.labels import find_in_labels, rank_labels

from .drawn import sure
from .test_classes import of


def noisy(
    count: int = 400, flips: int = 20, strength: float = 5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = np.arange(count) % 2
    logits = strength * (2 * truth - 1) + rng.normal(0, 1, count)
    probabilities = np.stack([1 / (1 + np.exp(logits)), 1 / (1 + np.exp(-logits))], axis=1)
    flipped = rng.choice(count, flips, replace=False)
    labels = truth.copy()
    labels[flipped] = 1 - labels[flipped]
    return labels, probabilities, flipped


def test_flipped_labels_come_first_with_the_right_suggestion() -> None:
    labels, probabilities, flipped = noisy()
    ranking = rank_labels(labels, probabilities)
    assert len(ranking.ranked) == 400
    first = ranking.ranked[:20]
    assert len({one.index for one in first} & set(flipped.tolist())) >= 19
    assert all(one.suggested == 1 - one.given for one in first)
    assert 15 <= ranking.suspects <= 25


def test_a_finding_says_which_and_what_instead() -> None:
    labels, probabilities, _ = noisy()
    pictures = of([200, 200])
    one = next(find_in_labels(pictures, rank_labels(labels, probabilities)))
    assert one.code == "labels.suspect"
    assert one.severity == "warn"
    assert one.files[0] == (one.evidence["ranking"][0]["path"],)
    assert one.evidence["share"].n == 400


def test_right_labels_are_not_suspect() -> None:
    labels = np.arange(100) % 2
    ranking = rank_labels(labels, sure(labels))
    assert ranking.suspects == 0
    assert list(find_in_labels(of([50, 50]), ranking)) == []


def test_a_weak_classifier_warns_of_nothing() -> None:
    """It is wrong on every fifth right label, and not sure of it."""
    labels, probabilities, _ = noisy(flips=0, strength=0.8)
    ranking = rank_labels(labels, probabilities)
    assert 0.7 < ranking.classifier.value < 0.85
    assert ranking.suspects <= 20
    assert all(one.severity == "note" for one in find_in_labels(of([200, 200]), ranking))


def test_a_classifier_at_chance_suspects_nobody() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(200) % 2
    first = rng.uniform(0, 1, 200)
    assert rank_labels(labels, np.stack([first, 1 - first], axis=1)).ranked == ()


def test_pictures_without_scores_are_left_out() -> None:
    labels, probabilities, _ = noisy()
    probabilities[:100] = np.nan
    ranked = rank_labels(labels, probabilities).ranked
    assert len(ranked) == 300
    assert min(one.index for one in ranked) >= 100


def test_classes_without_scored_pictures_do_not_shift_the_others() -> None:
    labels, two, flipped = noisy()
    three = np.stack([two[:, 0], np.zeros(400), two[:, 1]], axis=1)
    ranking = rank_labels(labels * 2, three)
    assert {one.given for one in ranking.ranked} == {0, 2}
    assert len({one.index for one in ranking.ranked[:20]} & set(flipped.tolist())) >= 19
