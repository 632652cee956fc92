"""The causes by their code: what each is called, and how it is mended, in words for a beginner."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """One cause.

    Attributes
    ----------
    title
        What is wrong, as the headline of an answer.
    fix
        What to do, one sentence.
    """

    title: str
    fix: str


CAUSES = {
    "data.imbalance_ignored": Cause(
        "One class is rare, and nothing in the training makes up for it",
        "Weight the classes or sample them evenly, and choose the threshold on scores of unseen pictures.",
    ),
    "data.too_few_pictures": Cause(
        "There are too few pictures to learn this from scratch",
        "Add pictures, or start from a pretrained network.",
    ),
    "data.unshuffled_training": Cause(
        "The training pictures come sorted by class", "Shuffle the training pictures anew for every epoch."
    ),
    "data.partial_epoch": Cause(
        "Each epoch shows only part of the pictures",
        "Leave the number of steps to the library, or compute it from the number of pictures.",
    ),
    "data.unreadable_pictures": Cause(
        "Some pictures are broken or empty", "Repair the files, or take them out of the set."
    ),
    "label.noise": Cause(
        "A good part of the labels is wrong", "Look at the most suspect pictures and correct their labels."
    ),
    "label.misaligned": Cause(
        "Pictures and labels are paired in the wrong order",
        "Take picture and label from one and the same list, sorted or shuffled once, together.",
    ),
    "label.wrong_encoding": Cause(
        "The labels have values that the loss does not expect",
        "Give a sparse loss whole numbers from 0, a categorical one rows with a single 1, a binary one 0 and 1.",
    ),
    "split.ordered": Cause(
        "The split cuts a list that is sorted by class",
        "Shuffle before the split, and stratify it by class.",
    ),
    "split.not_stratified": Cause(
        "The parts hold clearly different shares of the classes", "Stratify the split by class."
    ),
    "split.leak": Cause(
        "The same pictures are in the training part and in the part that judges",
        "Split first; copies, augmented versions and series belong on one side.",
    ),
    "split.validation_is_training": Cause(
        "The network is judged on the pictures it was trained on",
        "Hold pictures back that are never trained on.",
    ),
    "split.validation_too_small": Cause(
        "There are too few validation pictures to tell good from bad",
        "Hold more pictures back, or use cross-validation.",
    ),
    "prep.unscaled": Cause(
        "Pixels of 0 to 255 go into the network unscaled", "Divide by 255, best inside the network."
    ),
    "prep.double_scaled": Cause("The pixels are scaled twice", "Scale them once."),
    "prep.train_validation_mismatch": Cause(
        "Training and validation pictures are prepared differently", "Use one preparation for all parts."
    ),
    "prep.train_predict_mismatch": Cause(
        "Pictures are prepared differently for prediction than for training",
        "Put the preparation into the network, or into one function that both call.",
    ),
    "prep.wrong_backbone_preprocessing": Cause(
        "The pretrained network gets pixels in another range than it was trained with",
        "Use the preprocessing that belongs to this network.",
    ),
    "prep.destructive_augmentation": Cause(
        "The augmentation destroys what tells the classes apart",
        "Keep only changes that leave the label true.",
    ),
    "prep.augmented_validation": Cause(
        "The validation pictures are augmented, too", "Augment training pictures only."
    ),
    "prep.channel_order": Cause(
        "The axes or colour channels of the pictures are in the wrong order",
        "Bring the array into the order that the network expects.",
    ),
    "prep.size_too_small": Cause(
        "The pictures are shrunk until the difference is gone",
        "Use larger pictures, or cut out the part that matters.",
    ),
    "arch.wrong_output_width": Cause(
        "The number of outputs does not fit the number of classes",
        "Use one output per class, or a single one for two classes.",
    ),
    "arch.linear_only": Cause(
        "There is no activation between the layers: the network can only draw straight lines",
        "Put a ReLU after each hidden layer.",
    ),
    "arch.saturating_activations": Cause(
        "Sigmoid or tanh in every layer lets the gradient vanish", "Use ReLU in the hidden layers."
    ),
    "arch.softmax_inside": Cause("A softmax stands in the middle of the network", "Use ReLU there."),
    "arch.dead_units": Cause(
        "Most units are zero for every picture", "Lower the learning rate, or use a leaky ReLU."
    ),
    "arch.frozen": Cause(
        "The part of the network that should learn is not trained",
        "Make it trainable, and give its parameters to the optimiser.",
    ),
    "arch.batchnorm_mode": Cause(
        "Batch normalisation uses the wrong statistics when the network is judged",
        "Judge in evaluation mode, and leave momentum and axis at their defaults.",
    ),
    "arch.dropout_before_batchnorm": Cause(
        "Dropout right before batch normalisation shifts what that layer has learnt",
        "Put the batch normalisation first, or take the dropout out.",
    ),
    "arch.flatten_explosion": Cause(
        "Flatten makes millions of weights that are bound to places in the picture",
        "Use global pooling in place of Flatten.",
    ),
    "arch.too_small": Cause(
        "The network is too small for the task", "Make it wider or deeper, or start from a pretrained one."
    ),
    "output.softmax_one_unit": Cause(
        "Softmax over a single output always gives 1", "Use a sigmoid, or two outputs."
    ),
    "output.wrong_activation": Cause(
        "The last activation does not give what the loss needs",
        "Use a sigmoid for one output, a softmax for several, or none with a loss on raw scores.",
    ),
    "output.logits_as_probabilities": Cause(
        "The loss expects probabilities but gets raw scores",
        "Tell the loss (from_logits, BCEWithLogits), or add the activation.",
    ),
    "output.double_softmax": Cause(
        "Probabilities go into a loss that applies softmax or sigmoid itself", "Take one of the two away."
    ),
    "loss.does_not_fit_output": Cause(
        "Loss, outputs and labels do not go together", "Use a set of output, loss and labels that match."
    ),
    "loss.regression_loss": Cause("The loss is made for numbers, not for classes", "Use cross-entropy."),
    "loss.bad_reduction": Cause(
        "The home-made loss sums, averages or signs the wrong way", "Use the library's loss."
    ),
    "loss.unstable": Cause(
        "The loss takes a logarithm of zero, or overflows", "Use the library's loss on raw scores."
    ),
    "optimizer.learning_rate_too_high": Cause(
        "The learning rate is too high: the steps overshoot", "Lower it by ten or a hundred times."
    ),
    "optimizer.learning_rate_too_low": Cause(
        "The learning rate is too low: the network hardly moves", "Raise it by ten or a hundred times."
    ),
    "optimizer.too_few_epochs": Cause(
        "Training stops while it is still getting better", "Train for longer, with early stopping."
    ),
    "optimizer.bad_initialisation": Cause(
        "The weights start at values from which nothing can be learnt",
        "Use the library's default initialisation.",
    ),
    "optimizer.unsuitable": Cause(
        "The optimiser or its constants do not suit the task", "Use Adam at its defaults."
    ),
    "optimizer.batch_size": Cause("The batch size does not suit the set", "Use 16 to 64 for a small set."),
    "regularisation.too_strong": Cause(
        "Dropout, penalties or noise keep the network from learning at all", "Lower them, or leave them out."
    ),
    "regularisation.missing": Cause(
        "The network learns the training pictures by heart",
        "Augment, stop early, or start from a pretrained network.",
    ),
    "regularisation.dropout_on_output": Cause("Dropout works on the outputs themselves", "Take it away."),
    "metric.batch_averaged": Cause(
        "A ratio is computed for each batch and averaged: it is not the measure of the whole set",
        "Use a measure that counts over all batches.",
    ),
    "metric.binary_accuracy_for_many_classes": Cause(
        "The accuracy counts every output alone and looks far too good", "Use categorical accuracy."
    ),
    "metric.shuffled_evaluation": Cause(
        "Predictions are compared with labels in another order", "Do not shuffle what is predicted."
    ),
    "metric.class_order": Cause(
        "Class numbers mean something else in the evaluation than in training",
        "Keep one list of classes, with the model.",
    ),
    "metric.wrong_decision": Cause(
        "Scores are turned into classes in the wrong way",
        "Use a threshold for one output, and the largest of several.",
    ),
    "metric.not_reset": Cause(
        "The totals of a measure run on from epoch to epoch", "Set them to zero at the start of each epoch."
    ),
    "metric.accuracy_hides_minority": Cause(
        "Accuracy looks good because one class is common, and hides that the rare one is missed",
        "Report recall and precision of each class.",
    ),
    "loop.missing_zero_grad": Cause(
        "Gradients add up over all batches", "Call zero_grad() before every backward()."
    ),
    "loop.missing_eval_mode": Cause(
        "The network is judged in training mode", "Call eval() before judging and train() before training."
    ),
    "loop.missing_step": Cause("No weight is ever changed", "Call backward() and step() for every batch."),
    "loop.gradient_sign": Cause("The training climbs instead of descending", "Turn the sign."),
    "loop.detached_loss": Cause(
        "The loss is cut off from the network",
        "Compute the loss on the network's own outputs, without detach.",
    ),
}
"""All that can be named."""
