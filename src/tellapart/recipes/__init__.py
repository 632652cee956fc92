"""The two founding trainings, exactly as their authors described them, as Keras 3 programs.

- `plastic_pieces` (training A, "Improving Validation Loss and Accuracy for CNN"): do two plastic pieces stick
  together?
- `quarter_positive` (training B, "Precision decreases with each epoch in CNN"): a quarter of the pictures is class 1.

Both fail, and are meant to: they are what `diagnose` is for. Each module has ``model()``, the compiled Keras
model, and ``train()``, the whole training; ``python -m tellapart.recipes`` is the command. Every variant their
authors tried or asked about is an option; the defaults are the descriptions. Importing this package does not
import Keras (extra ``keras``); the backend is PyTorch unless KERAS_BACKEND says otherwise.
"""

from . import plastic_pieces, quarter_positive

__all__ = ["plastic_pieces", "quarter_positive"]
