"""A mail server that keeps what it accepted, and stalls or refuses where a test wants it to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

GREETING, ACCEPTED = "greeting", "accepted"


class MailServer(socketserver.ThreadingTCPServer):
    """SMTP on a free port of this machine, as much of it as smtplib needs (RFC 5321)."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.messages: list[EmailMessage] = []
        #: Where to stop answering: before the greeting, or after a message was accepted.
        self.stall = ""
        self.stalled = threading.Event()
        self.closing = threading.Event()
        #: What RCPT TO is answered with.
        self.recipient_reply = "250 ok"

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """What EMAIL_URL must be."""
        return f"smtp://127.0.0.1:{self.port}"

    def keys(self) -> list[str]:
        """Return the Message-IDs of all messages in the order they were accepted."""
        return [message["Message-ID"] for message in self.messages]

    def perhaps_stall(self, point: str) -> None:
        """Say nothing more if this is the point."""
        if self.stall == point:
            self.stalled.set()
            self.closing.wait(60)


class Session(socketserver.StreamRequestHandler):
    """One conversation."""

    server: Any

    def handle(self) -> None:
        """Talk until QUIT or until the other side is gone."""
        self.server.perhaps_stall(GREETING)
        try:
            self.say("220 stub")
            while line := self.rfile.readline():
                verb = line.split(b" ")[0].strip().upper()
                if verb == b"QUIT":
                    self.say("221 bye")
                    return
                self.answer(verb)
        except OSError:  # The client was killed: what these tests are about.
            return

    def answer(self, verb: bytes) -> None:
        """Answer one command."""
        if verb == b"DATA":
            self.say("354 go on")
            self.server.messages.append(message_from_bytes(self.body(), policy=policy.default))
            self.server.perhaps_stall(ACCEPTED)
            self.say("250 kept")
        else:
            self.say(self.server.recipient_reply if verb == b"RCPT" else "250 ok")

    def body(self) -> bytes:
        """Read the message up to the lonely dot."""
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)

    def say(self, text: str) -> None:
        """Send one line."""
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def running() -> Iterator[MailServer]:
    """Run a mail server meanwhile."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join(5)
