"""The C kernels: how they are built, and one Python wrapper for each."""
