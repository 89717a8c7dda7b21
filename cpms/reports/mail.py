"""What a subscriber gets: a short text, the files or a link to them, and their hashes."""

import smtplib
from dataclasses import dataclass

from django.conf import settings
from django.core import mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from alerts.messages import one_line, printable
from alerts.transports import TIMEOUT, Refused
from cpms.reports import storage
from cpms.reports.kinds import words
from cpms.reports.kinds.about import cutoff
from cpms.reports.models import Delivery, Format, Report, ReportFile
from cpms.reports.order import Order

#: Bytes of all attachments together; what is more is linked to. Many servers take 10 MB.
MOST_ATTACHED = 6 << 20
TYPES = {
    Format.PDF: "application/pdf",
    Format.CSV: "text/csv",
    Format.JSON: "application/json",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it goes out."""

    subject: str
    text: str
    html: str
    attached: tuple[ReportFile, ...]


def compose(report: Report, order: Order) -> Letter:
    """Write the message about a finished report, in its language."""
    files = list(report.files.order_by("pk"))
    whole = sum(file.size for file in files)
    attached = tuple(files) if whole <= MOST_ATTACHED else ()
    with translation.override(report.language):
        context = {
            "title": one_line(report.title), "organisation": one_line(order.organisation.name),
            "files": files, "attached": bool(attached), "cutoff": cutoff(order),
            "window": words.window(report.first, report.end), "version": report.version,
            "url": link(report),
        }  # fmt: skip
        return Letter(
            one_line(f"{report.title} – {order.organisation.name}")[:200],
            printable(render_to_string("reports/mail/report.txt", context)),
            render_to_string("reports/mail/report.html", context),
            attached,
        )


def link(report: Report) -> str:
    """Return the report's address as people reach it."""
    return settings.PUBLIC_URL + reverse("report", args=[report.pk])


def send(delivery: Delivery) -> None:
    """Hand the report to the server of EMAIL_URL. Raises Refused, SMTPException and OSError."""
    from cpms.reports.making import order_of  # noqa: PLC0415 it sends what that one makes

    report = delivery.report
    assert report.cutoff_at is not None
    letter = compose(report, order_of(report, report.cutoff_at))
    message = _message(letter, delivery.address, delivery.key)
    for file in letter.attached:
        content = b"".join(storage.content(file))
        message.attach(file.name, content, TYPES[Format(file.format)])
    hand_over(message)


def send_trial(address: str, organisation: str, title: str) -> None:
    """Send a message that only shows that messages arrive. Raises as `send` does."""
    text = _(
        "This is a trial: reports “%(title)s” of %(organisation)s will come to this address."
    ) % {"title": title, "organisation": organisation}
    subject = one_line(_("Trial: %s") % title)[:200]
    key = f"trial-{abs(hash((address, title))) % 10**12}"
    hand_over(_message(Letter(subject, printable(text), "", ()), address, key))


def _message(letter: Letter, address: str, key: str) -> mail.EmailMultiAlternatives:
    host = settings.PUBLIC_URL.split("//", 1)[-1].split(":", 1)[0] or "kilowatch"
    headers = {"Message-ID": f"<{key}@{host}>", "Auto-Submitted": "auto-generated"}
    message = mail.EmailMultiAlternatives(
        letter.subject, letter.text, to=[address], headers=headers,
        connection=mail.get_connection(timeout=TIMEOUT),
    )  # fmt: skip
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    return message


def hand_over(message: mail.EmailMultiAlternatives) -> None:
    """Give it to the server; Refused where it never takes it (RFC 5321 §4.2.1: 5yz)."""
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as problem:
        if all(500 <= code < 600 for code, _text in problem.recipients.values()):
            raise Refused(str(problem)) from problem
        raise
    except smtplib.SMTPAuthenticationError:
        raise
    except smtplib.SMTPResponseException as problem:
        if 500 <= problem.smtp_code < 600:
            raise Refused(str(problem)) from problem
        raise
    except ValueError as problem:  # An address or a header that no message can have.
        raise Refused(str(problem)) from problem
