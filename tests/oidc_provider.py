"""An OpenID Connect provider on loopback that logs everyone in as the same person, without a password."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, quote, urlsplit


@contextmanager
def provider(port: int) -> Iterator[str]:
    """Serves the provider; yields the address of its metadata."""
    from joserfc import jwk, jwt

    issuer = f"http://127.0.0.1:{port}"
    key = jwk.RSAKey.generate_key(2048, {"kid": "only"})
    nonces: dict[str, str] = {}  # by authorization code

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = parse_qs(address.query)
            match address.path:
                case "/.well-known/openid-configuration":
                    self.answer(_metadata(issuer))
                case "/keys":
                    self.answer({"keys": [key.as_dict(private=False)]})
                case "/authorize":
                    code = f"code-{len(nonces)}"
                    nonces[code] = query["nonce"][0]
                    self.send_response(302)
                    back = f"{query['redirect_uri'][0]}?code={code}&state={quote(query['state'][0])}"
                    self.send_header("Location", back)
                    self.end_headers()

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            claims = _claims(issuer, nonces.pop(form["code"][0]))
            token = jwt.encode({"alg": "RS256", "kid": "only"}, claims, key)
            self.answer({"access_token": "opaque", "token_type": "Bearer", "expires_in": 600, "id_token": token})

        def answer(self, content: dict[str, object]) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{issuer}/.well-known/openid-configuration"
    finally:
        server.shutdown()
        server.server_close()


def _metadata(issuer: str) -> dict[str, object]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def _claims(issuer: str, nonce: str) -> dict[str, object]:
    now = int(time.time())
    person = {"sub": "1", "name": "Ada", "email": "ada@example.org"}
    return {"iss": issuer, "aud": "the-app", **person, "iat": now, "exp": now + 600, "nonce": nonce}
