"""Measurements of the product: each folder is one, run as `python -m benchmarks.NAME.run`."""
