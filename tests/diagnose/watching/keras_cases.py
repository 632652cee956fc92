"""Trainings in Keras with one fault each, and a healthy one; all in one script, a function each."""

from __future__ import annotations

PRELUDE = """
import keras, numpy as np
from keras import layers, ops

def seed():
    keras.utils.set_random_seed(1)

seed()

def pictures(n, seed, classes=2, noise=.5, shares=None):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % classes) if shares is None else np.repeat(np.arange(classes), shares)
    x = rng.random((n, 12, 12, 3)) * noise
    for at, label in enumerate(y):
        x[at, 2:10, 2:10, label % 3] += .5
    return np.clip(x, 0, 1).astype("float32"), y

def net(*last, before=()):
    return keras.Sequential([keras.Input((12, 12, 3)), *before, layers.Conv2D(8, 3, activation="relu"),
                             layers.GlobalAveragePooling2D(), *last])

one = lambda: layers.Dense(1, activation="sigmoid")
X, y = pictures(120, 1)
V, w = pictures(60, 2)
X3, y3 = pictures(120, 3, classes=3)
V3, w3 = pictures(60, 4, classes=3)
noise, other = (np.random.default_rng(at).random((n, 12, 12, 3)).astype("float32") for at, n in ((9, 120), (8, 60)))

def fit(model, X=X, y=y, V=V, w=w, loss="binary_crossentropy", rate=.03, epochs=4, metrics=("accuracy",), batch=20,
        **more):
    model.compile(keras.optimizers.Adam(rate), loss, metrics=list(metrics))
    return model.fit(X, y, epochs=epochs, batch_size=batch, validation_data=(V, w), verbose=0, **more)
"""

CASES = {
    "healthy": """
        model = net(one())
        fit(model, epochs=8)
        loss, accuracy = model.evaluate(V, w, verbose=0)
        print(f"Test accuracy: {100 * accuracy:.2f} %")
        from sklearn.metrics import classification_report, confusion_matrix
        decided = (model.predict(V, verbose=0)[:, 0] > .5).astype(int)
        print(classification_report(w, decided))
        print(confusion_matrix(w, decided))
    """,
    "data.unshuffled_training": """
        order = np.argsort(y, kind="stable")
        fit(net(one()), noise, y[order], other, shuffle=False)
    """,
    "data.partial_epoch": """
        class Batches(keras.utils.PyDataset):
            def __len__(self):
                return 6
            def __getitem__(self, at):
                return noise[at * 20:at * 20 + 20], y[at * 20:at * 20 + 20, None]
        model = net(one())
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(Batches(), epochs=3, steps_per_epoch=2, validation_data=(other, w), verbose=0)
    """,
    "split.validation_is_training": """
        fit(net(one()), V=X, w=y)
    """,
    "prep.unscaled": """
        fit(net(one()), noise * 255, V=other * 255, rate=1e-4)
    """,
    "prep.double_scaled": """
        fit(net(one(), before=[layers.Rescaling(1 / 255)]), rate=1e-4)
    """,
    "prep.train_validation_mismatch": """
        fit(net(one()), V=V[..., ::-1] * [1, 1, .5] + [0, 0, .3], X=X * [.5, 1, 1] + [.3, 0, 0])
    """,
    "loop.missing_zero_grad": """
        class Own(keras.Model):
            def train_step(self, data):
                images, labels = data
                loss = self.compute_loss(y=labels[:, None], y_pred=self(images, training=True))
                loss.backward()
                self.optimizer.apply([one.value.grad for one in self.trainable_weights], self.trainable_weights)
                return {"loss": loss}
        base = net(one())
        fit(Own(base.inputs, base.outputs), noise, y, other)
    """,
    "optimizer.too_few_epochs": """
        stop = keras.callbacks.EarlyStopping(monitor="loss", min_delta=1., patience=1)
        fit(net(one()), noise, y, other, epochs=20, callbacks=[stop])
    """,
    "prep.channel_order": """
        # Red, green and blue are as bright as each other in all: only the answers tell.
        fit(net(layers.Dense(3, activation="softmax")), X3, y3, V3[..., ::-1].copy(), w3,
            "sparse_categorical_crossentropy", epochs=8)
    """,
    "prep.train_predict_mismatch": """
        model = net(one())
        fit(model, epochs=8)
        model.predict(V * 255, verbose=0)
    """,
    "metric.batch_averaged": """
        def f1(true, p):
            p, true = ops.round(p), ops.cast(true, "float32")
            hits = ops.sum(p * true)
            precision, recall = hits / (ops.sum(p) + 1e-7), hits / (ops.sum(true) + 1e-7)
            return 2 * precision * recall / (precision + recall + 1e-7)
        N, n = pictures(120, 5, noise=1, shares=[80, 40])
        M, m = pictures(100, 6, noise=1, shares=[80, 20])
        mixed = np.random.default_rng(0).permutation(100)
        fit(net(one()), N, n[:, None], M[mixed], m[mixed][:, None], metrics=[f1], epochs=8, batch=4)
    """,
    "metric.wrong_decision": """
        fit(net(layers.Dense(1)), loss=keras.losses.BinaryCrossentropy(from_logits=True), rate=2e-3, epochs=5)
    """,
    "metric.binary_accuracy_for_many_classes": """
        fit(net(layers.Dense(3, activation="softmax")), X3, np.eye(3)[y3], V3, np.eye(3)[w3],
            loss="categorical_crossentropy", metrics=["binary_accuracy"], rate=1e-4)
    """,
    "metric.shuffled_evaluation": """
        from sklearn.metrics import confusion_matrix
        model = net(one())
        fit(model, epochs=8)
        decided = (model.predict(V, verbose=0)[:, 0] > .5).astype(int)
        print(confusion_matrix(np.random.default_rng(1).permutation(w), decided))
    """,
    "arch.frozen": """
        model = net(one())
        model.trainable = False
        fit(model)
    """,
    "output.softmax_one_unit": """
        fit(net(layers.Dense(1, activation="softmax")))
    """,
    "output.wrong_activation": """
        fit(net(layers.Dense(1, activation="relu")), *pictures(120, 9, noise=1))
    """,
    "output.logits_as_probabilities": """
        fit(net(layers.Dense(1)), rate=.3)
    """,
    "output.double_softmax": """
        fit(net(layers.Dense(2, activation="softmax")), noise, rate=1e-4,
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    """,
    "loss.does_not_fit_output": """
        fit(net(one()), y=y[:, None], w=w[:, None], loss="categorical_crossentropy")
    """,
    "loss.regression_loss": """
        fit(net(one()), noise, V=other, loss="mse", rate=1e-4)
    """,
    "optimizer.learning_rate_too_high": """
        fit(net(one()), rate=30.)
    """,
}
