"""The proof of the API: its texts, its measurements, and a check of every answer."""

from __future__ import annotations

import json

import pytest

from dev.proofs import prove_api


def test_a_request_has_the_stated_number_of_distinct_texts():
    assert len(set(prove_api.texts())) == prove_api.TEXTS


@pytest.mark.process
def test_requests_are_compared_with_the_engine_and_measured_during_a_visit(address, served_runs, monkeypatch):
    monkeypatch.setattr(prove_api, "TEXTS", 20)
    run = served_runs / "tiny"
    compared = prove_api.compare(address, run, 2)
    assert compared["api"]["n"] == compared["engine"]["n"] == 2
    assert compared["ratio"] == pytest.approx(compared["api"]["median"] / compared["engine"]["median"])
    content = json.dumps({"texts": prove_api.texts()}).encode()
    with_requests = prove_api.visit(address, run, 4, [content])
    assert with_requests["requests"] > 0
    assert 0 < with_requests["n"] <= 9  # one each half second
    assert prove_api.visit(address, run, 0.6)["requests"] == 0


def test_an_answer_without_all_texts_is_an_error(address):
    with pytest.raises(RuntimeError, match="left texts out"):
        prove_api.request(address, b'{"texts": ["a film"]}')
