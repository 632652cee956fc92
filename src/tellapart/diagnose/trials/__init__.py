"""The program as an experiment: run it, or an edited one, with several seeds, and measure it independently."""
