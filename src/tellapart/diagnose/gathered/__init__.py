"""Pieces of a `Recording`, each made from the recorder's files by one module."""
