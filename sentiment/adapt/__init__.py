"""Teaches a run by labels of a user's own, and estimates what they say of a file; without TensorFlow or Streamlit.

``estimates``  the share of positive rows and the accuracy in a whole file, from rows labelled at random
``head``       a new last layer from labels, with figures of texts held out and a verdict; milliseconds
``cost``       what the new layer costs on the reviews that the run was validated on
``curve``      the learning curve over what is labelled, beside simple baselines
``labelled``   one row and one label for each distinct text
``run``        writes an adapted run, with its card

A page or a command calls them so::

    states = pooled_states(classifier, texts)             # sentiment.evaluation.states; once for all rows of a file
    rows, labels = distinct(texts_labelled, labels)       # positions in texts_labelled, and a label for each
    start = Head.of(classifier)
    found = adapt(states_labelled[rows], labels, start)   # an Adaptation, or None without two labels of each class
    found.adopted, found.reason                           # the verdict, and a sentence to show
    found.before, found.after, found.interval             # Figures of texts held out; the interval of the difference
    found.head.positive(states) != start.positive(states) # which rows of the file change side
    validation_cost(run, start, found.head)               # a Cost, or None if the run has no stored states
    learning_curve(states_labelled[rows], labels, texts, start)   # list[Point]; advice(points) is a sentence
    labelled = Labelled(reviews=reviews_of(texts, labels), source=Source("labels given in the app", sha256, ...))
    facts = report(run, start, found, labelled, states_labelled[rows], balanced=False)      # adaptation.json
    write(folder, run, classifier, found, labelled, states_labelled[rows], facts, command="", seconds=1.0)

A ``Head`` scores pooled states: ``logits``, ``probabilities``, ``positive``. Contributions of a text under it come
from ``Attributor(found.head.in_weights(classifier.weights), classifier.preprocessor.max_length)``; they add up to the
new logit.
"""
