"""`Explainer`: a picture -> where the evidence for a class lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from tellapart.deploy.explain.occlusion import occlusion
from tellapart.deploy.explain.overlay import overlay
from tellapart.deploy.explain.scene import Scene, make_scene
from tellapart.deploy.predictor import Predictor
from tellapart.errors import OptionError

if TYPE_CHECKING:
    from tellapart.deploy.explain.gradients import Gradients

GRID = 96
"""Places along the longer side: finer than any map that decides, and quick to smooth."""
DECIDES = 1.0
"""Log-odds: a map that changes the odds less than e-fold altogether decides little, and is shown as pale as that."""


class Explainer:
    """Makes heatmaps for one model file; safe to use from several threads.

    Attributes
    ----------
    method
        ``gradients``, where PyTorch is installed and the nets are of this package, else ``occlusion``; see
        docs/decisions/0011.
    """

    def __init__(self, predictor: Predictor, *, occlusion_only: bool = False) -> None:
        """Explain what `predictor` says."""
        self.predictor = predictor
        self._gradients = None if occlusion_only else _gradients(predictor)
        self.method = "occlusion" if self._gradients is None else "gradients"

    def heatmap(self, image_HWC: np.ndarray, class_name: str | None = None) -> np.ndarray:
        """Return where the evidence for a class lies.

        Parameters
        ----------
        image_HWC
            uint8 RGB, of any size.
        class_name
            Of `Predictor.classes`; None: the class that is predicted.

        Returns
        -------
        numpy.ndarray
            float32 (H, W), -1 to 1: above 0 where a place speaks for the class, below 0 where it speaks against it.
            The strongest place is at 1 or -1 where what was found changes the odds at least e-fold; the less it does,
            the closer all of the map is to 0. A picture of one colour has no places: all 0.

        Raises
        ------
        OptionError
            There is no such class.
        """
        height, width = image_HWC.shape[:2]
        small = self.evidence(make_scene(self.predictor, image_HWC), self._number(image_HWC, class_name))
        return np.array(Image.fromarray(small).resize((width, height), Image.Resampling.BILINEAR))

    def evidence(self, scene: Scene, number: int) -> np.ndarray:
        """Return the heatmap of class `number` before it is enlarged: `GRID` places along the longer side."""
        height, width = scene.shape
        rows, columns = (max(1, round(GRID * length / max(height, width))) for length in (height, width))
        if all(np.ptp(view, axis=(0, 1)).max() == 0 for view in scene.views.values()):
            return np.zeros((rows, columns), dtype=np.float32)
        if self._gradients is None:
            heat, found = occlusion(self.predictor, scene, number, rows, columns)
        else:
            heat, found = self._gradients.heat(scene, number, rows, columns)
        strongest = np.abs(heat).max()
        scale = min(1.0, found / DECIDES) / strongest if strongest > 0 else 0.0
        return np.asarray(heat * scale, dtype=np.float32)

    def overlay(self, image_HWC: np.ndarray, heatmap_HW: np.ndarray) -> bytes:
        """Return a PNG of a heatmap over its picture; see `overlay.overlay`."""
        return overlay(image_HWC, heatmap_HW)

    def _number(self, image_HWC: np.ndarray, class_name: str | None) -> int:
        if class_name is None:
            return int(self.predictor.predicted(self.predictor.probabilities([image_HWC]))[0])
        if class_name not in self.predictor.classes:
            raise OptionError(
                "A class of the model was expected.",
                found=repr(class_name),
                where="the class to explain",
                advice="one of: " + ", ".join(map(repr, self.predictor.classes)),
            )
        return self.predictor.classes.index(class_name)


def _gradients(predictor: Predictor) -> Gradients | None:
    try:
        from tellapart.deploy.explain.gradients import Gradients

        return Gradients(predictor.file)
    except (ImportError, NotImplementedError):
        return None
