"""Scores -> measures with intervals, threshold, calibration, decision; pure functions.

In the order in which they are used: `calibration` (logits to probabilities), `aim` and `threshold`
(where to cut), `not_sure` (when to hand over to a person), `measures` (every figure of one part),
`decision` (may the figure be believed?), `fitness` (does it reach the aim?), `paired` (is one
classifier better than another?).

Below them: `part` (the arrays, checked once); `labelled`, `ranking`, `likelihood` (the measures by
kind); `chance` (the tests); `intervals`, `clusters`, `resampling` (what the intervals rest on);
`trade_off`; `estimate`.
"""
