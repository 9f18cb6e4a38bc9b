"""Personal data is found by what it looks like, and by nothing that can be made to take long."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.values.personal import DETECTORS
from playhead.values.redact import Redactor
from playhead.values.shapes import TOKEN

ALL = Redactor(b"salt", detectors=DETECTORS, fields=["customer"])
PERSONAL = {
    "email": ["anna@example.com", "a.b+c@mail.example.co.uk", "anna%40example.com", "jürgen@müller.example"],
    "card": ["4111111111111111", "4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "6011000990139424"],
    "iban": ["DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "NO9386011117947"],
    "phone": ["+49 30 901820", "+1 (415) 555-2671", "(415) 555-2671", "415-555-2671", "+442079460958"],
}
FOUND = [(kind, text) for kind, texts in PERSONAL.items() for text in texts]
OTHERS = [
    "1790000000000000000", "2026-11-22 02:44:33", "4111111111111112", "a4111111111111111f", "DE89370400440532013001",
    "v1.2.3", "10.0.0.1", "tokens: 123 456 789", "@mention", "user@host", "DE89", "0af7651916cd43dd8448eb211c80319c",
    "1,234,567.89", "12345678-1234-1234-1234-123456789012",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "secret"), FOUND)
def test_personal_data_is_hidden_and_what_is_around_it_is_kept(kind: str, secret: str) -> None:
    for around in (
        "{}",
        "call {} AND THEN",
        "({})",
        '{{"a": "{}"}}',
        "to:{},",
        "<{}>",
        "line\\n{}\\nline",
        "\\u00e9{}",
    ):
        clean = Redactor(b"salt", detectors=[kind]).text(around.format(secret))
        assert TOKEN.sub("{}", clean) == around.format("{}")
        assert f"[redacted:{kind}:" in clean


@pytest.mark.parametrize("text", OTHERS)
def test_what_only_resembles_personal_data_is_kept(text: str) -> None:
    assert ALL.text(text) is text


@pytest.mark.parametrize("card", PERSONAL["card"])
@pytest.mark.parametrize("behind", [" 12/27", " 123", " 12/27 123", "-12", " 12-27", " 1", " 1 2 3", " 1227 123"])
def test_a_card_number_is_found_in_front_of_its_expiry_and_its_cvv(card: str, behind: str) -> None:
    clean = ALL.text(f"pay {card}{behind}")
    assert TOKEN.sub("…", clean) == f"pay …{behind}"
    assert TOKEN.search(ALL.text(card)) is not None
    assert ALL.text(card) in clean


def test_one_number_has_one_token_and_a_token_is_left_alone() -> None:
    once = ALL.text("card 4111111111111111")
    assert once == ALL.text("card 4111111111111111") == ALL.text(once)
    assert once != Redactor(b"other", detectors=["card"]).text("card 4111111111111111")


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("rest", ["", ".0", ".25", "e0", "E+00", ".0e-1"])
def test_a_number_of_json_is_hidden_with_its_sign_and_all_that_belongs_to_it(sign: str, rest: str) -> None:
    token = ALL.text("4111111111111111")
    number = f"{sign}4111111111111111{rest}"
    for text in (f'{{"n": {number}}}', f'{{"n":{number},"b":{number}}}', f"[{number}, {number}\n]", f'["a",{number}]'):
        for whole in (text, json.dumps({"text": text})):
            clean: Any = json.loads(ALL.text(whole))
            found = json.loads(clean["text"]) if "text" in clean else clean
            values = list(found.values()) if isinstance(found, dict) else found
            assert set(values) - {"a"} == {token}
    assert ALL.text(f"it is {number} of them") == f"it is {sign}{token}{rest} of them"


values = st.recursive(
    st.sampled_from([secret for _, secret in FOUND])
    | st.sampled_from([other for other in OTHERS if "41111" not in other])
    | st.just(4111111111111111)
    | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["customer", "a", "b"]), inner),
    max_leaves=8,
)


@given(values, st.integers(0, 3), st.booleans())
def test_json_stays_json_at_any_depth_and_nothing_personal_is_left_in_it(value: Any, depth: int, pretty: bool) -> None:
    text = json.dumps({"outer": {"value": value}}, indent=1 if pretty else None)
    for _ in range(depth):
        text = json.dumps({"text": text})
    clean = ALL.text(text)
    found: Any = json.loads(clean)
    for _ in range(depth):
        found = json.loads(found["text"])
    for _, secret in (*FOUND, ("card", "4111111111111111")):
        assert json.dumps(secret)[1:-1] not in clean.replace("\\\\", "\\")
    assert not _under_customer(found) - {"token"}


def _under_customer(value: Any) -> set[str]:
    """What stands under the key that a rule names: tokens, or nothing."""
    if isinstance(value, list):
        return set().union(*map(_under_customer, value))
    if not isinstance(value, dict):
        return set()
    here = value.get("customer")
    said = set() if here is None else {"token" if isinstance(here, str) and TOKEN.fullmatch(here) else repr(here)}
    return said.union(*(_under_customer(inner) for key, inner in value.items() if key != "customer"))


@pytest.mark.parametrize(
    "hostile",
    [
        "eyJ" * 100_000, "sk-" * 100_000, "\\" * 300_000 + '"key":"', "a" * 300_000 + "@", "a@" * 150_000,
        "a.b@" * 75_000,
        "4 " * 150_000, "+1" * 150_000, "DE89 " * 60_000, '{"customer": [' + "[" * 300_000, "%40" * 100_000,
        "-----BEGIN PRIVATE KEY-----" * 20_000, "-----BEGIN PRIVATE KEY-----" + "a-" * 300_000, "api-key:" * 50_000,
        "Authorization: Basic" * 20_000, "x-" * 100_000 + "api-key: a", "x-api-key: " + "a" * 300_000,
        "secret_" * 50_000, '{"customer": ["' + '\\"' * 150_000, "://" * 100_000, "password=" * 30_000,
        "-----BEGIN A " * 25_000,
        "hf_" * 100_000, '"password": [' * 30_000, '{"password": [' + '"a",' * 100_000, '"secret": ["' + "\\" * 300_000,
    ],
    ids=lambda text: text[:12].replace("\\", "backslash"),
)  # fmt: skip
def test_no_text_makes_the_search_take_long(hostile: str) -> None:
    began = time.process_time()
    # A key of each kind, so that no gate passes the text over.
    ALL.text(hostile + '"api_key":"x" eyJ sk- _token": secret= api-key: -----BEGIN ')
    # A search whose time grows with the square of the length takes minutes.
    assert time.process_time() - began < 20
