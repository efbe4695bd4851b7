"""Training: the only part of the program that imports TensorFlow."""
