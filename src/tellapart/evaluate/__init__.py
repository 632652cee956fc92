"""Scores -> measures with intervals, threshold, calibration, decision; pure functions.

In the order in which they are used: `calibration` (logits to probabilities), `aim` and `threshold`
(where to cut), `not_sure` (when to hand over to a person), `measures` (every figure of one part),
`decision` (may the figure be believed?), `fitness` (does it reach the aim?). Below them: `part` (the
arrays, checked once), `labelled`, `ranking`, `likelihood` (measures by kind), `chance` (tests),
`intervals`, `clusters`, `resampling` (what the intervals rest on), `trade_off`, `estimate`.
"""
