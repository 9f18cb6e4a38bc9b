"""What it is to be refused by the reading port.

A 4xx that says why, nothing of the target in the body, and a port that answers the next statement.
"""

from __future__ import annotations

from tests.collector.facade.port import Port, Said

ACCESS_DENIED, SYNTAX_ERROR, TOO_MUCH_MEMORY, TOO_SLOW, TOO_LARGE_RESULT = 497, 62, 241, 159, 396


def refused(port: Port, said: Said, *, code: int = ACCESS_DENIED) -> None:
    assert said.code == code, said.text
    assert 400 <= said.status < 500
    assert said.text.startswith(f"Code: {code}. DB::Exception: ")
    assert "hush" not in said.text
    assert "root:" not in said.text
    assert port.ask("select 'alive'").text == "alive\n"
