"""Long proofs of a whole system: bulk files, many visitors, the first seconds of the app."""
