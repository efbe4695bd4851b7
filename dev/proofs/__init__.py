"""Long-running proofs of the whole system: bulk files, many visitors, the first seconds of the app."""
