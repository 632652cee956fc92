"""Keras, imported when it is needed and on which backend."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from tellapart.errors import MissingExtraError, OptionError

DEFAULT_BACKEND = "torch"
"""The backend that is installed with tellapart anyway, and the one the recipes are tested on."""


def load_keras() -> Any:
    """Import Keras 3; KERAS_BACKEND is set to PyTorch where it is not set and Keras is not yet imported.

    Returns
    -------
    module
        ``keras``.

    Raises
    ------
    MissingExtraError
        Keras, or the package of its backend, is not installed.
    OptionError
        KERAS_BACKEND names no backend, or the Keras that is installed is older than 3.
    """
    if "keras" not in sys.modules:
        # Without it, Keras takes the backend of ~/.keras/keras.json, "tensorflow" on a fresh machine.
        os.environ.setdefault("KERAS_BACKEND", DEFAULT_BACKEND)
    backend = os.environ.get("KERAS_BACKEND", DEFAULT_BACKEND)
    try:
        keras = importlib.import_module("keras")
    except ModuleNotFoundError as error:
        raise _missing(error.name or "keras", backend) from error
    except ValueError as error:  # "Unable to import backend : ..."
        raise OptionError(
            "KERAS_BACKEND should be torch, jax or tensorflow.",
            found=repr(backend),
            where="the environment variable KERAS_BACKEND",
            advice="unset it to train on PyTorch",
        ) from error
    if int(keras.__version__.partition(".")[0]) < 3:
        raise OptionError(
            "Keras 3 is needed.",
            found=f"keras {keras.__version__}",
            where=sys.executable,
            advice='pip install --upgrade "tellapart[keras]"',
        )
    return keras


def _missing(package: str, backend: str) -> MissingExtraError:
    if package.partition(".")[0] == "keras":
        return MissingExtraError(
            "The founding trainings are Keras programs and need Keras 3.",
            found="no package named keras",
            where=sys.executable,
            advice='pip install "tellapart[keras]"',
        )
    return MissingExtraError(
        f"Keras was asked to run on {backend!r}.",
        found=f"no package named {package}",
        where="the environment variable KERAS_BACKEND",
        advice=f"install it (pip install {package}), or unset KERAS_BACKEND to train on PyTorch",
    )
