"""What secrets look like, and what the fields and headers that hold them are called.

Each shape has an exact pattern, and none of them runs on clean text: gates say which shapes can be in a text at all. A
gate begins with fixed letters, which the regular expression engine looks for at a gigabyte a second; one alternation of
all shapes does 20 MB/s.
"""

from __future__ import annotations

import json
import re

TOKEN = re.compile(r"\[redacted:[a-z-]+:[0-9a-f]{10}\]")

# What follows a field's name: in JSON, in Python's way to write a mapping, or at the beginning of a line.
_VALUE = r"""(?:(?P<field>\\*"\s*:)|(?P<literal>'\s*:)|(?P<line>:[ \t]))"""
_ASSIGNED = ("key", "Key", "KEY", "oken", "OKEN", "cret", "CRET", "word", "WORD", "ature", "sig", "wd", "WD")

GATES = tuple(
    re.compile(gate)
    for gate in (
        r"-(?:(?P<api>(?<=sk-))|(?P<slack>(?<=xox[abeoprs]-))|(?P<gitlab>(?<=glpat-))|(?P<pem>-{4}BEGIN )"
        rf"|(?:key|cookie){_VALUE})",
        r"_(?:(?P<github>(?<=gh[pousr]_)|(?<=github_pat_))|(?P<huggingface>(?<=hf_))|(?P<stripe>(?<=k_)(?:live|test)_)"
        rf"|(?:key|token|KEY|TOKEN){_VALUE})",
        # What most others are not is looked at first.
        rf"=(?<=[{''.join(sorted({end[-1] for end in _ASSIGNED}))}]=)"
        rf"(?P<pair>{'|'.join(f'(?<={end}=)' for end in _ASSIGNED)})",
        rf"=(?= [\\\"'])(?P<pair>{'|'.join(f'(?<={end} =)' for end in _ASSIGNED)})",
        r"pi-(?P<header>[Kk]ey:)",
        r"PI-(?P<header>K(?:EY|ey):)",
        r"AKIA(?P<aws>)",
        r"ASIA(?P<aws>)",
        r"AIza(?P<google>)",
        r"eyJ(?P<jwt>)",
        r"earer (?P<bearer>)",
        r"://(?P<url>)[^/\s:@\"'\\]*:[^/\s@\"'\\]+@",
        rf"assw(?:or)?d{_VALUE}",
        rf"ASSW(?:OR)?D{_VALUE}",
        rf"ecret{_VALUE}",
        rf"ECRET{_VALUE}",
        rf"Key{_VALUE}",
        rf"Token{_VALUE}",
        rf"apikey{_VALUE}",
        r"""uthorization(?:(?P<field>\\*"\s*:)|(?P<literal>'\s*:)|(?P<header>:))""",
    )
)
"""A group of a gate's that takes part names a shape, or `field`."""

# Not within a word; but the n of an escaped `\\n` in JSON is no letter of one.
_BEGIN = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4}))"

# So too where a name begins, which may follow a digit.
_BEGIN_NAME = r"(?:(?<![A-Za-z])|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4}))"
# Hyphens are in the headers of an encrypted key; five of them are its end. One that is cut off ends with the quotes it
# is in. Nothing is tried twice, nor kept in mind for that.
_PEM = r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?P<secret>(?:[^\"'`-]++|-(?!----))++)"

# Not `token` alone: that is a word, too, and a page's number.
_NAMES = (
    r"[A-Za-z0-9_.-]{0,64}?(?:password|passwd|api[_-]?key|(?:access|refresh|id|auth|bearer|session)[_-]?token|secret"
    r"|secret[_-]?(?:access[_-]?)?key|private[_-]?key|authorization|set-cookie)"
)

# What says where a value comes from, and is none.
_NO_VARIABLE = r"(?!\$(?-i:[A-Z_{(])|[<{])"

# No pattern may look at the same characters from many places to far ahead: `eyJ` a hundred thousand times over, or as
# many backslashes, took minutes. So what is looked ahead for is bounded, and a run of backslashes begins where it does.
# In a fixed order: a token that stands in a bearer header is left alone by the shape that knows bearer headers.
SHAPES = tuple(
    (gate, kind, re.compile(pattern))
    for gate, kind, pattern in (
        ("pem", "private-key", _PEM),
        ("api", "api-key", _BEGIN + r"(?P<secret>sk-(?=[A-Za-z_-]{0,64}[0-9])[A-Za-z0-9_-]{16,})"),
        ("google", "api-key", r"AIza[A-Za-z0-9_-]{30,}"),
        ("stripe", "api-key", _BEGIN + r"(?P<secret>[srp]k_(?:live|test)_[A-Za-z0-9]{16,})"),
        ("aws", "aws-key", r"(?<![A-Z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])"),
        ("github", "github-token", r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"),
        ("gitlab", "gitlab-token", r"glpat-[A-Za-z0-9_-]{16,}"),
        ("huggingface", "huggingface-token", _BEGIN + r"(?P<secret>hf_[A-Za-z0-9]{24,})"),
        ("slack", "slack-token", r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
        ("jwt", "jwt", r"eyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
        ("bearer", "bearer", r"[Bb]earer\s+(?P<secret>[A-Za-z0-9._~+/-]{16,}=*)"),
        ("url", "password", r"://[^/\s:@\"'\\]*:(?P<secret>[^/\s@\"'\\\[]+)@"),
        (
            "header",
            "credential",
            # Without the blank `api-key:` is in tokens of ours.
            r"(?i)(?:authorization: ?(?:basic|token|apikey) {1,4}|api-key: "
            rf"|{_BEGIN_NAME}x-(?:[a-z]{{1,16}}-)?api-key: ?)"
            # Words in small letters are those of a sentence about headers.
            r"(?-i:(?=[a-z.]{0,64}[A-Z0-9_~+/-])(?P<secret>[A-Za-z0-9._~+/-]{8,}=*))",
        ),
        (
            "pair",
            "credential",
            rf"(?i)(?:{_BEGIN_NAME}(?:api[_-]?key|(?:access|auth|refresh|id|session|security)[_-]?token|client[_-]?secret"
            r"|secret(?:[_-]?(?:access[_-]?)?key)?|private[_-]?key|passw(?:or)?d|pwd|x-amz-signature"
            # A variable; but some count tokens.
            r"|(?-i:[A-Z0-9_]{1,62}_TOKEN)(?!=\\{0,8}[\"']?[0-9]{1,9}\b))|[?&](?:key|signature|sig|token))"
            # Beside blanks only what is quoted, else it is an expression.
            rf"(?:=| = (?=\\{{0,8}}[\"']))(?:\\{{0,8}}[\"'])?{_NO_VARIABLE}(?P<secret>[^&;\s\"'\\#\[]{{4,}})",
        ),
        (
            "literal",
            "credential",
            rf"(?i)'{_NAMES}'\s{{0,4}}:\s{{0,4}}'(?P<secret>(?:[^'\"\\\n]++|\\++(?![\"'\\]))++)",
        ),
        (
            "line",
            "credential",
            # Of a text, or of a line of it, which JSON escapes; in YAML perhaps in a list.
            rf"(?i)(?:\A|[\n\"']|\\n)[ \t]{{0,32}}(?:- )?{_NAMES}:[ \t]{{1,8}}(?:\\{{0,8}}[\"'])?"
            # All of the line, and no word.
            rf"{_NO_VARIABLE}(?=[a-z.]{{0,64}}[0-9_~+/!@$%^&*=-])(?P<secret>[^\s\"'\\#,\[\]]{{4,}})"
            r"(?=\\{0,8}[\"']|[ \t\r]{0,8}(?:\n|\\[nr]|#|\Z))",
        ),
    )
)
"""The gate's word for it, the kind that its tokens name, and what it looks like: the group `secret`, or the whole."""

HEADERS = re.compile(
    r"(?i)(?:^|[_-])(?:authorization|cookie|token|secret|password|passwd|credentials?|signature)$"
    r"|api[_-]?key$|(?:access|secret|private|subscription|signing)[_-]?key$"
)
"""Names of headers and variables whose values are secrets, whatever these look like."""


def escapes(letter: str) -> list[str]:
    """How JSON may write a letter beyond ASCII, small and large; nothing of others, which it leaves as they are."""
    cases = sorted({letter, letter.lower(), letter.upper()})
    return [json.dumps(case)[1:-1] for case in cases if len(case) == 1 and not case.isascii()]


def spelled(name: str) -> str:
    """A pattern of a name in JSON: each letter as it is or escaped, whose backslashes double in texts within texts."""
    made = ""
    for letter in name:
        written = [re.escape(letter), *(escape.replace("\\", r"\\{1,16}") for escape in escapes(letter))]
        made += written[0] if len(written) == 1 else f"(?:{'|'.join(written)})"
    return made


# What may stand in place of a text: of a user's field anything, up to where it ends.
_ANYTHING = r"|(?P<plain>-?[0-9][0-9.eE+-]*|true|false)(?![\w.])|(?P<within>[{\[])"
# Of a known one what may be a secret: a figure or a switch is shorter, and an object is a schema that names the field.
_OF_KNOWN = r"|(?P<plain>[0-9]{4,})(?![\w.])|(?P<listed>\[)"


def opening(names: str, others: str = _ANYTHING) -> re.Pattern[str]:
    """Up to where the text under one of these names begins, in JSON; or with what stands in place of a text."""
    return re.compile(rf'(?i)(?P<escape>(?<!\\)\\*)"(?:{names})(?P=escape)"\s*:\s*(?:(?P=escape)"{others})')


FIELDS = opening(_NAMES, _OF_KNOWN)
"""Fields whose texts are secrets."""

LISTED = re.compile(r'(?:[\s,]|\\{1,16}[nrt])*(?:(?P<escape>\\*)"|(?P<plain>[0-9]{4,})(?![\w.]))')
"""The next value of a list under such a name, which is no list and no object."""
