"""Tools for maintainers: benchmarks, proofs, generated documents. Not part of the installed package."""
