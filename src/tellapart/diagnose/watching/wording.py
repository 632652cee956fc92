"""Words for measures and parts, as scripts print them and as metric functions are called."""

from __future__ import annotations

import re

MEASURES = (
    ("balanced_accuracy", r"balanced[ _-]?acc(?:uracy)?(?:[ _]score)?|uar|b[ _-]?acc"),
    (
        "accuracy",
        r"acc|accuracy(?:[ _]score)?|accuracies|genauigkeit|korrektheit|exactitud|exactitude|accuratezza"
        r"|acurácia|acuracia|nauwkeurigheid|dokładność|noggrannhet|правильность|doğruluk|准确率|正确率|精度|正解率|정확도",
    ),
    ("average_precision", r"average[ _-]?precision(?:[ _]score)?|m?ap|auc[ _-]?pr|pr[ _-]?auc|auprc"),
    ("precision", r"precision(?:[ _]score)?|präzision|précision|precisión|precisão|precisione|精确率|精密度"),
    (
        "recall",
        r"recall(?:[ _]score)?|sensitivity|tpr|trefferquote|sensitivität|rappel|sensibilité|sensibilidad|exhaustividad"
        r"|revocação|richiamo|召回率",
    ),
    (
        "f1",
        r"(?:macro|micro|weighted)?[ _-]?f[ _-]?1(?:[ _-]?(?:score|maß|mass))?|f[ _-]?(?:score|measure)|dice",
    ),
    ("auc", r"auc(?:[ _-]?roc)?|roc[ _-]?auc(?:[ _]score)?|auroc"),
    ("loss", r"loss|cross[ _-]?entropy|verlust|perte|pérdida|perda|损失"),
)
"""Measure -> its usual words. The longer ones stand first where one holds another."""

PARTS = (
    (
        "validation",
        r"val|valid|validation|validate|validierung|validación|validação|validazione|dev|eval|evaluation|验证",
    ),
    ("train", r"train|training|trn|entraînement|entrenamiento|treino|addestramento|训练"),
    ("test", r"test|testing|tst|held[ _-]?out|prueba|teste|测试"),
)
"""Role of a part -> its usual words."""

# Letters of any alphabet end a word; a digit does not begin one ("acc1"), an underscore separates ("val_acc").
_START, _END = r"(?<![^\W_])", r"(?![^\W\d_])"


def _one_of(named: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    groups = "|".join(f"(?P<{name}>{words})" for name, words in named)
    return re.compile(f"{_START}(?:{groups}){_END}", re.IGNORECASE)


MEASURE, PART = _one_of(MEASURES), _one_of(PARTS)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")


def parted(text: str) -> str:
    """Return a text in which words written together (``valAcc``) stand apart."""
    return _CAMEL.sub(" ", text)


def measure_in(name: str) -> str:
    """Return the measure that a metric's name says, or ""."""
    found = MEASURE.search(parted(name))
    return "" if found is None or found.lastgroup is None else found.lastgroup


def role_in(name: str) -> str:
    """Return the role of the part that a text names, or ""."""
    found = PART.search(parted(name))
    return "" if found is None or found.lastgroup is None else found.lastgroup
