r"""Behavioural tests of a run, for capabilities that a test set of film reviews does not measure.

They follow CheckList (Ribeiro et al. 2020, "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList", ACL) and
have its three kinds:

- minimum functionality (``must be``): the label of an unambiguous text;
- invariance (``must not change``): the label is unchanged by a change that does not affect the opinion;
- directional expectation (``must move``): the probability moves in the direction in which the opinion was changed.

The templates are in ``minimum_functionality.toml``, ``invariance.toml`` and ``directional_expectation.toml``, and their
words in ``lexicon.toml``. ``sentences.csv`` has short sentences from six domains. ``contrast.csv`` has pairs of texts
with opposite labels that depend on the construction. Robustness to typing and encoding (``writing``) is tested on
unlabelled reviews::

    lexicon, templates -> cases -> checking ->  \
                          sentences -> domains ->  report -> behaviour.json
                                      contrast -> /
    unlabelled reviews, writing -> robustness -> /

``edited.py`` tests a run on pairs of original and edited reviews, which are not in the package, for ``edited.json``.
"""
