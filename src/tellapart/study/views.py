"""Stores seen in another way: smaller, or changed as a training would change them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tellapart.members.policy import Policy
from tellapart.pictures.decode import resize
from tellapart.pictures.store import PictureStore


@dataclass(frozen=True, eq=False)
class Shrunk:
    """Pictures whose longest side is `side_px` at most: what is finer is gone, however large they are shown later."""

    store: PictureStore
    side_px: int | None

    def __len__(self) -> int:
        return len(self.store)

    def __getitem__(self, index: int) -> np.ndarray:
        """Return picture `index`, uint8 HWC."""
        image = self.store[index]
        longest = max(image.shape[:2])
        if self.side_px is None or longest <= self.side_px:
            return image
        scale = self.side_px / longest
        return resize(image, *(max(1, round(px * scale)) for px in image.shape[:2]))


@dataclass(frozen=True, eq=False)
class Changed:
    """Pictures changed at random by `policy`, each always in the same way."""

    images: Shrunk
    policy: Policy
    seed: int

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> np.ndarray:
        """Return picture `index`, uint8 HWC."""
        import torch

        from tellapart.members.augment import augment

        generator = torch.Generator().manual_seed(1_000_003 * self.seed + index)
        image = torch.from_numpy(self.images[index]).permute(2, 0, 1)[None]
        changed = augment(image, self.policy, generator)[0].permute(1, 2, 0)
        return changed.round().clamp(0, 255).to(torch.uint8).numpy()
