"""Training A's 2 x 2 design: the two suspects alone and together, and what its rows show."""

from __future__ import annotations

from benchmarks.questions.judging import Bank, Difference, Trained, compare
from benchmarks.questions.rows import DESIGN, FLIPPED

FRESH, LOSS, VALIDATION = "true_fresh_accuracy", "true_validation_log_loss", "true_validation_accuracy"
POOLING, NO_DROPOUT, BOTH = "global max pooling", "no convolution dropouts", "both"
SMALL_PX, DESCRIBED_PX = 128, 256


def design(bank: Bank, size: int) -> dict[str, Trained]:
    """Return the four variants, trained on pictures that are mirrored alone, all of them in each epoch."""
    return {variant: bank.a(FLIPPED.format(variant), size, whole=True) for variant in DESIGN}


def design_size(bank: Bank) -> int:
    """Return the described size where its 2 x 2 design is there with two seeds or more, else the small one."""
    complete = all(len(trained) > 1 for trained in design(bank, DESCRIBED_PX).values())
    return DESCRIBED_PX if complete else SMALL_PX


def against_described(bank: Bank, size: int, variant: str) -> tuple[Difference, int]:
    """Pair a variant of the design with its first one on fresh pictures; returns the epoch too."""
    ways = design(bank, size)
    return compare(ways["as described"], ways[variant], FRESH)


def cured(bank: Bank, size: int) -> tuple[bool, list[str]]:
    """Say whether both changes together helped, and which of them helped alone."""
    judged = {name: against_described(bank, size, name)[0].judged() for name in (POOLING, NO_DROPOUT, BOTH)}
    return judged[BOTH] == "helped", [name for name in (POOLING, NO_DROPOUT) if judged[name] == "helped"]


def flatten_weights(size: int) -> int:
    """Weights between Flatten and the dense layer: two poolings, 64 maps, 128 units."""
    return (size // 4) ** 2 * 64 * 128


def capital(words: str) -> str:
    """Begin a sentence."""
    return words[0].upper() + words[1:]
