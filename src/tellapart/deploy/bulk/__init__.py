"""Prediction of any number of files: what PATH may be, rows in order, a table that a killed command goes on with."""
