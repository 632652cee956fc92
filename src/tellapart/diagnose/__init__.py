"""Why somebody's Keras or PyTorch training fails: read, run, proved by experiment."""

from tellapart.callable_module import make_callable

make_callable(__name__, "tellapart.diagnose.given:diagnose")
