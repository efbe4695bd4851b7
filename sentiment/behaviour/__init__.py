r"""Behavioural tests of a run, for what a test set of film reviews does not show.

They follow CheckList (Ribeiro et al. 2020, "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList", ACL) and
have its three kinds:

- minimum functionality (``must be``): the label of an unambiguous text;
- invariance (``must not change``): the label stays if a change does not concern the opinion;
- directional expectation (``must move``): the probability moves in the direction in which the opinion was changed.

The templates are in ``minimum_functionality.toml``, ``invariance.toml`` and ``directional_expectation.toml``, and the
words that fill them in ``lexicon.toml``. ``sentences.csv`` has short sentences from six domains, and ``contrast.csv``
pairs of texts of which the construction decides the label. Given unlabelled reviews, changes in how a text is written
(``writing``) are tried on them::

    lexicon, templates -> cases -> checking ->  \
                          sentences -> domains ->  report -> behaviour.json
                                      contrast -> /
    unlabelled reviews, writing -> robustness -> /

``edited.py`` tests a run on reviews that others edited, which are not in the package, and makes ``edited.json``.
"""
