"""E-mail by SMTP, in plain text."""

from __future__ import annotations

import logging
import smtplib
import ssl
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from playhead.printable import printable
from playhead_collector.alerts.receivers.address import Authorities
from playhead_collector.alerts.receivers.message import TITLE, Message, Undelivered
from playhead_collector.alerts.receivers.secret import Secret
from playhead_collector.config import LOOPBACK

log = logging.getLogger(__name__)

_MOST_PUT_OFF = 1000

TEXT = """$summary

why       $why
severity  $severity
owner     $owner
runbook   $runbook
run       $run_id
step      $step_id
alert     $alert_id
project   $project

playhead show $run_id --project $project
"""


def _addresses(given: str) -> tuple[Address, ...]:
    letter = EmailMessage()
    try:
        letter["To"] = given
        header = letter["To"]
    # Its parser has no better word for an address that ends with @.
    except (ValueError, IndexError, HeaderParseError):
        header = None
    if header is None or header.defects or not header.addresses or not all(one.domain for one in header.addresses):
        raise ValueError('it is no address: write "somebody@example.com" or "Name <somebody@example.com>"')
    return tuple(header.addresses)


def _recipient(given: str) -> str:
    _addresses(given)
    return given


def _sender(given: str) -> str:
    if len(_addresses(given)) != 1:
        raise ValueError("it is more than one address, and a message has one sender")
    return given


class Email(BaseModel):
    """A server, and from whom to whom. `security` is "starttls", "tls" from the first byte, or "none" on loopback."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    type: Literal["email"]
    host: str
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: Secret | None = None
    sender: Annotated[str, AfterValidator(_sender)] = Field(alias="from")
    to: list[Annotated[str, AfterValidator(_recipient)]] = Field(min_length=1)
    title: str = TITLE
    text: str = TEXT
    timeout_s: float = Field(default=20, gt=0, le=120)
    ca_cert: Authorities | None = None
    _put_off: dict[tuple[str, str], list[str]] = PrivateAttr(default_factory=dict)
    """Of messages that others have: to whom they are still to go."""

    @model_validator(mode="after")
    def _keeps_its_password(self) -> Self:
        if self.security == "none" and self.password is not None and self.host not in LOOPBACK:
            raise ValueError(
                'with security = "none" the password would go over the network for anyone to read: use "starttls" or '
                '"tls", or a server on this machine'
            )
        return self

    def send(self, message: Message) -> None:
        try:
            with self._connected() as server:
                if self.password is not None:
                    server.login(self.user, self.password.get_secret_value())
                self._hand_over(server, message)
        except smtplib.SMTPResponseException as error:
            raise Undelivered(f"the mail server answered with {error.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(f"the mail server did not take it: {type(error).__name__}") from None

    def _hand_over(self, server: smtplib.SMTP, message: Message) -> None:
        """Whom the server puts off is tried again, without those who have it; whom it refuses for good while others
        have it is told of in the log: it must not keep them from what comes after.
        """
        key = (message.project, message.once)
        wanted = self._put_off.get(key) or [one.addr_spec for given in self.to for one in _addresses(given)]
        try:
            refused = server.send_message(self._letter(message), to_addrs=wanted)
        except smtplib.SMTPRecipientsRefused as error:
            if key not in self._put_off:
                raise
            refused = error.recipients
        later = [to for to, (code, _) in refused.items() if code < 500]
        if len(later) < len(refused):
            log.warning("the mail server refused %d of %d recipients for good", len(refused) - len(later), len(self.to))
        self._put_off.pop(key, None)
        if later:
            while len(self._put_off) >= _MOST_PUT_OFF:
                self._put_off.pop(next(iter(self._put_off)))
            self._put_off[key] = later
            raise Undelivered(f"the mail server put off {len(later)} of {len(self.to)} recipients")

    def _connected(self) -> smtplib.SMTP:
        trust = ssl.create_default_context(cafile=str(self.ca_cert) if self.ca_cert is not None else None)
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=trust)
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        if self.security == "starttls":
            try:
                server.starttls(context=trust)
            except smtplib.SMTPNotSupportedError:
                server.close()
                raise Undelivered("the mail server offers no STARTTLS, and nothing was sent to it") from None
            except BaseException:
                server.close()
                raise
        return server

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage()
        # One line: what a run said must not become a header.
        letter["Subject"] = " ".join(printable(message.filled(self.title)).split())[:200]
        letter["From"] = self.sender
        letter["To"] = ", ".join(self.to)
        letter["Date"] = format_datetime(message.at)
        # The same for each attempt at it; what is about one firing is one thread.
        domain = letter["From"].addresses[0].domain
        letter["Message-ID"] = f"<{message.once}@{domain}>"
        letter["References"] = f"<{message.alert.key}@{domain}>"
        letter.set_content(printable(message.filled(self.text)))
        return letter
