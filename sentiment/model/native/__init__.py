"""The C kernels, their compilation, and a Python wrapper for each."""
