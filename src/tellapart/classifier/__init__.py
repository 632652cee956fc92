"""The classifier as scikit-learn knows them: `ImageClassifier`.

N pictures, K classes. `images` turns one picture in memory into what a decoded file is, `inputs` says what was handed
over, `labels` keeps the user's labels beside the names the model knows, `trained` holds what a run left.
"""

from tellapart.classifier.estimator import ImageClassifier

__all__ = ["ImageClassifier"]
