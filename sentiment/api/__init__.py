"""The API for programs, an ASGI application that the app serves under ``/api/``; docs/http.md describes it for callers.

A request passes these modules, in this order:

- ``application``: the routes, and the answers to errors; ``build_api`` makes the application.
- ``observed``: gives it an id, logs it in one line without any text, and counts it.
- ``drained``: lets the caller finish sending before an answer.
- ``access``: refuses it unless it comes from this machine or has the token.
- ``bodies``: reads its JSON within bounds of size and time.
- ``schema``: what its JSON may hold, as pydantic models, and the OpenAPI document made from them.
- ``limits``: the bounds, and how many requests are worked on at once.
- ``served_model``: the run that is served.

``metrics`` has the figures for an operator, ``page`` the description that a person can read. ``tally`` counts
predictions and imports nothing, because the app counts its own there before anybody calls the API.
"""
