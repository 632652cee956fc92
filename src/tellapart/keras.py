"""The live doctor of Keras 3: ``from tellapart.keras import Doctor``."""

from tellapart.errors import MissingExtraError

try:
    from tellapart.integrations.keras_doctor import Doctor
except ModuleNotFoundError as error:
    raise MissingExtraError(
        "Keras 3 and the package of its backend are needed.",
        found=f"no package {error.name}",
        where="import keras",
        advice='pip install "tellapart[keras]"; for the PyTorch backend set KERAS_BACKEND=torch before that import',
    ) from error

__all__ = ["Doctor"]
