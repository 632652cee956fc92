"""The estimator protocol: scikit-learn's own checks where they apply, cloning, pipelines, cross-validation."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.utils import estimator_checks

import tellapart.classifier.estimator as module
from tellapart import ImageClassifier

# The others of `sklearn.utils.estimator_checks` fit or predict tables of numbers (N, D), which are no pictures: they
# would only show that such X is refused, as tests/classifier/test_handed_over.py does. What they are about is tested on
# pictures in this folder instead: pickling, labels of every type, errors about y, sparse, complex and object arrays,
# NaN, fitting twice, subsets of the samples, attributes that `fit` leaves.
APPLY = (
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_sparse_array",
    "check_estimator_sparse_matrix",
    "check_estimator_tags_renamed",
    "check_estimators_partial_fit_n_features",
    "check_estimators_unfitted",
    "check_fit1d",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
)


@pytest.mark.parametrize("name", APPLY)
def test_estimator_check(name):
    getattr(estimator_checks, name)("ImageClassifier", ImageClassifier())


def test_a_clone_has_the_parameters_and_nothing_else(from_array):
    twin = clone(from_array)
    assert twin.get_params() == from_array.get_params()
    assert not hasattr(twin, "classes_")
    assert is_classifier(twin)
    assert twin.set_params(time="5m").time == "5m"


def test_fit_leaves_its_parameters_and_input_alone(read_only, drawn):
    X, y = drawn.X.copy(), drawn.y.copy()
    X.flags.writeable = y.flags.writeable = False
    _, _, classifier = read_only(X, y)
    assert classifier.get_params() == ImageClassifier(members="probe").get_params()
    added = set(vars(classifier)) - set(vars(ImageClassifier()))
    assert all(name.startswith("_") or name.endswith("_") for name in added)


def test_answers_do_not_depend_on_the_other_pictures(from_array, drawn):
    whole = from_array.predict_proba(drawn.X)
    order = np.random.default_rng(0).permutation(22)
    np.testing.assert_allclose(from_array.predict_proba(drawn.X[order]), whole[order], atol=1e-6)
    np.testing.assert_allclose(from_array.predict_proba(drawn.X[:1]), whole[:1], atol=1e-6)


def test_the_last_step_of_a_pipeline(read_only, drawn, monkeypatch):
    fitted = read_only(drawn.X, drawn.y)[2]
    monkeypatch.setattr(module.ImageClassifier, "fit", lambda self, X, y=None, groups=None: fitted)
    pipeline = Pipeline([("clf", ImageClassifier())])
    assert pipeline.fit(drawn.X, drawn.y) is pipeline
    assert pipeline.get_params()["clf__time"] == "10m"


def test_cross_validation_hands_groups_to_folds_and_to_fit(drawn, untrained):
    groups = np.arange(22) // 2
    with sklearn.config_context(enable_metadata_routing=True), untrained() as seen:
        scores = cross_val_score(
            ImageClassifier(members="probe"),
            [str(file) for file in drawn.files],
            drawn.y,
            params={"groups": groups},
            cv=GroupKFold(2),
            error_score="raise",
        )
    assert len(scores) == 2
    assert min(scores) > 0.7
    one, other = (pictures.groups for pictures, _ in seen)
    assert sorted([len(one), len(other)]) == [10, 12]
    assert not set(one) & set(other)
