"""Checks that the words with the largest contributions are the words that matter, for ``explanations.json``.

A *method* takes encoded reviews and returns a value per token in logit units; ``methods`` lists those compared. Each
of the other modules computes one kind of evidence for any method, scores and reviews, so tests can use closed forms.
"""
