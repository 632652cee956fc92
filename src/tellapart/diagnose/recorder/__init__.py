"""What runs inside the user's process: it watches, and leaves files; nothing is judged here.

`recorder` starts the script, in a process of its own (`__main__`) or in a copy of one that has its libraries
already (`serving`); `keras_hooks` and `torch_hooks` see what it does and tell `watch`, which keeps it by
`stream` and writes it with `journal`. `adapter` asks a model for outputs, gradients and layers without leaving a
trace in it. The other side, `tellapart.diagnose.gathering`, turns the files into a `Recording`: what costs time
without needing the model is done there, so that the script is held up as little as possible.
"""
