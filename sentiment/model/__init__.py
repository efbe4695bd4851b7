"""The network in every form it runs in, its decision and its attribution.

All forms compute one LSTM and agree up to rounding; the tests hold each to the others.

==================  =============================  ==============================================================
module              runs when                      why it exists
==================  =============================  ==============================================================
``weights``         a run is written or loaded     The ONNX graph is written node by node: Keras' exporter turns
                                                   a masked or bidirectional LSTM into a loop, or loses lengths.
``session``         several reviews at once        ONNX Runtime runs that graph, the reference for every score.
``native.lstm``     one review                     A single step is too small for calls of a library: C takes
                                                   2.5 to 3.4 ms for 400 tokens.
``lookup_session``  files                          A token's share of the gates is looked up, not computed, which
                                                   halves the work; int8 with ``--fast``.
``native.batch``    files with ``--fast``          The int8 form in C, on processors with AMX or AVX-512 VNNI.
``numpy_lstm``      explanations                   Attribution needs every intermediate state, and a backward
                                                   pass; for one review ``native.lstm`` does both if compiled.
==================  =============================  ==============================================================

Training has the Keras form in ``training/networks.py``; ``training/export.py`` proves that Keras and ONNX agree.
"""
