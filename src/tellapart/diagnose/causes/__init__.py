"""Causes: their words."""
