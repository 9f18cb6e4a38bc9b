"""What personal data looks like: addresses of e-mail, card numbers, bank accounts, telephone numbers.

Beside the shapes of secrets, which are always hidden: these are hidden where somebody asks for them by name, since a
program may have to be told of people. Each is found by a pattern in which no part can be repeated without a bound, and
where numbers have check digits these decide: 16 digits are a card's number once in ten times, with an issuer's first
digits once in fifty.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detector:
    """How one kind of data is found. A match's group `secret` is looked at by `length`."""

    kind: str
    gate: re.Pattern[str]
    """What a text must have for the pattern to be worth a try."""
    pattern: re.Pattern[str]
    length: Callable[[str], int]
    """How many of the matched characters are one; 0 where none are."""


def _begin(inside: str) -> str:
    """Where something may begin: not within a word, but behind what is escaped in JSON: the n of `\\n` is no letter."""
    return rf"(?:\\u[0-9a-fA-F]{{4}}|\\[nrtbf]|(?<![{inside}]))"


# A letter beyond ASCII as JSON may write it, within texts within texts.
_ESCAPED = r"\\{1,16}u[0-9a-fA-F]{4}"

# Lengths by country, of the registry of IBANs; with them an account's number is found in front of further capitals.
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12,15}|3(?:0[0-5]|[689]\d)\d{11,16}|35(?:2[89]|[3-8]\d)\d{12,15}|62\d{14,17}"
)
# A digit twice, and the sum of the digits of that.
_DOUBLED = str.maketrans("0123456789", "0246813579")


def _card(text: str) -> int:
    """An expiry or a CVV may stand behind the number: what ends before a separator is tried too, the longest first."""
    end = len(text)
    while end > 12:
        # No card's last group is shorter; and of a row of single digits every tenth would be one.
        if (end == len(text) or text[end - 3 : end].isdecimal()) and _luhn(text[:end]):
            return end
        end = max(text.rfind(" ", 0, end), text.rfind("-", 0, end))
    return 0


def _luhn(text: str) -> bool:
    digits = text.replace(" ", "").replace("-", "")
    if _ISSUERS.fullmatch(digits) is None:
        return False
    doubled = digits[-2::-2].translate(_DOUBLED)
    return (sum(map(int, digits[-1::-2])) + sum(map(int, doubled))) % 10 == 0


def _account(text: str) -> int:
    wanted = _IBAN_LENGTHS.get(text[:2], 0)
    kept = ""
    for at, one in enumerate(text):
        kept += one if one != " " else ""
        if len(kept) == wanted:
            number = "".join(str(int(letter, 36)) for letter in kept[4:] + kept[:4])
            return at + 1 if int(number) % 97 == 1 and text[at + 1 : at + 2] in ("", " ") else 0
    return 0


DETECTORS = {
    detector.kind: detector
    for detector in (
        Detector(
            "email",
            re.compile("@|%40"),
            # 64 are allowed before the @; what is longer is no address, and hidden all the same.
            re.compile(
                _begin(r"\w.%+-")
                + rf"(?P<secret>(?:[\w.+-]|{_ESCAPED}){{1,256}}(?:@|%40)(?:(?:[\w-]|{_ESCAPED}){{1,63}}\.){{1,8}}"
                r"[^\W\d_]{2,24})"
            ),
            len,
        ),
        Detector(
            "card",
            re.compile(r"\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d"),
            # Behind it may be an exponent, where it is a number.
            re.compile(
                _begin(r"A-Za-z0-9_.")
                + r"(?P<secret>[2-6](?:[ -]?[0-9]){12,18})(?=(?:[eE][+-]?[0-9]{1,3})?(?![0-9A-Za-z_]))"
            ),
            _card,
        ),
        Detector(
            "iban",
            re.compile(r"[A-Z]{2}\d\d"),
            re.compile(_begin("A-Za-z0-9_") + r"(?P<secret>[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30})"),
            _account,
        ),
        Detector(
            "phone",
            re.compile(r"\+\d|\d{3}\)?[-. ]"),
            re.compile(
                _begin(r"\w.+-") + r"(?P<secret>\+[1-9](?:[ ().-]{0,2}[0-9]){7,14}"
                r"|(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ])[2-9][0-9]{2}[-. ][0-9]{4})(?![0-9A-Za-z_])"
            ),
            len,
        ),
    )
}
"""By the name that rules call them."""
