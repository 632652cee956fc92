"""The versions behind a run, so that it can be repeated."""

from __future__ import annotations

import platform
import sys
from importlib import metadata

import tellapart

PACKAGES = ("numpy", "scipy", "scikit-learn", "pillow", "torch", "onnx", "onnxruntime", "cleanlab")


def versions() -> dict[str, str]:
    """Return package -> version, and Python and machine."""
    found = {"tellapart": tellapart.__version__, "python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found | {"machine": f"{platform.system()} {platform.machine()}"}
