"""From a folder of labelled pictures to a classifier you can trust."""

__version__ = "0.1.0.dev0"
