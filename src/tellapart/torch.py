"""The live doctor of PyTorch: ``from tellapart.torch import Doctor``."""

from tellapart.integrations.torch_doctor import Doctor

__all__ = ["Doctor"]
