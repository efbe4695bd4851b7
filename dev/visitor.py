"""A visitor of the served app without a browser, who uses Streamlit's protocol over its WebSocket.

Messages are protocol buffers of the installed Streamlit. Like the browser's frontend, a visitor keeps the page's
elements by position, resends the values of widgets, and reruns fragments that have an interval.
"""

from __future__ import annotations

import json
import re
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
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

_EDITOR = "sentiment_editor"  # the component in which a review is typed
_COOKIE = "_streamlit_xsrf"
_MARKUP = re.compile(r":material/\w+:|:[a-z-]+\[|\]")  # icons and colours in a label
_ENDS = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


class VisitError(Exception):
    """Raised if the app does not behave as expected; the message says what happened instead."""


class Visitor:
    """One open page of the app.

    Attributes:
        elements: the elements of the page, by position.
        fresh: the elements received since the visitor's last action.
        sent: the time of that action, by ``time.perf_counter``.
        running: whether the page's script is running.
        redirect: the login address to which the app has redirected the visitor; empty if none.
    """

    def __init__(self, address: str, page: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Opens a page of the app at ``address``, a URL that may end in a path, and waits until it is complete.

        Raises:
            VisitError: the page shows an error, or takes too long.
        """
        self.elements: dict[tuple[int, ...], Element] = {}
        self.fresh: list[Element] = []
        self.redirect = ""
        self._address, self._page, self._query = address, page, ""
        self._session = ""
        self._tabs = ""  # the id of the tabs that the server knows of
        self._expanders: dict[str, str] = {}  # label -> id of the expanders that the server knows of
        self._hash = ""  # identifies the page once the app has sent its list of pages
        self._values: dict[str, WidgetState] = {}
        self._reruns: dict[str, tuple[float, float]] = {}  # fragment -> interval in seconds, time of the next run
        self._fragments: dict[tuple[int, ...], str] = {}  # the fragment of each element that is in one
        self._answer: ForwardMsg | None = None
        self._token = _token(address)
        headers = headers or {}
        self._cookies = "; ".join(filter(None, [f"{_COOKIE}={self._token}", headers.get("Cookie")]))
        url = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
        self._socket = connect(
            url,
            subprotocols=["streamlit", self._token],  # type: ignore[list-item]
            additional_headers={**headers, "Cookie": self._cookies},
            max_size=None,
            max_queue=None,
        )
        self.rerun()
        self.wait()

    def __enter__(self) -> Visitor:
        """Returns itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Closes the connection."""
        self._socket.close()

    def shows(self, text: str) -> bool:
        """Returns whether a heading, paragraph or notice on the page has this text."""
        return any(text in body(element) for element in self.elements.values())

    def received(self, text: str) -> bool:
        """Returns whether an element with this text has arrived since the visitor's last action."""
        return any(text in body(element) for element in self.fresh)

    def has_widget(self, kind: str, label: str) -> bool:
        """Returns whether a widget of this kind, such as ``button``, has a label that reads ``label`` at its start."""
        return self._widget(kind, label) is not None

    def analyse(self, text: str) -> None:
        """Types a text in the editor and asks for its analysis; does not wait.

        Raises:
            VisitError: the page has no editor.
        """
        for place, element in self.elements.items():
            if element.bidi_component.component_name == _EDITOR:
                events = [{"event": "typed", "value": {"text": text, "how": "submit"}}]
                widget = f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{element.bidi_component.id}__events"
                state = WidgetState(id=widget, json_trigger_value=json.dumps(events))
                return self.rerun(state, fragment=self._fragments.get(place, ""))
        raise VisitError("There is no editor.")

    def seconds_to(self, verdict: str, text: str) -> float:
        """Analyses a text and waits for the headline of its verdict; returns the seconds.

        Raises:
            VisitError: the page has no editor or shows an error, or the verdict takes too long.
        """
        self.analyse(text)
        return self.wait(lambda: self.received(verdict))

    def widget_ids(self) -> list[str]:
        """Returns the ids of the page's widgets."""
        found = [getattr(each, each.WhichOneof("type") or "", None) for each in self.elements.values()]
        return [id for widget in found if (id := getattr(widget, "id", ""))]

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

    def expand(self, label: str) -> None:
        """Opens one of the page's expanders; does not wait.

        Raises:
            VisitError: the page has no such expander that the server knows of.
        """
        if label not in self._expanders:
            raise VisitError(f"There is no expander {label}.")
        name = self._expanders[label]
        self._values[name] = WidgetState(id=name, bool_value=True)
        self.rerun()

    def upload(self, name: str, content: bytes) -> None:
        """Uploads a file to the page's only uploader; does not wait."""
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
        """Returns the content of a download button, which the app may create on demand."""
        button = self.widget("download_button", label)
        url = button.url or self._made(button.deferred_file_id)
        request = urllib.request.Request(self._address + url, headers={"Cookie": self._cookies})  # noqa: S310
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - the app's own address
            return bytes(answer.read())

    def rerun(self, *triggers: WidgetState, fragment: str = "", by_itself: bool = False) -> None:
        """Reruns the script, or one fragment of it, possibly without an action of the visitor; does not wait."""
        message = BackMsg()
        state = message.rerun_script
        state.page_name, state.page_script_hash = ("", self._hash) if self._hash else (self._page, "")
        state.query_string, state.fragment_id, state.is_auto_rerun = self._query, fragment, by_itself
        state.widget_states.widgets.extend([*self._values.values(), *triggers])
        state.context_info.url = f"{self._address}/{self._page}"
        self.sent, self.running, self.fresh = time.perf_counter(), True, []
        self._socket.send(message.SerializeToString())

    def wait(self, done: Callable[[], bool] | None = None, seconds: float = 60) -> float:
        """Waits until ``done`` is true, by default until the script has ended; returns the seconds since the action.

        Raises:
            VisitError: the page shows an error, or it takes longer than ``seconds``.
        """
        done = done or (lambda: not self.running)
        end = time.perf_counter() + seconds
        while not done():
            if time.perf_counter() > end:
                raise VisitError(f"The app did not respond within {seconds:g} seconds.")
            self._receive(0.5)
        return time.perf_counter() - self.sent

    def stay(self, seconds: float) -> None:
        """Stays on the page and does nothing."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._receive(left)

    def widget(self, kind: str, label: str) -> Any:
        """Returns a widget's message, by its kind and the start of its label.

        Raises:
            VisitError: the page has no such widget.
        """
        if (found := self._widget(kind, label)) is None:
            raise VisitError(f"There is no {kind} “{label}”.")
        return found

    def _widget(self, kind: str, label: str) -> Any:
        named = [getattr(each, kind) for each in self.elements.values() if each.WhichOneof("type") == kind]
        return next((widget for widget in named if readable(widget.label).startswith(label)), None)

    def _made(self, file: str) -> str:
        """Returns the path of a file that the app creates on demand."""
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id, request.session_id, request.deferred_file.file_id = "download", self._session, file
        answer = self._ask(message).backend_operation_response
        if answer.error_msg:
            raise VisitError(answer.error_msg)
        return answer.deferred_file.url

    def _ask(self, request: BackMsg) -> ForwardMsg:
        """Returns the response to a request that does not run the script."""
        self._answer = None
        self._socket.send(request.SerializeToString())
        self.wait(lambda: self._answer is not None)
        assert self._answer is not None
        return self._answer

    def _receive(self, seconds: float) -> None:
        """Receives at most one message within ``seconds``, and reruns the fragments that are due."""
        now = time.perf_counter()
        for fragment, (interval, due) in list(self._reruns.items()):
            if due <= now and not self.running:
                self._reruns[fragment] = (interval, now + interval)
                self.rerun(fragment=fragment, by_itself=True)
        timeout = min([seconds, *(max(0.01, due - now) for _, due in self._reruns.values())])
        try:
            self._process(ForwardMsg.FromString(bytes(self._socket.recv(timeout, decode=False))))
        except TimeoutError:
            return
        except ConnectionClosed as error:
            raise VisitError("The server has closed the connection.") from error

    def _process(self, message: ForwardMsg) -> None:
        if message.new_session.initialize.session_id:
            self._session = message.new_session.initialize.session_id
        match message.WhichOneof("type"):
            case "delta" if message.delta.HasField("new_element"):
                element = message.delta.new_element
                if element.WhichOneof("type") == "exception" or element.alert.format == element.alert.ERROR:
                    raise VisitError(f"The page shows an error: {element.exception.message or element.alert.body}")
                place = tuple(message.metadata.delta_path)
                self.elements[place], self._fragments[place] = element, message.delta.fragment_id
                self.fresh.append(element)
            case "delta" if message.delta.add_block.tab_container.id:
                self._tabs = message.delta.add_block.tab_container.id
            case "delta" if message.delta.add_block.expandable.id:
                expander = message.delta.add_block.expandable
                self._expanders[expander.label] = expander.id
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
            "Cookie": self._cookies,
        }
        data = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        url = self._address + "/" + path.lstrip("/")
        urllib.request.urlopen(urllib.request.Request(url, data, headers, method="PUT")).close()  # noqa: S310


def body(element: Element) -> str:
    """Returns the text of a heading, paragraph or notice, or the data of a component; empty for other elements."""
    kind = element.WhichOneof("type")
    if kind == "bidi_component":
        return json.dumps(json.loads(element.bidi_component.json or "null"), ensure_ascii=False)
    return str(getattr(element, kind).body) if kind in ("heading", "markdown", "alert") else ""


def readable(label: str) -> str:
    """Returns a label as people read it, without icons and colours."""
    return _MARKUP.sub("", label).strip()


def _token(address: str) -> str:
    """Returns the token that protects uploads against cross-site request forgery."""
    if urlsplit(address).scheme not in ("http", "https"):
        raise ValueError("the address must start with http:// or https://")
    with urllib.request.urlopen(f"{address}/_stcore/health") as answer:  # noqa: S310 - its scheme is checked
        cookies = answer.headers.get_all("Set-Cookie") or []
    return next((each.split("=", 1)[1].split(";")[0] for each in cookies if each.startswith(_COOKIE)), "")
