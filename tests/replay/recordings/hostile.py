"""What a terminal would obey stands in its values, its output, its errors, and in what its tools are asked."""

from contextlib import suppress

import playhead

EVIL = "\x1b[31mred\x1b[2J\x1b]0;owned\x07 \x9b5;5H \u202eesrever\u202c [bold red]no[/] :smile: \x00\ttab\rreturn"


@playhead.tool
def read(letter: str) -> dict[str, str]:
    return {letter: EVIL}


@playhead.agent(name="[red]hostile")
def hostile() -> None:
    letter = EVIL
    many = [EVIL] * 20
    playhead.state(EVIL, machine=EVIL)
    read(letter)
    print(letter, many[0], flush=True)
    raise ValueError(EVIL)


with suppress(ValueError):
    hostile()
