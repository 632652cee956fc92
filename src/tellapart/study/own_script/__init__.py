"""The questions of `study`, asked of a training script of the user's own: run as `diagnose` runs it, and judged so."""
