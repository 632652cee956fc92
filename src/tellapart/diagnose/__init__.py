"""Why somebody's Keras or PyTorch training fails: read, run, proved by experiment."""
