"""How a notification leaves: one visible table of channels."""

import smtplib
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core import mail

from alerts.models import Notification

#: Seconds for each answer of the mail server.
TIMEOUT = 5


class Refused(Exception):
    """It can't be delivered, now or later; the message says why."""


def send(notification: Notification) -> None:
    """Hand the notification over. Raises Refused, SMTPException and OSError."""
    TRANSPORTS[Notification.Channel(notification.channel)](notification)


def send_email(notification: Notification) -> None:
    """Hand an e-mail to the server of EMAIL_URL.

    Raises Refused if the server will never take it (RFC 5321 §4.2.1: 5yz), else what smtplib
    raises.
    """
    message = mail.EmailMultiAlternatives(
        subject=notification.subject,
        body=notification.text,
        to=[notification.address],
        headers=_headers(notification),
        connection=mail.get_connection(timeout=TIMEOUT),
    )
    message.attach_alternative(notification.html, "text/html")
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as problem:
        _refuse_for_good([code for code, _text in problem.recipients.values()], problem)
    except smtplib.SMTPResponseException as problem:
        _refuse_for_good([problem.smtp_code], problem)
    except ValueError as problem:  # An address or a header that no message can have.
        raise Refused(str(problem)) from problem


def _refuse_for_good(codes: list[int], problem: smtplib.SMTPException) -> None:
    """Raise Refused where no code leaves hope; wrong credentials are ours to mend: try again."""
    hopeless = all(500 <= code < 600 for code in codes)
    if hopeless and not isinstance(problem, smtplib.SMTPAuthenticationError):
        raise Refused(str(problem)) from problem
    raise problem


def _headers(notification: Notification) -> dict[str, str]:
    """Return headers by which programs know a doubled message, and gather an incident's."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "kilowatch"
    return {
        "Message-ID": f"<{notification.key}@{host}>",
        "References": f"<i{notification.incident_id}@{host}>",
        "Auto-Submitted": "auto-generated",
        "X-Kilowatch-Try": str(notification.attempts),
    }


TRANSPORTS: dict[Notification.Channel, Callable[[Notification], None]] = {
    Notification.Channel.EMAIL: send_email,
}
