"""Measures the faithfulness of explanations, for ``explanations.json``.

A *method* takes encoded reviews and returns a value in logits for each token; ``methods`` lists the compared ones. Each
of the other modules computes one measure for any method, model and reviews, so tests can use closed forms.
"""
