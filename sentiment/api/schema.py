"""The API's requests and responses as pydantic models, and the OpenAPI document built from them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

import sentiment
from sentiment.api.limits import REQUEST_CHARACTERS, REQUEST_TEXTS
from sentiment.budget import TEXT_CHARACTERS
from sentiment.types import Confidence, Label, Status

_REFERENCES = "#/components/schemas/{model}"
_OPENMETRICS = "application/openmetrics-text"


def _check_text(text: str) -> str:
    if len(text) > TEXT_CHARACTERS:
        raise ValueError(f"A text may have {TEXT_CHARACTERS:,} characters at most.")
    return text


def _check_texts(texts: list[str]) -> list[str]:
    if len(texts) > REQUEST_TEXTS:
        raise ValueError(f"A request may have {REQUEST_TEXTS:,} texts at most.")
    if sum(map(len, texts)) > REQUEST_CHARACTERS:
        raise ValueError(f"The texts of a request may have {REQUEST_CHARACTERS:,} characters at most.")
    return texts


_Text = Annotated[str, AfterValidator(_check_text)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class PredictRequest(_Strict):
    """Reviews to score."""

    texts: Annotated[list[_Text], AfterValidator(_check_texts)] = Field(
        description=f"The reviews: at most {REQUEST_TEXTS:,}, with at most {TEXT_CHARACTERS:,} characters each and "
        f"{REQUEST_CHARACTERS:,} in total.",
        examples=[["A joy from the first frame to the last.", "Two dull hours."]],
    )


class ExplainRequest(_Strict):
    """A review to explain."""

    text: _Text = Field(
        description=f"The review, with at most {TEXT_CHARACTERS:,} characters.",
        examples=["Not bad, but far too long."],
    )


class Prediction(BaseModel):
    """The score of a text."""

    label: Label | None = Field(description="The predicted label; null if the text has no words.")
    probability: float | None = Field(description="The calibrated probability of positive, from 0 to 1.")
    logit: float | None = Field(description="The model's uncalibrated score.")
    confidence: Confidence | None = Field(description="How certain the label is.")
    status: Status = Field(description="Whether and how far the text was read.")
    tokens_read: int = Field(description="The number of tokens that the model read.")
    tokens_total: int = Field(description="The number of tokens in the text.")
    unknown_rate: float = Field(description="The share of unknown tokens among those read.")


class Contribution(BaseModel):
    """What one token adds to the score."""

    token: str = Field(description="The token as it is written.")
    start: int = Field(description="The offset of its first character in the text.")
    end: int = Field(description="The offset after its last character.")
    value: float = Field(description="Its contribution, in logits.")


class Explanation(Prediction):
    """The score of a text and the contribution of each token."""

    baseline_logit: float = Field(description="The score of the baseline, to which the contributions are added.")
    residual: float = Field(description="The numerical error: logit minus baseline_logit and all contributions.")
    contributions: list[Contribution] = Field(description="One for each token read, in text order.")


class PredictResponse(BaseModel):
    """The scores, in the order of the texts."""

    predictions: list[Prediction]
    run: str = Field(description="The name of the model.")


class Ready(BaseModel):
    """Whether the model loads and scores a sentence."""

    ready: bool
    run: str | None = Field(default=None, description="The name of the model.")
    error: str | None = Field(default=None, description="Why it is not ready.")


class Error(BaseModel):
    """Why a request was not answered."""

    error: str = Field(description="What is wrong, in one sentence.")


_MODELS = (PredictRequest, PredictResponse, ExplainRequest, Explanation, Ready, Error)
_STATUSES = {
    "400": "The body is not valid JSON.",
    "401": "The token is missing or wrong.",
    "403": "Without a token: the request is not from this machine, is from another website, or login is on.",
    "408": "The body arrived too slowly.",
    "413": "The body or a text is too long, or there are too many texts.",
    "415": "The content type is not application/json.",
    "422": "A field is missing, unknown or of the wrong type.",
    "503": "The server is busy, or its model cannot be used.",
}


def openapi(path: str) -> dict[str, Any]:
    """Returns the OpenAPI document for an API that is served at a path such as ``/api``."""
    _, definitions = models_json_schema([(model, "validation") for model in _MODELS], ref_template=_REFERENCES)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sentiment",
            "version": sentiment.__version__,
            "description": "Classifies movie reviews as positive or negative, and shows which words decided.",
        },
        "servers": [{"url": path}],
        "security": [{}, {"token": []}],
        "paths": {
            "/predict": {"post": _post("Score reviews", PredictRequest, PredictResponse)},
            "/explain": {"post": _post("Explain the score of a review", ExplainRequest, Explanation)},
            "/ready": {
                "get": {
                    "summary": "Check that the model loads and scores a sentence",
                    "responses": {
                        "200": _json("The model is ready.", Ready),
                        "503": _json("The model is not ready.", Ready),
                    },
                }
            },
            "/metrics": {
                "get": {
                    "summary": "Metrics for operators, as OpenMetrics",
                    "responses": {"200": {"description": "The metrics.", "content": {_OPENMETRICS: {}}}},
                }
            },
        },
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _post(summary: str, request: type[BaseModel], response: type[BaseModel]) -> dict[str, Any]:
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": _content(request)},
        "responses": {
            "200": _json(response.__doc__ or "", response),
            **{status: _json(meaning, Error) for status, meaning in _STATUSES.items()},
        },
    }


def _json(description: str, model: type[BaseModel]) -> dict[str, Any]:
    return {"description": description, "content": _content(model)}


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFERENCES.format(model=model.__name__)}}}
