"""Code as people paste it on question sites -> a program that runs: `complete`."""

from .complete import Completed, complete

__all__ = ["Completed", "complete"]
