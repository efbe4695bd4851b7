"""Tools for maintainers: benchmarks, proofs, generated documents, screenshots. Not part of the installed package."""
