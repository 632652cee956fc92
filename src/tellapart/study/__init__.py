"""Answer questions about a picture set by measurement: size, amount, balance, augmentation.

`bench` lays out the training pictures; a question (`size`, `amount`, `balance`, `augmentation`) names arms (`arm`);
`learners` and `nets` train and score each on the same folds with the same seeds (`rounds`); `effect` says by how much
they differ, `answer` what that means.
"""

from tellapart.callable_module import make_callable

make_callable(__name__, "tellapart.study.studying:study")
