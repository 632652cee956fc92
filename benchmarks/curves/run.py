"""How often `diagnose history.csv` calls noise a trend, and finds one that is there: `python -m benchmarks.curves.run`.

Writes results.md beside this file. Curves are drawn: white noise, noise that carries over to the next epoch, and
exponential falls with noise.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.rows import machine, today
from tellapart.diagnose.history.trend import trend
from tellapart.evaluate.intervals import proportion

CURVES = 2000
EPOCHS = (8, 12, 30)
CARRIED = 0.5
NOISE_SHARE = 0.03  # of the height of a fall
DECAYS = (0.15, 0.5)  # of the epochs: how soon a fall is down to 1/e
Draw = Callable[[int, np.random.Generator], np.ndarray]


def white(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n epochs of independent noise."""
    return rng.normal(size=n)


def lingering(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n epochs of noise, half of which is that of the epoch before."""
    found = rng.normal(size=n)
    for at in range(1, n):
        found[at] = CARRIED * found[at - 1] + np.sqrt(1 - CARRIED**2) * found[at]
    return found


def fall(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return an exponential fall of height 1 over n epochs."""
    return np.exp(-np.arange(n) / (n * rng.uniform(*DECAYS))) + rng.normal(scale=NOISE_SHARE, size=n)


def clear(draw: Draw, n: int, rng: np.random.Generator) -> str:
    """Return the share of curves that are called a trend, with its interval."""
    found = sum(trend(draw(n, rng)).is_clear for _ in range(CURVES))
    share = proportion(found, CURVES)
    return f"{100 * share.value:.1f} ({100 * share.low:.1f} to {100 * share.high:.1f})"


def main() -> None:
    """Draw, ask, write the table."""
    rng = np.random.default_rng(0)
    kinds: dict[str, Draw] = {
        "white noise": white,
        "noise that carries over by half": lingering,
        f"exponential fall, noise {NOISE_SHARE:.0%} of its height": fall,
    }
    rows = [f"| {name} | {' | '.join(clear(draw, n, rng) for n in EPOCHS)} |" for name, draw in kinds.items()]
    lines = [
        "# Trends in learning curves",
        "",
        f"`python -m benchmarks.curves.run`, {today()}, {machine()}. Per cent of {CURVES:,} curves that are called a",
        "clear trend, with the 95 % interval. The level asked of the rank test is 1 %.",
        "",
        f"| curves | {' | '.join(f'{n} epochs' for n in EPOCHS)} |",
        "|---" * (1 + len(EPOCHS)) + "|",
        *rows,
        "",
    ]
    Path(__file__).with_name("results.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
