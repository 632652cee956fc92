"""What losses say of labels that they cannot take is known by its words."""

from __future__ import annotations

import pytest
import torch

from tellapart.diagnose.watching.label import REFUSED


@pytest.mark.parametrize("loss", ["BCELoss", "BCEWithLogitsLoss"])
def test_labels_of_another_shape(loss):
    with pytest.raises(ValueError, match="size") as refused:
        getattr(torch.nn, loss)()(torch.full((8, 1), 0.5), torch.ones(8))
    assert REFUSED.search(str(refused.value))


def test_labels_beyond_the_outputs():
    with pytest.raises(IndexError) as refused:
        torch.nn.CrossEntropyLoss()(torch.zeros(4, 2), torch.tensor([0, 1, 2, 1]))
    assert REFUSED.search(str(refused.value))


def test_pictures_of_another_shape_are_none_of_it():
    with pytest.raises(RuntimeError) as refused:
        torch.nn.Linear(4, 2)(torch.zeros(1, 3))
    assert not REFUSED.search(str(refused.value))
