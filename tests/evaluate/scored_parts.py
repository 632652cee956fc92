"""Strategies and drawn parts shared by the tests of this folder."""

import numpy as np
from hypothesis import strategies as st

CLASSES, PICTURES = st.integers(2, 5), st.integers(2, 60)


@st.composite
def parts(draw, classes=CLASSES, n=PICTURES, all_classes=False):
    """Labels (N,) and probabilities (N, K), with ties, certain rows and rare classes."""
    k, size = draw(classes), draw(n)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = rng.choice(k, size=size, p=rng.dirichlet(np.full(k, draw(st.sampled_from([0.3, 1.0, 20.0])))))
    if all_classes:
        size = max(size, 2 * k)
        labels = np.r_[np.arange(k), np.arange(k), rng.integers(0, k, size - 2 * k)]
    logits = rng.normal(size=(size, k)) * draw(st.sampled_from([0.0, 1.0, 8.0]))
    logits[np.arange(size), labels] += draw(st.sampled_from([0.0, 1.5, 20.0]))
    if draw(st.booleans()):
        logits = np.round(logits)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return labels, p / p.sum(axis=1, keepdims=True)


def binormal(n, rng, skill=2.0, share=0.5, cluster=1):
    """Labels, (N, 2) true probabilities and groups."""
    positives = round(n * share)
    labels = np.r_[np.zeros(n - positives, int), np.ones(positives, int)]
    groups = np.r_[np.arange(n - positives) // cluster, n + np.arange(positives) // cluster]
    common = rng.normal(size=2 * n + 1)[groups]
    own = rng.normal(size=n)
    noise = own if cluster == 1 else np.sqrt(0.5) * (common + own)
    odds = skill * (noise + skill * (labels - 0.5)) + np.log(share / (1 - share))
    positive = 1 / (1 + np.exp(-odds))
    return labels, np.c_[1 - positive, positive], groups
