"""Training: the only part of the program that imports TensorFlow. Importing it registers the layers of model.keras."""

from sentiment.training import layers as layers
