"""Adapts a run to a user's own labels, and estimates figures of a file from them; without TensorFlow or Streamlit.

``estimates``  the share of positive rows and the accuracy in a whole file, from rows labelled at random
``head``       a new last layer from labels, with cross-validated metrics and a verdict; milliseconds
``cost``       the accuracy of the new layer on the run's validation reviews
``curve``      the learning curve over the labels, with simple baselines
``labelled``   one row and one label for each distinct text
``from_file``  adapts a run to the labels of a scored file
``run``        writes an adapted run, with its model card

Usage by a page or a command::

    states = pooled_states(classifier, texts)             # sentiment.evaluation.states; once for all rows of a file
    rows, labels = distinct(texts_labelled, labels)       # positions in texts_labelled, and a label for each
    start = Head.of(classifier)
    found = adapt(states_labelled[rows], labels, start)   # an Adaptation, or None without two labels of each class
    found.adopted, found.reason                           # the verdict, and a sentence to show
    found.before, found.after, found.interval             # cross-validated Figures; interval of the difference
    found.head.positive(states) != start.positive(states) # rows of the file whose label changes
    validation_cost(run, start, found.head)               # a Cost, or None if the run has no stored states
    learning_curve(states_labelled[rows], labels, texts, start)   # list[Point]; advice(points) is a sentence
    labelled = Labelled(reviews=reviews_of(texts, labels), source=Source("labels given in the app", sha256, ...))
    facts = report(run, start, found, labelled, states_labelled[rows], balanced=False)      # adaptation.json
    write(folder, run, classifier, found, labelled, states_labelled[rows], facts, command="", seconds=1.0)

A ``Head`` scores pooled states: ``logits``, ``probabilities``, ``positive``. ``Attributor(found.head.in_weights(
classifier.weights), classifier.preprocessor.max_length)`` computes contributions that add up to its logit.
"""
