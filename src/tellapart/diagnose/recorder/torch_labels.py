"""Labels as a loop written by hand meets them: in a loss, or in a comparison with what was predicted."""

from __future__ import annotations

from typing import Any

import numpy as np

# What each loss function expects of the model's outputs.
LOSSES = {
    "cross_entropy": "logits",
    "binary_cross_entropy_with_logits": "logits",
    "multi_margin_loss": "logits",
    "binary_cross_entropy": "probabilities",
    "nll_loss": "log probabilities",
    "mse_loss": "",
    "l1_loss": "",
    "smooth_l1_loss": "",
    "huber_loss": "",
    "kl_div": "log probabilities",
    "hinge_embedding_loss": "",
    "soft_margin_loss": "logits",
    "multilabel_soft_margin_loss": "logits",
}


def compared_labels(outputs: np.ndarray, first: Any, second: Any) -> np.ndarray | None:
    """Return the labels (N,) if one of two tensors is what `outputs` decide and the other is not.

    Parameters
    ----------
    outputs : (N, K), or (N, 1)
    first, second
        The two sides of ``==``.
    """
    n = len(outputs)
    if getattr(second, "numel", None) is None or first.numel() != n or second.numel() != n:
        return None
    for one, other in ((first, second), (second, first)):
        values = one.detach().cpu().numpy().reshape(-1).astype(float)
        if _decided(values, outputs):
            return np.asarray(other.detach().cpu().numpy()).reshape(-1)
    return None


def _decided(values: np.ndarray, outputs: np.ndarray) -> bool:
    """Whether values are the positions of the largest outputs, or one output cut at some threshold."""
    if outputs.shape[1] > 1:
        return bool((values == outputs.argmax(axis=1)).all())
    if not any(np.isin(values, both).all() for both in ((0, 1), (-1, 1))):  # a threshold, or the sign
        return False
    above = values == 1
    if above.all() or not above.any():
        return True
    return bool(outputs[above, 0].min() > outputs[~above, 0].max())
