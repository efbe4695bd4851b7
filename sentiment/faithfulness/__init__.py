"""Whether the words an explanation points at are the words that matter: the checks behind ``explanations.json``.

A *method* takes encoded reviews and gives each token a value in logit units; ``methods`` lists those compared. The
other modules hold one kind of evidence each, for any method, any scores and any reviews, so that tests can run them
on closed forms.
"""
