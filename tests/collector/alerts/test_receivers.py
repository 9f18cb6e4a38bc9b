"""What receivers are told, over real sockets, and what they are when they are not there."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import ssl
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from tests.collector.alerts.asking import shipped
from tests.collector.alerts.receiving import Told, mail_server, receiving

from playhead.errors import UsageError
from playhead_collector.alerts.alert import Alert, State
from playhead_collector.alerts.receivers.message import Message, Undelivered
from playhead_collector.alerts.receivers.post import post
from playhead_collector.alerts.settings import Receiver, read_settings

AT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


def message(state: State = State.FIRING) -> Message:
    alert = Alert(
        alert_id="a1",
        rule="repeated_call",
        severity="warning",
        group=(("run_id", "f" * 32), ("tool", "get_order")),
        state=state,
        changed_at=AT,
        pending_at=AT,
        fired_at=AT,
        seen_at=AT,
        value=7,
        summary="<!channel> get_order was called 7 times",
        labels={"agent": "support", "service": "desk"},
        evidence=(("f" * 32, "b" * 16),),
        announced=True,
    )
    return Message(alert, int(AT.timestamp() * 1e6), shipped("repeated_call"), "shop")


def receiver(folder: Path, text: str) -> Receiver:
    (folder / "alerts.toml").write_text(f"[receivers.one]\n{text}\n")
    return read_settings(folder / "alerts.toml").receivers["one"]


def told(folder: Path, settings: str, state: State = State.FIRING) -> Told:
    with receiving() as there:
        receiver(folder, settings.replace("URL", there.url)).send(message(state))
        (told,) = there.told
    return told


def test_a_webhook_is_signed_over_its_time_and_body_and_a_repetition_has_the_same_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "a secret of both sides")
    settings = 'type = "webhook"\nurl = "URL"\nsecret = "$HOOK_SECRET"\nheaders = { X-Team = "agents" }'
    first, again = told(tmp_path, settings), told(tmp_path, settings)
    stamp, given = first.headers["X-Playhead-Signature"].split(",")
    signed = stamp.removeprefix("t=").encode() + b"." + first.body
    assert given == "v1=" + hmac.new(b"a secret of both sides", signed, hashlib.sha256).hexdigest()
    assert first.headers["X-Team"] == "agents"
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"] == message().once
    body = first.json
    assert (body["status"], body["rule"], body["value"]) == ("firing", "repeated_call", 7)
    assert body["runs"] == [{"run_id": "f" * 32, "step_id": "b" * 16}]
    assert body["group"] == {"run_id": "f" * 32, "tool": "get_order"}
    assert (body["fired_at"], body["resolved_at"]) == ("2026-11-21T20:00:00+00:00", None)


def test_a_chat_gets_a_template_with_the_words_in_it_and_nobody_is_called_by_what_a_run_said(tmp_path: Path) -> None:
    body = told(tmp_path, 'type = "slack"\nurl = "URL"\ntitle = "$severity: $rule_title in $agent"').json
    assert body["text"] == f"warning: {shipped('repeated_call').title} in support"
    (attached,) = body["attachments"]
    assert attached["text"] == "&lt;!channel&gt; get_order was called 7 times"
    assert {"title": "tool", "value": "get_order", "short": True} in attached["fields"]


def test_pagerduty_is_told_of_beginning_and_end_under_one_key(tmp_path: Path) -> None:
    settings = 'type = "pagerduty"\nurl = "URL"\nrouting_key = "0123456789"'
    began, ended = told(tmp_path, settings).json, told(tmp_path, settings, State.RESOLVED).json
    assert (began["event_action"], ended["event_action"]) == ("trigger", "resolve")
    assert began["dedup_key"] == ended["dedup_key"] == message().alert.key
    assert (began["payload"]["severity"], began["payload"]["source"]) == ("warning", "desk")
    assert began["routing_key"] == "0123456789"


def test_alertmanager_is_told_of_one_alert_by_its_group_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    settings = 'type = "alertmanager"\nurl = "URL"'
    (began,), (ended,) = told(tmp_path, settings).json, told(tmp_path, settings, State.RESOLVED).json
    assert began["labels"] == ended["labels"]
    assert began["labels"]["alertname"] == "repeated_call"
    assert (began["startsAt"], began["endsAt"]) == ("2026-11-21T20:00:00+00:00", "2026-11-28T20:00:00+00:00")
    assert ended["endsAt"] == "2026-11-21T20:00:00+00:00"


def test_a_letter_goes_to_a_mail_server_and_what_a_run_said_is_no_header(tmp_path: Path) -> None:
    with mail_server() as there:
        settings = f'type = "email"\nhost = "127.0.0.1"\nport = {there.port}\nsecurity = "none"'
        settings += '\nfrom = "playhead@example.com"\nto = ["a@example.com", "b@example.com"]\ntitle = "$summary"'
        sent = message()
        evil = replace(sent.alert, summary="seven\r\nBcc: everybody@example.com")
        receiver(tmp_path, settings).send(replace(sent, alert=evil))
    (letter,) = there.letters
    assert there.recipients == ["a@example.com", "b@example.com"]
    assert letter["Bcc"] is None
    assert letter["Subject"] == "seven\\x0d Bcc: everybody@example.com"
    assert letter["Message-ID"] == f"<{sent.once}@example.com>"
    assert f"playhead show {'f' * 32}" in letter.get_content()


def test_a_letter_may_be_from_somebody_with_a_name(tmp_path: Path) -> None:
    with mail_server() as there:
        settings = f'type = "email"\nhost = "127.0.0.1"\nport = {there.port}\nsecurity = "none"'
        settings += '\nfrom = "Playhead Alerts <alerts@example.com>"\nto = ["Ops <ops@example.com>"]'
        receiver(tmp_path, settings).send(message())
    (letter,) = there.letters
    assert there.recipients == ["ops@example.com"]
    assert letter["From"] == "Playhead Alerts <alerts@example.com>"
    assert letter["Message-ID"] == f"<{message().once}@example.com>"


def test_whom_a_mail_server_puts_off_is_tried_again_by_himself_and_whom_it_refuses_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with mail_server() as there:
        there.refusals = {"later@b.c": b"450 not now", "gone@b.c": b"550 nobody"}
        settings = f'type = "email"\nhost = "127.0.0.1"\nport = {there.port}\nsecurity = "none"\nfrom = "a@b.c"\n'
        letters = receiver(tmp_path, settings + 'to = ["one@b.c", "Two <later@b.c>", "gone@b.c"]')
        for _ in range(2):
            with pytest.raises(Undelivered, match="put off 1 of 3"):
                letters.send(message())
        del there.refusals["later@b.c"]
        letters.send(message())
        assert there.recipients == ["one@b.c", "later@b.c"]
        assert "refused 1 of 3 recipients for good" in caplog.text and "gone@b.c" not in caplog.text
        # What comes after goes to all of them again; and where nobody takes it, nobody was told.
        letters.send(message(State.RESOLVED))
        assert there.recipients[2:] == ["one@b.c", "later@b.c"]
        there.refusals = dict.fromkeys(("one@b.c", "later@b.c", "gone@b.c"), b"550 nobody")
        with pytest.raises(Undelivered):
            letters.send(message())


def mail(folder: Path, port: int, *authorities: trustme.CA) -> Receiver:
    """With a password, which must not be sent before the server showed a certificate of these."""
    settings = f'type = "email"\nhost = "127.0.0.1"\nport = {port}\nuser = "u"\npassword = "$MAIL_PASSWORD"'
    for authority in authorities:
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        settings += f'\nca_cert = "{folder / "ca.pem"}"'
    return receiver(folder, settings + '\nfrom = "playhead@example.com"\nto = ["a@example.com"]')


def certified(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "a secret of both sides")


@pytest.mark.usefixtures("_password")
def test_password_and_letter_are_sent_after_starttls_with_a_trusted_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    with mail_server(certified(authority)) as there:
        mail(tmp_path, there.port, authority).send(message())
    assert there.words == ["EHLO", "STAR", "(tls)", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
    (letter,) = there.letters
    assert f"playhead show {'f' * 32}" in letter.get_content()


@pytest.mark.usefixtures("_password")
def test_a_mail_server_that_offers_no_starttls_gets_neither_password_nor_letter(tmp_path: Path) -> None:
    with mail_server() as there, pytest.raises(Undelivered, match="offers no STARTTLS"):
        mail(tmp_path, there.port).send(message())
    assert there.words == ["EHLO"]


@pytest.mark.usefixtures("_password")
@pytest.mark.parametrize("trusted", [False, True], ids=["by a stranger", "for another host"])
def test_a_mail_server_with_a_certificate_that_is_not_its_own_or_not_trusted_gets_nothing(
    tmp_path: Path, trusted: bool
) -> None:
    authority, another = trustme.CA(), trustme.CA()
    tls = certified(authority if trusted else another, "mail.example.com" if trusted else "127.0.0.1")
    with mail_server(tls) as there, pytest.raises(Undelivered, match="SSLCertVerificationError"):
        mail(tmp_path, there.port, authority).send(message())
    assert there.words in (["EHLO", "STAR"], ["EHLO", "STAR", "(tls)"])


def test_a_command_has_the_message_on_its_input_and_templates_as_arguments_without_a_shell(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = "import sys; open(sys.argv[1], 'w').write(sys.argv[2] + '|' + sys.stdin.read())"
    command = json.dumps([sys.executable, "-c", script, str(out), "$summary; rm -rf $nothing"])
    receiver(tmp_path, f'type = "command"\ncommand = {command}').send(message())
    said, _, body = out.read_text().partition("|")
    assert said == "<!channel> get_order was called 7 times; rm -rf $nothing"
    assert json.loads(body)["key"] == message().alert.key


@pytest.mark.parametrize(("summary", "word"), [("a\0b\x1b[2J", "a\\x00b\\x1b[2J"), ("é" * 200_000, "é" * 3999 + "…")])
def test_a_command_is_run_whatever_an_agent_said(tmp_path: Path, summary: str, word: str) -> None:
    out = tmp_path / "out"
    script = "import sys; open(sys.argv[1], 'w', encoding='utf-8').write(sys.argv[2] + '|' + sys.stdin.read())"
    command = json.dumps([sys.executable, "-X", "utf8", "-c", script, str(out), "$summary"])
    said = message()
    receiver(tmp_path, f'type = "command"\ncommand = {command}').send(
        replace(said, alert=replace(said.alert, summary=summary))
    )
    told, _, body = out.read_text(encoding="utf-8").partition("|")
    assert told == word
    assert json.loads(body)["summary"] == summary


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_figure_that_json_does_not_have_is_none(tmp_path: Path, value: float) -> None:
    with receiving() as there:
        hook = receiver(tmp_path, f'type = "webhook"\nurl = "{there.url}"')
        said = message()
        hook.send(replace(said, alert=replace(said.alert, value=value)))
        (told,) = there.told
    assert b'"value": null' in told.body


def test_a_refusal_says_the_status_and_never_the_address(tmp_path: Path) -> None:
    with receiving() as there:
        there.status = 503
        hook = receiver(tmp_path, f'type = "webhook"\nurl = "{there.url}?token=hidden"')
        with pytest.raises(Undelivered, match="HTTP 503") as refused:
            hook.send(message())
    with pytest.raises(Undelivered, match="did not answer") as gone:
        hook.send(message())
    for error in (refused, gone):
        assert "hidden" not in str(error.value)
        assert error.value.__cause__ is None
    assert "hidden" not in repr(hook)


MAIL = '[receivers.one]\ntype = "email"\nfrom = "a@b.c"\nto = ["a@b.c"]\nsecurity = "none"\npassword = "s3cret"\n'


HOOK = '[receivers.one]\ntype = "webhook"\nurl = "https://hooks.example.com/s3cret"\n'
LETTER = '[receivers.one]\ntype = "email"\nhost = "localhost"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[receivers.one]\ntype = "pigeon"', "pigeon"),
        ('[receivers.one]\ntype = "webhook"', "url: Field required"),
        ('[receivers.one]\ntype = "webhook"\nurl = "$NOT_THERE"', "no variable NOT_THERE"),
        ('[receivers.one]\ntype = "webhook"\nurl = "@/nowhere/at/all"', "cannot be read"),
        ('[receivers.one]\ntype = "webhook"\nurl = ["s3cret"]', "url"),
        (HOOK + 'secret = "$s3cret!"', "one.*secret: it begins with [$] and is no variable's name; put it into a file"),
        (HOOK + 'secret = "$S3CRET s3cret"', "one.*secret: it begins with [$] and is no variable's name"),
        (HOOK + 'secret = "@s3cret"', "one.*secret: it begins with @ and is no file that can be read"),
        (HOOK + 'secret = "@~s3cret"', "one.*secret: it begins with @ and is no file that can be read"),
        (HOOK + 'secret = "@~/nowhere/at/all"', "one.*secret: the file ~/nowhere/at/all cannot be read"),
        (MAIL + 'host = "mail.example.com"', "the password would go over the network"),
        ('[receivers.one]\ntype = "webhook"\nurl = "@EMPTY"', "there is nothing in the file"),
        (HOOK + 'headers = { X-Team = "s3cret\\nBcc: all" }', r"one.*headers\.X-Team: a header is one line of Latin-1"),
        (HOOK + 'headers = { Authorization = "Bearer s3cret–" }', r"one.*Authorization: a header is one line"),
        (HOOK + 'headers = { "X Team" = "s3cret" }', "one.*X Team.*no name of a header"),
        (HOOK + 'ca_cert = "/nowhere/ca.pem"', "one.*ca_cert: the file /nowhere/ca.pem cannot be read: No such file"),
        (HOOK + 'ca_cert = "EMPTY"', "one.*ca_cert: the file .* holds no certificates"),
        (LETTER + 'from = "alerts"\nto = ["a@b.c"]', r"one.*from: it is no address: write \"somebody@example.com\""),
        (LETTER + 'from = "alerts@"\nto = ["a@b.c"]', "one.*from: it is no address"),
        (LETTER + 'from = "a@b.c, d@e.f"\nto = ["a@b.c"]', "one.*from: it is more than one address"),
        (LETTER + 'from = "a@b.c"\nto = ["a@b.c", "ops"]', r"one.*to\.1: it is no address"),
        ("[receivers", "not TOML"),
    ],
)
def test_settings_that_are_wrong_are_refused_and_never_shown(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "alerts.toml").write_text(text.replace("EMPTY", str(tmp_path / "empty")))
    with pytest.raises(UsageError, match=said) as refused:
        read_settings(tmp_path / "alerts.toml")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "it is empty"),
        ("http://127.0.0.1/a s3cret", "it is empty, or holds a space"),
        ("file:/etc/s3cret", "it is no address of a web server: write https://HOST/PATH"),
        ("data:,s3cret", "it is no address of a web server"),
        ("127.0.0.1/s3cret", "it is no address of a web server"),
        ("http:///s3cret", "it is no address of a web server"),
        ("http://127.0.0.1:s3cret/", "its host or port is none"),
        ("http://127.0.0.1:99999/s3cret", "its host or port is none"),
        ("http://hooks..example.com/s3cret", "its host or port is none"),
        ("https://user:s3cret@example.com/", "it has a user, a password or a %"),
        ("http://127.0.0.1%3As3cret/", "it has a user, a password or a %"),
    ],
)
@pytest.mark.parametrize("kind", ["webhook", "slack", "alertmanager", "pagerduty"])
def test_what_is_no_address_of_a_web_server_is_refused_with_the_receivers_name_and_never_shown(
    tmp_path: Path, kind: str, url: str, said: str
) -> None:
    key = 'routing_key = "s3cret"' if kind == "pagerduty" else ""
    with pytest.raises(UsageError, match=rf"receivers\.one\.{kind}\.url: {said}") as refused:
        receiver(tmp_path, f'type = "{kind}"\nurl = "{url}"\n{key}')
    assert "s3cret" not in str(refused.value)


def test_an_address_that_cannot_be_asked_after_all_is_not_shown() -> None:
    with pytest.raises(Undelivered, match="look at its url in the settings") as refused:
        post("http://127.0.0.1:s3cret/", b"", {}, timeout_s=1)
    assert "s3cret" not in str(refused.value)


def test_a_file_of_settings_that_is_named_and_not_there_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory; write it, or do not name it"):
        read_settings(tmp_path / "alerts.toml")


def test_a_password_may_go_unencrypted_to_a_mail_server_on_this_machine(tmp_path: Path) -> None:
    (tmp_path / "alerts.toml").write_text(MAIL + 'host = "localhost"')
    assert "one" in read_settings(tmp_path / "alerts.toml").receivers
