"""A person at the served app without a browser: speaks Streamlit's protocol over its WebSocket.

Messages are the protocol buffers of the installed Streamlit. A visitor keeps the page's elements by their place, says
again what was filled in, and obeys fragments that rerun by themselves, as the browser's part does.
"""

from __future__ import annotations

import json
import secrets
import time
import urllib.request
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

_COOKIE = "_streamlit_xsrf"
_ENDS = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


class VisitError(Exception):
    """The app did not do what a visitor may expect; the message says what came instead."""


class Visitor:
    """One open page of the app.

    Attributes:
        elements: what stands on the page, by its place.
        fresh: what came since the visitor last did something.
        sent: the moment of that, by ``time.perf_counter``.
        running: whether the page's script is at work.
        redirect: where the app has sent the visitor to log in, empty if nowhere.
    """

    def __init__(self, address: str, page: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Opens a page of the app at ``address``, a URL that may end in a path, and waits until it stands.

        Raises:
            VisitError: the page shows an error, or does not come.
        """
        self.elements: dict[tuple[int, ...], Element] = {}
        self.fresh: list[Element] = []
        self.redirect = ""
        self._address, self._page, self._query = address, page, ""
        self._session = ""
        self._hash = ""  # names the page once the app has said what pages it has
        self._tabs = ""  # the id of the tabs that the server knows of
        self._values: dict[str, WidgetState] = {}
        self._reruns: dict[str, tuple[float, float]] = {}  # fragment -> seconds between two runs, when the next is due
        self._answer: ForwardMsg | None = None
        self._token = _token(address)
        headers, cookie = headers or {}, f"{_COOKIE}={self._token}"
        url = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
        self._socket = connect(
            url,
            subprotocols=["streamlit", self._token],  # type: ignore[list-item]
            additional_headers={**headers, "Cookie": "; ".join(filter(None, [cookie, headers.get("Cookie")]))},
            max_size=None,
            max_queue=None,
        )
        self.rerun()
        self.wait()

    def __enter__(self) -> Visitor:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leaves."""
        self._socket.close()

    def shows(self, text: str) -> bool:
        """Whether a heading, a paragraph or a notice on the page holds this text."""
        return any(text in body(element) for element in self.elements.values())

    def hears(self, text: str) -> bool:
        """Whether such a text has come since the visitor last did something."""
        return any(text in body(element) for element in self.fresh)

    def offers(self, kind: str, label: str) -> bool:
        """Whether a widget of this kind, as ``button``, has this label or one that begins so."""
        return self._widget(kind, label) is not None

    def fill(self, label: str, text: str) -> None:
        """Writes into a text area; the app hears of it with the next press."""
        widget = self.widget("text_area", label)
        self._values[widget.id] = WidgetState(id=widget.id, string_value=text)

    def press(self, label: str) -> None:
        """Presses a button; does not wait."""
        self.rerun(WidgetState(id=self.widget("button", label).id, trigger_value=True))

    def turn_to(self, tab: str) -> None:
        """Opens one of the page's tabs; does not wait.

        Raises:
            VisitError: the page has no tabs that the server knows of.
        """
        if not self._tabs:
            raise VisitError("There are no tabs.")
        self._values[self._tabs] = WidgetState(id=self._tabs, string_value=tab)
        self.rerun()

    def upload(self, name: str, content: bytes) -> None:
        """Gives a file to the page's only uploader; does not wait."""
        request = BackMsg()
        request.file_urls_request.request_id = "upload"
        request.file_urls_request.file_names.append(name)
        [urls] = self._ask(request).file_urls_response.file_urls
        self._put(urls.upload_url, name, content)
        widget = self.widget("file_uploader", "")
        state = WidgetState(id=widget.id)
        state.file_uploader_state_value.uploaded_file_info.add(
            name=name, size=len(content), file_id=urls.file_id, file_urls=urls
        )
        self._values[widget.id] = state
        self.rerun()

    def download(self, label: str) -> bytes:
        """What a download button gives, which may be made only now."""
        button = self.widget("download_button", label)
        url = button.url or self._made(button.deferred_file_id)
        with urllib.request.urlopen(self._address + url) as answer:  # noqa: S310 - as the page's own address
            return bytes(answer.read())

    def rerun(self, *triggers: WidgetState, fragment: str = "") -> None:
        """Lets the script run anew, or one fragment of it; does not wait."""
        message = BackMsg()
        state = message.rerun_script
        state.page_name, state.page_script_hash = ("", self._hash) if self._hash else (self._page, "")
        state.query_string, state.fragment_id, state.is_auto_rerun = self._query, fragment, bool(fragment)
        state.widget_states.widgets.extend([*self._values.values(), *triggers])
        state.context_info.url = f"{self._address}/{self._page}"
        self.sent, self.running, self.fresh = time.perf_counter(), True, []
        self._socket.send(message.SerializeToString())

    def wait(self, done: Callable[[], bool] | None = None, seconds: float = 60) -> float:
        """Waits until something holds, or if nothing is named until the script has ended; gives the seconds it took.

        Raises:
            VisitError: the page shows an error, or it took longer than ``seconds``.
        """
        done = done or (lambda: not self.running)
        end = time.perf_counter() + seconds
        while not done():
            if time.perf_counter() > end:
                raise VisitError("It took too long.")
            self._receive(0.5)
        return time.perf_counter() - self.sent

    def stay(self, seconds: float) -> None:
        """Stays on the page and does nothing."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._receive(left)

    def widget(self, kind: str, label: str) -> Any:
        """A widget's own message, by its kind and the beginning of its label.

        Raises:
            VisitError: the page has none.
        """
        if (found := self._widget(kind, label)) is None:
            raise VisitError(f"There is no {kind} “{label}”.")
        return found

    def _widget(self, kind: str, label: str) -> Any:
        named = [getattr(each, kind) for each in self.elements.values() if each.WhichOneof("type") == kind]
        return next((widget for widget in named if widget.label.startswith(label)), None)

    def _made(self, file: str) -> str:
        """The path of a file that the app makes when asked for it."""
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id, request.session_id, request.deferred_file.file_id = "download", self._session, file
        answer = self._ask(message).backend_operation_response
        if answer.error_msg:
            raise VisitError(answer.error_msg)
        return answer.deferred_file.url

    def _ask(self, request: BackMsg) -> ForwardMsg:
        """The answer to a request that runs no script."""
        self._answer = None
        self._socket.send(request.SerializeToString())
        self.wait(lambda: self._answer is not None)
        assert self._answer is not None
        return self._answer

    def _receive(self, seconds: float) -> None:
        """Takes in one message, if one comes in time, and reruns the fragments that are due."""
        now = time.perf_counter()
        for fragment, (interval, due) in list(self._reruns.items()):
            if due <= now and not self.running:
                self._reruns[fragment] = (interval, now + interval)
                self.rerun(fragment=fragment)
        waking = min([seconds, *(max(0.01, due - now) for _, due in self._reruns.values())])
        try:
            self._take(ForwardMsg.FromString(bytes(self._socket.recv(waking, decode=False))))
        except TimeoutError:
            return
        except ConnectionClosed as error:
            raise VisitError("The server has hung up.") from error

    def _take(self, message: ForwardMsg) -> None:
        if message.new_session.initialize.session_id:
            self._session = message.new_session.initialize.session_id
        match message.WhichOneof("type"):
            case "delta" if message.delta.HasField("new_element"):
                element = message.delta.new_element
                if element.WhichOneof("type") == "exception" or element.alert.format == element.alert.ERROR:
                    raise VisitError(f"The page shows an error: {element.exception.message or element.alert.body}")
                self.elements[tuple(message.metadata.delta_path)] = element
                self.fresh.append(element)
            case "delta" if message.delta.add_block.tab_container.id:
                self._tabs = message.delta.add_block.tab_container.id
            case "new_session" if not message.metadata.run.fragment_ids:
                self.elements.clear()
                self._reruns.clear()
            case "navigation":
                self._hash = message.navigation.page_script_hash
            case "page_info_changed":
                self._query = message.page_info_changed.query_string
            case "auto_rerun":
                every = message.auto_rerun.interval
                self._reruns[message.auto_rerun.fragment_id] = (every, time.perf_counter() + every)
            case "script_finished":
                self.running = message.script_finished not in _ENDS
            case "auth_redirect":
                self.redirect = message.auth_redirect.url
            case "file_urls_response" | "backend_operation_response":
                self._answer = message

    def _put(self, path: str, name: str, content: bytes) -> None:
        boundary = secrets.token_hex(16)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename={json.dumps(name)}\r\n\r\n'
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "X-Xsrftoken": self._token,
            "Cookie": f"{_COOKIE}={self._token}",
        }
        data = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        url = self._address + "/" + path.lstrip("/")
        urllib.request.urlopen(urllib.request.Request(url, data, headers, method="PUT")).close()  # noqa: S310


def body(element: Element) -> str:
    """The text of a heading, a paragraph or a notice; empty for anything else."""
    kind = element.WhichOneof("type")
    return str(getattr(element, kind).body) if kind in ("heading", "markdown", "alert") else ""


def _token(address: str) -> str:
    """The token by which the server knows uploads of its own page from those of others."""
    if urlsplit(address).scheme not in ("http", "https"):
        raise ValueError("the address begins with http:// or https://")
    with urllib.request.urlopen(f"{address}/_stcore/health") as answer:  # noqa: S310 - its scheme has been looked at
        cookies = answer.headers.get_all("Set-Cookie") or []
    return next((each.split("=", 1)[1].split(";")[0] for each in cookies if each.startswith(_COOKIE)), "")
