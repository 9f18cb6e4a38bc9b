"""Secrets never reach what is written; everything else does, byte for byte."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.providers.eventstream import CONTENT_TYPE, frame, frames_of
from playhead.values.fingerprint import request_fingerprint
from playhead.values.redact import Redactor
from playhead.values.salt import installation_salt
from playhead.values.shapes import TOKEN

REDACTOR = Redactor(b"salt" * 8)
# Put together here, so that no scanner takes this file for a leak.
KEY = "sk-" + "proj-Ab12Cd34Ef56Gh78Ij90"
SECRETS = {
    "openai": KEY,
    "anthropic": "sk-" + "ant-api03-AAAAbbbbCCCCdddd1111-x_y",
    "aws": "AKIA" + "IOSFODNN7EXAMPLE",
    "github": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2",
    "github fine": "github_pat_" + "11AAAAAAA0123456789_abcdefghij",
    "slack": "xoxb-" + "123456789012-abcdefghijkl",
    "google": "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "jwt": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0In0.abc-DEF_123",
    "stripe": "sk_" + "live_abcdefghijklmnop1234",
    "huggingface": "hf_" + "abcdefghijklmnopqrstuvwxyzABCD",
    "gitlab": "glpat-" + "abcdefghij0123456789",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_known_shape_is_hidden_wherever_it_stands(secret: str) -> None:
    for text in (secret, f"my key: {secret}.", f'{{"note": "use {secret}"}}', f"KEY={secret}\nOTHER=1", f"({secret})"):
        clean = REDACTOR.text(text)
        assert secret not in clean
        assert TOKEN.search(clean)
        before, _, after = text.partition(secret)
        assert clean.startswith(before)
        assert clean.endswith(after)


def test_the_secrets_of_keys_addresses_and_headers_are_hidden_and_what_is_around_them_is_kept() -> None:
    pem = "-----BEGIN RSA PRIVATE KEY-----\\nMIIEow+/==\\n-----END RSA PRIVATE KEY-----"
    clean = REDACTOR.text(json.dumps({"pem": pem}))
    assert "MIIE" not in clean
    assert "-----END RSA PRIVATE KEY-----" in json.loads(clean)["pem"]
    assert re.fullmatch(
        r"postgres://app:\[redacted:password:\w+\]@db:5432/x", REDACTOR.text("postgres://app:hunter2@db:5432/x")
    )
    assert "abcdefghijklmnopqrst" not in REDACTOR.text("curl -H 'Authorization: Bearer abcdefghijklmnopqrst'")
    assert "hunter2" not in REDACTOR.text("Server=db;Password=hunter2;Database=x")
    headers = dict(REDACTOR.headers([("Authorization", "Bearer tok"), ("x-api-key", "k"), ("Accept", "*/*")]))
    assert re.fullmatch(r"Bearer \[redacted:credential:\w+\]", headers["Authorization"])
    assert TOKEN.fullmatch(headers["x-api-key"])
    assert headers["Accept"] == "*/*"


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "Proxy-Authorization",
        "cookie",
        "Set-Cookie",
        "api-key",
        "X-Goog-Api-Key",
        "X-Amz-Security-Token",
        "Ocp-Apim-Subscription-Key",
        "OPENAI_API_KEY",
        "DB_PASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
    ],
)
def test_what_stands_under_a_secrets_name_is_hidden_whatever_it_looks_like(name: str) -> None:
    assert TOKEN.search(REDACTOR.named(name, "short"))


@pytest.mark.parametrize(
    "name", ["x-ratelimit-limit-tokens", "content-type", "PATH", "KEYBOARD", "monkey", "x-token-count"]
)
def test_names_that_only_resemble_those_of_secrets_are_left_alone(name: str) -> None:
    assert REDACTOR.named(name, "value") == "value"


@pytest.mark.parametrize(
    "text",
    [
        "risk-assessment-of-the-largest-kind",
        "sk-learn-and-other-long-words-in-prose",
        "https://example.org/a?q=monkey&page=2",
        "https://example.org:8080/path@here",
        '{"max_tokens": 5, "total_tokens": 7, "token": "the"}',
        '{"max_tokens": 128000, "input_tokens": 51200, "token_count": [4096, 8192], "token": 128000}',
        '{"failed_password": 12, "has_secret": true, "authorization": null, "security": [{"api_key": []}]}',
        '{"type": "object", "properties": {"password": {"type": "string"}}}',
        "the secret of success: work",
        "AKIA is a prefix, and Bearer is a word",
        "[redacted:api-key:0123456789]",
        "Authorization: Basic authentication. Authorization: Bearer, x-api-key: required, api-key: <yours>",
        "next_page_token=5, max_tokens=128000 and input_tokens=4096 of token=abcd",
        "a key begins with `-----BEGIN PRIVATE KEY-----`, and so on",
        "Password: required\nAPI key: ask for one\npassword: ${DB_PASSWORD}\nsecret: <yours>\n",
        "the password: hunter2 was it",
        "{'max_tokens': '128000', 'token': 'the', 'secretary': 'Ms 1'}",
        "password = read_password()\nif api_key == other.api_key: MAX_TOKEN=128000",
        "secret = \"$HOOK_SECRET\"\npassword=${DB_PASSWORD} api_key=<yours> f'password={password}'",
    ],
)
def test_clean_text_is_the_same_object(text: str) -> None:
    assert REDACTOR.text(text) is text


@pytest.mark.parametrize(
    ("before", "secret"),
    [
        ("export AWS_SECRET_ACCESS_KEY=", "wJalrXUtnFEMI/K7MDENG"),
        ("SECRET_KEY=", "abcdefghijk123"),
        ("secret=", "hunter22"),
        ("MYSQL_PASSWD=", "hunter22"),
        ("aws_session_token=", "FwoGZXIvYXdzEBYaDH"),
        ("https://h/?X-Amz-Security-Token=", "FwoGZXIvYXdzEBYaDH"),
        ("GITHUB_TOKEN=", "a1b2c3d4e5f6"),
        ('DB_PASSWORD="', "hunter22"),
        ("connect(host, password='", "hunter22"),
        ('api_key = "', "abcdef1234567890"),
        ("{'user': 'ada', 'password': '", "hunter 2, and more"),
        ("{'Authorization': '", "Token dXNlcjpodW50ZXIyMjI"),
        ("database:\n  password: ", "hunter22"),
        ("- db.password:  '", "hunter22"),
        ("api_key: ", "abcdef-ghijkl"),
        ("https://h/files?sig=", "abcdef"),
        ("Authorization: Basic ", "dXNlcjpodW50ZXIyMjI="),
        ("proxy-authorization: token ", "dXNlcjpodW50ZXIyMjI"),
        ("x-api-key: ", "abcdef1234567890abcdef"),
        ("api-key: ", "abcdef1234567890abcdef"),
        ("X-Goog-Api-Key:", "abcdef1234567890abcdef"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "\nVersion: GnuPG v2\n\nlQOYBF\n=a1b2\n"),
        ("-----BEGIN RSA PRIVATE KEY-----", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIEpAIB\n"),
    ],
)
def test_a_well_known_secret_is_hidden_in_plain_text(before: str, secret: str) -> None:
    behind = "-----END RSA PRIVATE KEY-----" if secret.endswith("\n") else "\nand more"
    if before.endswith(("'", '"')):
        behind = before[-1] + behind
    for text in (f"{before}{secret}{behind}", f"first line\n{before}{secret}{behind}"):
        clean = REDACTOR.text(text)
        assert TOKEN.sub(lambda match: "…", clean) == text.replace(secret, "…")
        assert Redactor(b"other").text(clean) == clean
        within = json.loads(REDACTOR.text(json.dumps({"said": text})))["said"]
        assert TOKEN.sub(lambda match: "…", within) == text.replace(secret, "…")


def test_cookies_are_hidden_whole_though_one_of_them_is_a_secret_by_its_shape() -> None:
    assert TOKEN.fullmatch(REDACTOR.named("Cookie", "secret=abcdef; session=xyz"))
    assert TOKEN.fullmatch(REDACTOR.named("set-cookie", f"a={KEY}; Path=/"))


def test_credentials_in_an_address_are_hidden_by_their_name() -> None:
    clean = REDACTOR.url("https://u:pw@api.example/v1/models?key=abc&alt=sse&access_token=t#f")
    assert "pw@" not in clean
    assert "key=abc" not in clean
    assert "=t#" not in clean
    assert "alt=sse" in clean
    assert REDACTOR.url("https://example.org/a%20b?q=a%20b&x") == "https://example.org/a%20b?q=a%20b&x"


def test_a_token_that_comes_back_stays_as_it_is_so_a_replay_needs_no_salt() -> None:
    other = Redactor(b"another salt")
    for text in (
        f'{{"key": "{KEY}"}}',
        '{"password": "p"}',
        f"Bearer {KEY}",
        "postgres://a:b@c/d",
        "x?access_token=abcd",
    ):
        once = REDACTOR.text(text)
        assert once != text
        assert REDACTOR.text(once) == once
        assert other.text(once) == once
    headers = REDACTOR.headers([("authorization", f"Bearer {KEY}"), ("cookie", "a=b")])
    assert other.headers(headers) == headers
    url = REDACTOR.url(f"https://x/v1?key={KEY}&z=1")
    assert other.url(url) == url
    # The token itself, put into an address by the client of a replay.
    served = REDACTOR.named("API_KEY", KEY)
    assert other.url(f"https://x/v1?key={served}&z=1") == url


def test_a_secret_has_one_token_in_a_recording_and_another_under_another_salt() -> None:
    token = REDACTOR.text(KEY)
    assert token in REDACTOR.text(f'{{"a": "{KEY}"}}')
    assert token in dict(REDACTOR.headers([("Authorization", f"Bearer {KEY}")]))["Authorization"]
    assert REDACTOR.named("OPENAI_API_KEY", KEY) == token
    assert Redactor(b"other").text(KEY) != token


def test_a_replay_served_tokens_finds_the_recorded_fingerprint() -> None:
    def seen(redactor: Redactor, key: str) -> str:
        headers = redactor.headers([("Authorization", f"Bearer {key}"), ("Accept", "*/*")])
        body = redactor.body(json.dumps({"api_key": key, "q": f"use {key}"}).encode())
        return request_fingerprint("POST", redactor.url(f"https://x/v1?key={key}"), headers, body)

    assert seen(Redactor(b"laptop"), REDACTOR.named("OPENAI_API_KEY", KEY)) == seen(REDACTOR, KEY)


def test_numbers_and_lists_under_a_secrets_name_in_json_are_hidden_and_figures_are_not() -> None:
    secret = {"password": 12345678, "client_secret": ["hunter2", 4711, "x]"], "api_key": [0], "n": ["hunter2"]}
    for text in (json.dumps(secret), json.dumps(secret, indent=1), json.dumps({"text": json.dumps(secret, indent=1)})):
        clean = json.loads(REDACTOR.text(text))
        found = json.loads(clean["text"]) if "text" in clean else clean
        assert TOKEN.fullmatch(found["password"])
        assert all(TOKEN.fullmatch(one) for one in found["client_secret"])
        assert len(found["client_secret"]) == 3
        assert (found["api_key"], found["n"]) == ([0], ["hunter2"])
        assert REDACTOR.text(REDACTOR.text(text)) == REDACTOR.text(text)
    # Cut off within the list.
    assert "hunt" not in REDACTOR.text('{"password": ["hunter2", "hunt')


NASTY = st.text(st.sampled_from("ab\\\"'{}[]:,/ \n\té😀"), max_size=12)


@given(st.lists(NASTY, min_size=1, max_size=4), st.integers(0, 3))
def test_fields_are_hidden_in_json_within_json_and_it_stays_json(values: list[str], depth: int) -> None:
    rules = Redactor(b"s", fields=["pin"])
    inner = [{"password": value, "pin": value, "secret": [value, 12345678], "kept": [value, 1]} for value in values]
    text = json.dumps(inner)
    for _ in range(depth):
        text = json.dumps({"text": text})
    clean = json.loads(rules.text(text))
    for _ in range(depth):
        clean = json.loads(clean["text"])
    for value, found in zip(values, clean, strict=True):
        assert found["kept"] == [value, 1]
        assert found["password"] == "" if not value else TOKEN.fullmatch(found["password"])
        assert found["pin"] == "" if not value else TOKEN.fullmatch(found["pin"])
        text_of_list, number_of_list = found["secret"]
        assert text_of_list == "" if not value else TOKEN.fullmatch(text_of_list)
        assert TOKEN.fullmatch(number_of_list)


@given(st.recursive(NASTY | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(NASTY, inner)))
def test_json_without_secrets_is_left_as_it_is(value: object) -> None:
    text = json.dumps(value)
    assert REDACTOR.text(text) is text


def test_rules_by_field_pattern_and_function() -> None:
    rules = Redactor(
        b"s", fields=["email", "pin"], patterns=[r"\bDE\d{20}\b"], function=lambda text: text.replace("Ada", "A.")
    )
    clean = json.loads(
        rules.text('{"email": "a@b.c", "pin": 1234, "pinned": 5, "n": "Ada", "iban": "DE12345678901234567890"}')
    )
    assert TOKEN.fullmatch(clean["email"])
    assert TOKEN.fullmatch(clean["pin"])
    assert clean["pinned"] == 5
    assert clean["n"] == "A."
    assert TOKEN.fullmatch(clean["iban"])
    assert TOKEN.fullmatch(rules.named("Email", "a@b.c"))


@pytest.mark.parametrize("name", ["größe", "GRÖSSE", "имя", "名前", "a.b (ñ)", "key 😀"])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_a_field_is_known_in_both_spellings_that_json_has_for_its_letters(name: str, depth: int) -> None:
    rules = Redactor(b"s", fields=["größe", "grösse", "имя", "名前", "a.b (ñ)", "key 😀"])
    for ascii_only in (True, False):
        text = json.dumps({name: "hunter2", name.upper(): [1], "naïve größen": "kept"}, ensure_ascii=ascii_only)
        for _ in range(depth):
            text = json.dumps({"text": text}, ensure_ascii=ascii_only)
        clean = json.loads(rules.text(text))
        for _ in range(depth):
            clean = json.loads(clean["text"])
        assert clean.pop("naïve größen") == "kept"
        if name == "größe":
            # In capitals it is another word, with two letters for one.
            assert TOKEN.fullmatch(clean.pop("GRÖSSE"))
        assert all(TOKEN.fullmatch(value) for value in clean.values())


def test_a_rule_that_raises_hides_the_text() -> None:
    def rule(text: str) -> str:
        raise ZeroDivisionError

    assert TOKEN.fullmatch(Redactor(b"s", function=rule).text("anything"))


def test_bytes_and_packed_bodies_are_searched_and_stay_what_they_were() -> None:
    assert REDACTOR.body(b"\xff\xfe plain \x00") == b"\xff\xfe plain \x00"
    dirty = b"\xff" + KEY.encode() + b"\xfe"
    assert KEY.encode() not in REDACTOR.body(dirty)
    assert REDACTOR.body(dirty).startswith(b"\xff[redacted")
    clean = gzip.compress(b'{"a": 1}')
    assert REDACTOR.body(clean, "application/json", "gzip") is clean
    packed = REDACTOR.body(gzip.compress(f'{{"k": "{KEY}"}}'.encode()), "application/json", "gzip")
    assert TOKEN.fullmatch(json.loads(gzip.decompress(packed))["k"])
    utf8 = f"ключ {KEY}".encode()
    assert REDACTOR.body(utf8).decode().startswith("ключ [")


def test_binary_frames_stay_whole_when_a_secret_is_taken_out_of_one() -> None:
    frames = frame({":event-type": "a"}, KEY.encode()) + frame({":event-type": "b"}, b"clean")
    clean = REDACTOR.body(frames + b"tail", CONTENT_TYPE)
    first, second = frames_of(clean)
    assert TOKEN.fullmatch(first.payload.decode())
    assert second.payload == b"clean"
    assert clean.endswith(b"tail")


def test_the_salt_is_made_once_kept_private_and_shared(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    salt = installation_salt(folder)
    assert len(salt) == 32
    assert installation_salt(folder) == salt
    assert (folder / "redaction-salt").stat().st_mode & 0o777 == 0o600
    assert list(folder.iterdir()) == [folder / "redaction-salt"]
    code = "import sys; from pathlib import Path; from playhead.values.salt import installation_salt as s;" + (
        "sys.stdout.write(s(Path(sys.argv[1])).hex())"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(folder)], check=True, capture_output=True, env={**os.environ}
    )
    assert said.stdout.decode() == salt.hex()


def test_without_a_place_for_the_salt_there_still_is_one(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert len(installation_salt(blocked / "state")) == 32


def test_megabytes_in_one_field_do_not_keep_the_search_of_fields_busy() -> None:
    text = json.dumps({"blob": "A" * 4_000_000, "password": "p", "more": ["B" * 1_000_000]})
    clean = json.loads(REDACTOR.text(text))
    assert TOKEN.fullmatch(clean["password"])
    assert len(clean["blob"]) == 4_000_000


def test_base64_is_not_taken_for_secrets() -> None:
    text = base64.b64encode(bytes(range(256)) * 200).decode()
    assert REDACTOR.text(text) is text
