"""The API for programs, an ASGI application that the app serves under ``/api/``; docs/http.md describes it for callers.

A request passes these modules, in this order:

- ``application``: the routes and the error responses; ``build_api`` builds the application.
- ``observed``: gives it an id, logs it in one line without any text, and counts it.
- ``drained``: lets the caller finish sending before it gets a response.
- ``access``: refuses it unless it comes from this machine or has the token.
- ``bodies``: reads its JSON body, within limits on size and time.
- ``schema``: the bodies of requests and responses as pydantic models, and the OpenAPI document built from them.
- ``limits``: the limits, and the queue that bounds how many requests are worked on at once.
- ``served_model``: the run that is served.

``metrics`` has the metrics for operators, ``page`` the documentation as a web page. ``tally`` counts predictions, those
of the app's pages included. It imports nothing slow, because every page imports it.
"""
