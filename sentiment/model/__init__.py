"""The network in all its implementations, its decision rule and its attribution.

All implementations compute the same LSTM. Those in float32 agree up to rounding; those in int8 (``--fast``) are
approximations. Tests compare them. ``single_review`` chooses between ``session`` and ``native.lstm``.

==================  ============================  ===============================================================
module              used for                      why it exists
==================  ============================  ===============================================================
``weights``         writing a run, reading its    The ONNX graph is written node by node: Keras' exporter turns a
                    weights                       masked or bidirectional LSTM into a loop, or loses lengths.
``session``         several reviews at once;      ONNX Runtime runs that graph, the reference for every score. It
                    ``score.py --text``           also scores single reviews if ``native.lstm`` is unavailable.
``native.lstm``     one review, if compiled       A step is too small for library calls: C takes 2.5 to 3.4 ms
                                                  for 400 tokens. The unit count must suit the vector width.
``lookup_session``  files                         Looks up a token's input to the gates instead of computing it,
                                                  which halves the work; int8 if ``native.batch`` is unavailable.
``native.batch``    files with ``--fast``         int8 in C, for processors with AMX or AVX-512 VNNI and models
                                                  with a multiple of 64 units.
``numpy_lstm``      explanations                  Attribution needs every intermediate state and a backward pass;
                                                  for a single review in float32 ``native.lstm`` runs both.
==================  ============================  ===============================================================

``training/networks.py`` builds the Keras model; ``training/export.py`` checks that Keras and ONNX agree.
"""
