"""`Explainer`: a picture -> where the evidence for a class lies."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tellapart.deploy.explain.occlusion import make_scene, occlusion
from tellapart.deploy.explain.overlay import overlay
from tellapart.deploy.predictor import Predictor
from tellapart.errors import OptionError


class Explainer:
    """Makes heatmaps for one model file.

    Parameters
    ----------
    predictor
        The opened model.
    """

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

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
            float32 (H, W), signed, in log-odds of the class: above 0 where a place speaks for it, below 0 where it
            speaks against it. Not scaled to 1: where nothing decides, all of it is near 0.

        Raises
        ------
        OptionError
            There is no such class.
        """
        number = self._number(image_HWC, class_name)
        small = occlusion(self.predictor, make_scene(self.predictor, image_HWC), number)
        height, width = image_HWC.shape[:2]
        return np.array(Image.fromarray(small).resize((width, height), Image.Resampling.BILINEAR))

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
