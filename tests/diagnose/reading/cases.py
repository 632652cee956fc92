"""Planted faults: one small change to a healthy script each, and the cause it should bring under suspicion."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"


@dataclass(frozen=True)
class Case:
    """`script` with `healthy` replaced by `faulty` suggests `code`; as it is, it does not."""

    code: str
    script: str
    healthy: str
    faulty: str

    @property
    def name(self) -> str:
        return f"{self.code}-{self.script}-{self.faulty.strip()[:30]}"

    def texts(self) -> tuple[str, str]:
        text = (SCRIPTS / f"{self.script}.txt").read_text(encoding="utf-8")
        assert self.healthy in text
        return text, text.replace(self.healthy, self.faulty)


GENERATORS = "keras_generators"
DATASETS = "keras_datasets"
ARRAYS = "keras_arrays"
TRANSFER = "keras_transfer"
SUBCLASS = "keras_subclass"
TAPE = "keras_tape"
MODULE = "torch_module"
FINETUNE = "torch_finetune"
BINARY = "torch_binary"
NLL = "torch_nll"
OWN = "torch_own_dataset"
BOTH = "keras_both"

F1 = """def f_measure(y_true, y_pred):
    hits = ops.sum(ops.round(ops.clip(y_true * y_pred, 0, 1)))
    calls = ops.sum(ops.round(ops.clip(y_pred, 0, 1)))
    return hits / (calls + 1e-7)
"""
MEAN_ERROR = """def f_measure(y_true, y_pred):
    error = ops.abs(y_true - y_pred)
    return ops.mean(error)
"""

CASES = [
    # output
    Case("output.softmax_one_unit", GENERATORS, "Activation('sigmoid')", "Activation('softmax')"),
    Case(
        "output.softmax_one_unit", ARRAYS, 'Dense(1, activation="sigmoid")', 'Dense(1, activation="softmax")'
    ),
    Case(
        "output.softmax_one_unit",
        SUBCLASS,
        'Dense(1, activation="sigmoid")',
        "Dense(1, activation=keras.activations.softmax)",
    ),
    Case("output.wrong_activation", GENERATORS, "Activation('sigmoid')", "Activation('relu')"),
    Case(
        "output.wrong_activation", ARRAYS, 'Dense(1, activation="sigmoid")', "Dense(1, activation=tf.nn.tanh)"
    ),
    Case("output.wrong_activation", MODULE, "x = self.fc2(x)", "x = F.relu(self.fc2(x))"),
    Case("output.logits_as_probabilities", DATASETS, "from_logits=True", ""),
    Case("output.logits_as_probabilities", ARRAYS, 'Dense(1, activation="sigmoid")', "Dense(1)"),
    Case("output.logits_as_probabilities", BINARY, "nn.BCEWithLogitsLoss()", "nn.BCELoss()"),
    Case(
        "output.logits_as_probabilities",
        NLL,
        "F.log_softmax(self.classifier(x), dim=1)",
        "self.classifier(x)",
    ),
    Case("output.double_softmax", DATASETS, "L.Dense(5)", 'L.Dense(5, activation="softmax")'),
    Case("output.double_softmax", MODULE, "x = self.fc2(x)", "x = torch.softmax(self.fc2(x), dim=1)"),
    Case("output.double_softmax", FINETUNE, "out = model(x)", "out = nn.Softmax(dim=1)(model(x))"),
    Case("output.double_softmax", BINARY, "nn.Linear(channels, 1))", "nn.Linear(channels, 1), nn.Sigmoid())"),
    Case("output.double_softmax", TAPE, "Dense(10)", 'Dense(10, activation="softmax")'),
    # loss and labels
    Case("loss.does_not_fit_output", GENERATORS, "'binary_crossentropy'", "'categorical_crossentropy'"),
    Case("loss.does_not_fit_output", TRANSFER, 'activation="softmax"', 'activation="sigmoid"'),
    Case("loss.does_not_fit_output", MODULE, "nn.Linear(64, 2)", "nn.Linear(64, 1)"),
    Case("label.wrong_encoding", GENERATORS, "class_mode='binary'", "class_mode='categorical'"),
    Case("label.wrong_encoding", TRANSFER, '"categorical_crossentropy"', '"sparse_categorical_crossentropy"'),
    Case("loss.regression_loss", GENERATORS, "'binary_crossentropy'", "'mse'"),
    Case("loss.regression_loss", TRANSFER, '"categorical_crossentropy"', "K.losses.MeanSquaredError()"),
    Case("loss.bad_reduction", SUBCLASS, "return -ops.mean(", "return ops.mean("),
    Case("loss.bad_reduction", SUBCLASS, "return -ops.mean(", "return -ops.sum("),
    Case("loss.bad_reduction", MODULE, "nn.CrossEntropyLoss()", 'nn.CrossEntropyLoss(reduction="sum")'),
    Case("loss.unstable", SUBCLASS, "    y_pred = ops.clip(y_pred, 1e-7, 1 - 1e-7)\n", ""),
    # architecture
    Case("arch.wrong_output_width", TAPE, "Dense(10)", "Dense(9)"),
    Case("arch.linear_only", NLL, "act=nn.ReLU", "act=nn.Identity"),
    Case("arch.linear_only", DATASETS, ', activation="relu"', ""),
    Case("arch.saturating_activations", GENERATORS, "Activation('relu')", "Activation('sigmoid')"),
    Case("arch.saturating_activations", NLL, "act=nn.ReLU", "act=nn.Sigmoid"),
    Case(
        "arch.softmax_inside", ARRAYS, 'Dense(units, activation="relu")', 'Dense(units, activation="softmax")'
    ),
    Case("arch.frozen", TRANSFER, "network.compile", "network.trainable = False\nnetwork.compile"),
    Case("arch.frozen", MODULE, "net.parameters(), lr", "Net().parameters(), lr"),
    Case(
        "arch.frozen",
        FINETUNE,
        "criterion = ",
        "for p in model.parameters():\n    p.requires_grad = False\ncriterion = ",
    ),
    Case("arch.batchnorm_mode", MODULE, "    net.train()\n", ""),
    Case("arch.batchnorm_mode", ARRAYS, "BatchNormalization()", "BatchNormalization(axis=1)"),
    Case("arch.batchnorm_mode", ARRAYS, "batch_size=32", "batch_size=1"),
    Case(
        "arch.dropout_before_batchnorm",
        ARRAYS,
        "        BatchNormalization(),",
        "        Dropout(0.2), BatchNormalization(),",
    ),
    Case(
        "arch.flatten_explosion",
        ARRAYS,
        "            GlobalMaxPooling2D(),\n            Dense(units",
        "            tf.keras.layers.Flatten(),\n            Dense(units * 8",
    ),
    Case("arch.flatten_explosion", DATASETS, "L.GlobalAveragePooling2D()", "L.Flatten()"),
    Case("arch.too_small", ARRAYS, "net = build(64)", "net = build(2)"),
    # preparation
    Case("prep.unscaled", GENERATORS, "rescale=1. / 255", "rescale=None"),
    Case("prep.unscaled", DATASETS, "x = L.Rescaling(1. / 255)(x)\n", ""),
    Case("prep.unscaled", TAPE, '.astype("float32") / 255', '.astype("float32")'),
    Case(
        "prep.double_scaled",
        DATASETS,
        "model.compile(",
        "train_ds = train_ds.map(lambda image, label: (image / 255., label))\nmodel.compile(",
    ),
    Case("prep.double_scaled", ARRAYS, "data.append(img)", "data.append(img / 255)"),
    Case(
        "prep.double_scaled",
        MODULE,
        "outputs = net(inputs)\n        loss",
        "outputs = net(inputs / 255)\n        loss",
    ),
    Case(
        "prep.train_validation_mismatch",
        GENERATORS,
        "test_datagen = ImageDataGenerator(rescale=1. / 255)",
        "test_datagen = ImageDataGenerator()",
    ),
    Case(
        "prep.train_validation_mismatch",
        MODULE,
        "test_tf = transforms.Compose(\n    [\n        transforms.Resize((128, 128))",
        "test_tf = transforms.Compose(\n    [\n        transforms.Resize((96, 96))",
    ),
    Case(
        "prep.train_validation_mismatch",
        FINETUNE,
        "[transforms.Resize((224, 224)), transforms.ToTensor(), transforms.Normalize(mean, std)]",
        "[transforms.Resize((224, 224)), transforms.ToTensor()]",
    ),
    Case("prep.train_predict_mismatch", ARRAYS, "(SIZE, SIZE)) / 255.0", "(SIZE, SIZE))"),
    Case(
        "prep.wrong_backbone_preprocessing",
        TRANSFER,
        "preprocessing_function=preprocess_input",
        "zoom_range=0.1",
    ),
    Case(
        "prep.wrong_backbone_preprocessing",
        TRANSFER,
        "preprocessing_function=preprocess_input",
        "rescale=1/255",
    ),
    Case(
        "prep.augmented_validation",
        GENERATORS,
        "test_datagen = ImageDataGenerator(rescale=1. / 255)",
        "test_datagen = train_datagen",
    ),
    Case("prep.augmented_validation", MODULE, "transform=test_tf", "transform=train_tf"),
    Case(
        "prep.augmented_validation",
        DATASETS,
        "model.compile(",
        "turn = keras.Sequential([L.RandomRotation(0.1)])\n"
        "val_ds = val_ds.map(lambda x, y: (turn(x, training=True), y))\nmodel.compile(",
    ),
    Case(
        "prep.augmented_validation",
        OWN,
        "DataLoader(Subset(plain, last), 32)",
        "DataLoader(Subset(ds, last), 32)",
    ),
    Case("split.validation_is_training", BOTH, "validation_data=val_ds", "validation_data=train_ds"),
    Case("prep.destructive_augmentation", GENERATORS, "zoom_range=0.2", "zoom_range=0.8"),
    Case(
        "prep.channel_order", DATASETS, "keras.Input(shape=(180, 180, 3))", "keras.Input(shape=(3, 180, 180))"
    ),
    Case(
        "prep.channel_order",
        ARRAYS,
        'new = cv2.imread("new.png")',
        'from PIL import Image\nnew = np.array(Image.open("new.png"))',
    ),
    Case("prep.size_too_small", ARRAYS, "SIZE = 96", "SIZE = 28"),
    # metrics
    Case("metric.batch_averaged", SUBCLASS, MEAN_ERROR, F1),
    Case(
        "metric.batch_averaged",
        BINARY,
        "    truth.extend(yb.tolist())",
        "    truth.append(f1_score(yb.numpy(), (net(xb) > 0).numpy()))",
    ),
    Case(
        "metric.binary_accuracy_for_many_classes",
        DATASETS,
        'metrics=["accuracy"]',
        'metrics=["binary_accuracy"]',
    ),
    Case("metric.shuffled_evaluation", GENERATORS, "    shuffle=False,\n", ""),
    Case("metric.class_order", GENERATORS, "['cat', 'dog']", "['dog', 'cat']"),
    Case(
        "metric.wrong_decision",
        ARRAYS,
        '(net.predict(X_test)[:, 0] > 0.5).astype("int32")',
        "np.argmax(net.predict(X_test), axis=1)",
    ),
    Case("metric.wrong_decision", ARRAYS, "net.predict(X_test)[:, 0] > 0.5", "net.predict(X_test) > 0.5"),
    Case("metric.wrong_decision", BINARY, "(scores > 0)", "(scores > 0.5)"),
    Case("metric.not_reset", FINETUNE, "        right = 0\n", ""),
    Case(
        "metric.accuracy_hides_minority",
        ARRAYS,
        "batch_size=32)",
        "batch_size=32, class_weight={0: 1, 1: 4})",
    ),
    # loops
    Case("loop.missing_zero_grad", MODULE, "        optimizer.zero_grad()\n", ""),
    Case("loop.missing_zero_grad", BINARY, "        opt.zero_grad()\n", ""),
    Case("loop.missing_step", MODULE, "        optimizer.step()\n", ""),
    Case("loop.missing_step", MODULE, "        loss.backward()\n", ""),
    Case(
        "loop.missing_step",
        BINARY,
        "        opt.zero_grad()\n        loss.backward()\n",
        "        loss.backward()\n        opt.zero_grad()\n",
    ),
    Case(
        "loop.missing_step",
        TAPE,
        "        optimizer.apply_gradients(zip(gradients, model.trainable_variables))\n",
        "",
    ),
    Case("loop.missing_eval_mode", MODULE, "    net.eval()\n", ""),
    Case("loop.missing_eval_mode", MODULE, "x = self.drop(x)", "x = F.dropout(x, 0.4)"),
    Case("loop.gradient_sign", MODULE, "        loss.backward()", "        (-loss).backward()"),
    Case("loop.gradient_sign", BINARY, "lr=1e-2", "lr=-1e-2"),
    Case("loop.detached_loss", MODULE, "criterion(outputs, labels)", "criterion(outputs.detach(), labels)"),
    Case("loop.detached_loss", FINETUNE, "criterion(out, y)", "criterion(preds.float(), y)"),
    Case(
        "loop.detached_loss",
        BINARY,
        "        scores = net(xb)\n",
        "        with torch.no_grad():\n            scores = net(xb)\n",
    ),
    # data and splits
    Case(
        "data.unshuffled_training", MODULE, "trainset, batch_size=32, shuffle=True", "trainset, batch_size=32"
    ),
    Case(
        "data.unshuffled_training",
        TRANSFER,
        '"d/train", (224, 224),',
        '"d/train", (224, 224), shuffle=False,',
    ),
    Case("data.partial_epoch", TRANSFER, "len(train)", "len(train) // 32"),
    Case(
        "data.partial_epoch", GENERATORS, "train_generator.samples // batch", "train_generator.samples // 64"
    ),
    Case("data.partial_epoch", GENERATORS, "train_generator.samples // batch", "10"),
    Case("data.imbalance_ignored", DATASETS, 'metrics=["accuracy"]', "metrics=[keras.metrics.Recall()]"),
    Case("split.ordered", BINARY, "X, y = X[order], y[order]\n", ""),
    Case("split.ordered", ARRAYS, "random_state=1, stratify=y", "shuffle=False"),
    Case(
        "split.ordered",
        ARRAYS,
        "net.fit(X_train, y_train, validation_data=(X_test, y_test)",
        "net.fit(X, y, validation_split=0.2",
    ),
    Case("split.not_stratified", ARRAYS, ", stratify=y", ""),
    Case(
        "split.leak",
        ARRAYS,
        "X_train, X_test",
        "X, y = np.concatenate([X, np.flip(X, 2)]), np.concatenate([y, y])\nX_train, X_test",
    ),
    Case("split.leak", DATASETS, 'subset="validation", seed=123', 'subset="validation", seed=7'),
    Case(
        "split.validation_is_training",
        ARRAYS,
        "validation_data=(X_test, y_test)",
        "validation_data=(X_train, y_train)",
    ),
    Case("split.validation_is_training", GENERATORS, "'data/validation'", "'data/train'"),
    # optimiser
    Case("optimizer.learning_rate_too_high", SUBCLASS, "Adam(0.001)", "Adam(0.1)"),
    Case("optimizer.learning_rate_too_high", BINARY, "lr=1e-2", "lr=1.0"),
    Case(
        "optimizer.learning_rate_too_low", ARRAYS, "learning_rate=0.01, momentum=0.9", "learning_rate=0.0001"
    ),
    Case("optimizer.learning_rate_too_low", MODULE, "lr=0.001", "lr=1e-7"),
    Case(
        "optimizer.learning_rate_too_low",
        FINETUNE,
        "                    optimizer.step()\n",
        "                    optimizer.step()\n                    scheduler.step()\n",
    ),
    Case("optimizer.too_few_epochs", GENERATORS, "epochs=50", "epochs=1"),
    Case("optimizer.too_few_epochs", MODULE, "range(20)", "range(2)"),
    Case("optimizer.too_few_epochs", SUBCLASS, "patience=5", "patience=5, min_delta=0.5"),
    Case(
        "optimizer.too_few_epochs", SUBCLASS, "patience=5", 'patience=5, monitor="val_accuracy", mode="min"'
    ),
    Case("optimizer.bad_initialisation", ARRAYS, '"he_normal"', '"zeros"'),
    Case(
        "optimizer.bad_initialisation",
        MODULE,
        "criterion = ",
        "nn.init.constant_(net.fc1.weight, 0.5)\ncriterion = ",
    ),
    Case("optimizer.unsuitable", SUBCLASS, "Adam(0.001)", "Adam(0.001, epsilon=0.1)"),
    Case("optimizer.batch_size", ARRAYS, "batch_size=32", "batch_size=1024"),
    # regularisation
    Case("regularisation.too_strong", MODULE, "nn.Dropout(0.4)", "nn.Dropout(0.9)"),
    Case(
        "regularisation.too_strong",
        ARRAYS,
        'kernel_initializer="he_normal"',
        "kernel_regularizer=tf.keras.regularizers.l2(0.1)",
    ),
    Case("regularisation.too_strong", MODULE, "lr=0.001", "lr=0.001, weight_decay=0.5"),
    Case(
        "regularisation.dropout_on_output",
        GENERATORS,
        "model.add(Activation('sigmoid'))",
        "model.add(Dropout(0.5))\nmodel.add(Activation('sigmoid'))",
    ),
    Case("regularisation.dropout_on_output", MODULE, "x = self.fc2(x)", "x = self.drop(self.fc2(x))"),
    Case(
        "regularisation.missing",
        GENERATORS,
        "horizontal_flip=True)",
        "horizontal_flip=True)\ntrain_datagen = ImageDataGenerator(rescale=1 / 255)\nmodel = Sequential(["
        "Conv2D(32, 3, activation='relu', input_shape=input_shape), Flatten(), Dense(64, activation='relu'), "
        "Dense(1, activation='sigmoid')])\nmodel.compile('adam', 'binary_crossentropy', ['accuracy'])",
    ),
]
