"""What learning curves alone can say of a training, and what they cannot.

`reading` makes a `Curves` of a file, `naming` knows what a column means, `trend` tells a trend from noise, `settled`
and `signs` look at the curves, `concluding` makes the diagnosis.
"""

from .concluding import diagnose_history

__all__ = ["diagnose_history"]
