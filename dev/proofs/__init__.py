"""Long-running proofs of the whole system: large files, many visitors, the opening time, hostile input, and the API.

A module ``prove_X`` is a command line. Its measurements are in other modules, and ``X_page`` renders the results.
"""
