"""Teaches a run by labels of a user's own, and estimates what they say of a file; without TensorFlow or Streamlit.

``estimates``: the share of positive rows and the accuracy in a whole file, from rows labelled at random.
"""
