"""Programs of the user's own, watched as they run: the live doctors of Keras and PyTorch.

`attending` keeps the running record that the recorder of `tellapart.diagnose` keeps, in memory (`ledger`), and asks the
rules of `tellapart.diagnose.watching`, and a few of its own (`symptoms`), at chosen moments (`asking`).
`keras_doctor` and `torch_doctor` tell it what happens; `tellapart.keras` and `tellapart.torch` are their doors.
"""
