"""The proof of the API measures what it says it does."""

from __future__ import annotations

import json

import pytest

from dev.proofs import prove_api


def test_the_texts_are_as_many_as_a_request_has_and_all_different():
    assert len(set(prove_api.texts())) == prove_api.TEXTS


@pytest.mark.process
def test_requests_are_compared_with_the_engine_and_measured_during_a_visit(address, served_runs, monkeypatch):
    monkeypatch.setattr(prove_api, "TEXTS", 20)
    run = served_runs / "tiny"
    compared = prove_api.compare(address, run, 2)
    assert compared["api"]["n"] == compared["engine"]["n"] == 2
    assert compared["ratio"] == pytest.approx(compared["api"]["median"] / compared["engine"]["median"])
    content = json.dumps({"texts": prove_api.texts()}).encode()
    beside = prove_api.visit(address, run, 1.5, [content])
    assert beside["requests"] > 0
    assert 0 < beside["n"] <= 4
    assert prove_api.visit(address, run, 0.6)["requests"] == 0


def test_an_answer_that_leaves_texts_out_is_noticed(address):
    with pytest.raises(RuntimeError, match="left texts out"):
        prove_api.request(address, b'{"texts": ["a film"]}')
