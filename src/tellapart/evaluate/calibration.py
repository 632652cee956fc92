"""Probabilities that mean what they say: temperature and shift of the logits, fitted out of fold.

N pictures, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tellapart.evaluate.part import Floats, Integers

# Shifts (K - 1 more parameters) are fitted only when the smallest class has 10 pictures a parameter:
# Peduzzi et al. (1996), J. Clinical Epidemiology 49.
PICTURES_PER_PARAMETER = 10
# Log of the temperature stays within a factor of 50: outside, the logits carry nothing (or are on
# a scale that no temperature repairs).
_MOST_LOG_TEMPERATURE = float(np.log(50.0))


@dataclass(frozen=True)
class Calibrator:
    """Turns logits into calibrated probabilities.

    Attributes
    ----------
    temperature
        Divides the logits; above 1 where the classifier was too sure.
    shift : K numbers that sum to 0
        Added after the division; all 0 where there were too few pictures to fit them.
    """

    temperature: float
    shift: tuple[float, ...]

    def apply(self, logits: ArrayLike) -> Floats:
        """Return (N, K) probabilities for (N, K) logits."""
        scaled = np.asarray(logits, dtype=np.float64) / self.temperature + np.asarray(self.shift)
        return np.exp(_log_softmax(scaled))

    def to_dict(self) -> dict[str, object]:
        """Return plain numbers, as written into the run folder."""
        return {"temperature": self.temperature, "shift": list(self.shift)}


def fit_calibrator(logits: ArrayLike, labels: ArrayLike) -> Calibrator:
    """Fit temperature, and shifts if there are pictures enough, by log loss.

    Parameters
    ----------
    logits : (N, K) out-of-fold logits (log probabilities do as well)
    labels : (N,) integers in 0..K-1

    Returns
    -------
    Calibrator
        The identity when fewer than two classes occur.

    Notes
    -----
    Targets are smoothed as Platt did, so that classes which part cleanly do not drive the
    temperature to 0: the true class c counts (n_c + 1) / (n_c + K), each other 1 / (n_c + K).

    References
    ----------
    Platt (1999), Advances in Large Margin Classifiers; Guo et al. (2017), ICML.
    """
    from scipy import optimize

    z = np.asarray(logits, dtype=np.float64)
    y = np.asarray(labels)
    if z.ndim != 2 or z.shape[1] < 2 or y.shape != (len(z),):
        raise ValueError(f"logits and labels: expected (N, K) and (N,), found {z.shape} and {y.shape}")
    k = z.shape[1]
    counts = np.bincount(y, minlength=k)
    if (counts > 0).sum() < 2:
        return Calibrator(1.0, (0.0,) * k)
    targets = _targets(y, counts)
    shifted = counts.min() >= PICTURES_PER_PARAMETER * k
    free = k if shifted else 1
    bounds = [(-_MOST_LOG_TEMPERATURE, _MOST_LOG_TEMPERATURE)] + [(None, None)] * (free - 1)
    fit = optimize.minimize(
        _loss_and_gradient, np.zeros(free), args=(z, targets), jac=True, method="L-BFGS-B", bounds=bounds
    )
    shift = _shift(fit.x, k)
    return Calibrator(float(np.exp(-fit.x[0])), tuple(float(b) for b in shift))


def _log_softmax(logits: Floats) -> Floats:
    # own three lines, not SciPy's: prediction applies a calibrator with NumPy alone
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _targets(labels: Integers, counts: Integers) -> Floats:
    k = len(counts)
    own = counts[labels]
    targets = np.repeat((1 / (own + k))[:, None], k, axis=1)
    targets[np.arange(len(labels)), labels] = (own + 1) / (own + k)
    return targets


def _shift(parameters: Floats, k: int) -> Floats:
    """(K,) shifts that sum to 0 from the K - 1 free ones, or zeros where none are fitted."""
    if len(parameters) == 1:
        return np.zeros(k)
    return np.append(parameters[1:], -parameters[1:].sum())


def _loss_and_gradient(parameters: Floats, logits: Floats, targets: Floats) -> tuple[float, Floats]:
    """Mean cross-entropy and its gradient; the first parameter is minus the log of the temperature."""
    k = logits.shape[1]
    scaled = np.exp(parameters[0]) * logits
    log_p = _log_softmax(scaled + _shift(parameters, k))
    residual = (np.exp(log_p) - targets) / len(logits)
    gradient = [float((residual * scaled).sum())]
    if len(parameters) > 1:
        by_class = residual.sum(axis=0)
        gradient.extend(by_class[:-1] - by_class[-1])
    return -float((targets * log_p).sum()) / len(logits), np.array(gradient)
