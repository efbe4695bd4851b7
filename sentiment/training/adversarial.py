"""Training against the worst small push to the embeddings (Miyato et al. 2017, section 3, adversarial training)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import keras
import tensorflow as tf

from sentiment.vocabulary import PAD


class AdversarialNetwork(keras.Model):
    """A network that learns from each batch twice: as it is, and with its embeddings pushed to where the loss rises.

    The push goes along the gradient of the loss. Its norm over a whole review is ``push`` times the root mean square
    norm of a token's embedding in the batch, so that it needs no normalised embeddings. Each pass draws a dropout of
    its own. Only the first counts in the metrics. For networks that know the lengths of reviews themselves: a Keras
    mask does not get past the push.

    Args:
        push: see above; about 0.3 is the paper's 5 on normalised embeddings of 256.
    """

    def __init__(self, *arguments: Any, push: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.push = push

    @cached_property
    def _after_embedding(self) -> keras.Model:
        """The network from the ids and their embeddings on."""
        return keras.Model([self.inputs[0], self.get_layer("embedding").output], self.outputs)

    def train_step(self, data: tuple[tf.Tensor, ...]) -> dict[str, tf.Tensor]:
        """One step of the optimizer along the sum of both gradients."""
        ids, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
        embedding = self.get_layer("embedding")
        weights = [variable.value for variable in self.trainable_variables]
        with tf.GradientTape() as tape:
            embedded = embedding(ids)
            probabilities = self._after_embedding([ids, embedded], training=True)
            loss = self.compute_loss(ids, targets, probabilities)
        slope, *gradients = tape.gradient(loss, [embedded, *weights])
        push = worst_push(ids, embedded, slope, self.push)
        with tf.GradientTape() as tape:
            pushed = self._after_embedding([ids, embedding(ids) + push], training=True)
            pushed_loss = self.compute_loss(ids, targets, pushed)
        both = [
            tf.convert_to_tensor(first) + tf.convert_to_tensor(second)
            for first, second in zip(gradients, tape.gradient(pushed_loss, weights), strict=True)
        ]
        self.optimizer.apply(both, self.trainable_variables)
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(ids)[0])
        return self.compute_metrics(ids, targets, probabilities)


def worst_push(ids: tf.Tensor, embedded: tf.Tensor, slope: tf.Tensor, push: float) -> tf.Tensor:
    """<float32>[batch, time, embedding], along ``slope``, its norm in each review as ``AdversarialNetwork`` has it.

    Args:
        ids: <int32>[batch, time]
        embedded: <float32>[batch, time, embedding]
        slope: same shape, the gradient of the loss.
        push: the norm, in root mean square norms of a token's embedding.
    """
    tokens = tf.cast(ids != PAD, tf.float32)
    squares = tf.reduce_sum(tokens * tf.reduce_sum(embedded * embedded, 2)) / tf.reduce_sum(tokens)
    norm = tf.sqrt(tf.reduce_sum(slope * slope, [1, 2], keepdims=True))
    return tf.stop_gradient(push * tf.sqrt(squares) * slope / tf.maximum(norm, 1e-12))
