"""What is read back is what was written, and reading it runs none of the agent's code."""

from __future__ import annotations

import json

import pytest
from tests.sdk.values import things
from tests.sdk.values.things import Model, NotFound, Open

from playhead.values.decoding import Undecodable, decode, import_class
from playhead.values.encoding import encode


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:
        return caught


def test_an_exception_comes_back_with_its_arguments_attributes_cause_and_notes() -> None:
    error = NotFound("o1")
    error.add_note("looked twice")
    written = encode(raised(error, KeyError("o1")))
    assert written.exact, written.why
    assert json.loads(written.json)["message"] == "no order o1"
    back = decode(written.json)
    assert type(back) is NotFound
    assert (str(back), back.args, back.order) == ("no order o1", ("no order o1",), "o1")
    assert back.__notes__ == ["looked twice"]
    assert repr(back.__cause__) == "KeyError('o1')"
    assert back.__suppress_context__


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        KeyError("a"),
        OSError(2, "No such file", "a.txt"),
        FileNotFoundError(2, "No such file", "a", None, "b"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        ImportError("no x", name="x", path="y"),
        StopIteration((1, 2)),
        SystemExit(3),
        TimeoutError(),
        ExceptionGroup("two", [ValueError(1), NotFound("x")]),
        SyntaxError("bad", ("f.py", 1, 2, "x =", 1, 3)),
        json.JSONDecodeError("bad", "{", 1),
    ],
    ids=lambda error: type(error).__name__,
)
def test_exceptions_of_the_language_come_back(error: BaseException) -> None:
    written = encode(error)
    assert written.exact, written.why
    back = decode(written.json)
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert repr(back.args) == repr(error.args)
    assert repr(vars(back)) == repr(vars(error))
    for name in ("filename", "filename2", "name", "path", "value", "code", "reason", "lineno", "errno"):
        assert getattr(back, name, None) == getattr(error, name, None)


def test_a_model_keeps_which_fields_were_given_and_its_private_ones() -> None:
    model = Model(name="a")
    model._note = "n"
    back = decode(encode(model).json)
    assert back.model_fields_set == {"name"}
    assert back._note == "n"
    assert back.model_dump() == model.model_dump()
    extra = Open.model_validate({"name": "a", "x": 1})
    assert decode(encode(extra).json).model_extra == {"x": 1}
    assert decode(encode(Open(name="a")).json) == Open(name="a")


def test_decoding_runs_none_of_the_agents_code() -> None:
    text = f'{{"$dataclass":"{things.__name__}:Guarded","fields":{{"name":"x"}}}}'
    assert decode(text).name == "x"


@pytest.mark.parametrize(
    "text",
    [
        '{"$dataclass":"os:system","fields":{}}',
        '{"$enum":"builtins:eval","name":"x"}',
        '{"$exception":"subprocess:Popen","args":["true"]}',
        '{"$namedtuple":"builtins:tuple","fields":[]}',
        '{"$pydantic":"builtins:dict","fields":{}}',
        '{"$dataclass":"no.such.module:X","fields":{}}',
        '{"$dataclass":"antigravity:X","fields":{}}',
        f'{{"$dataclass":"{things.__name__}:Receipt","fields":{{"__class__":1}}}}',
        f'{{"$dataclass":"{things.__name__}:EXACT","fields":{{}}}}',
        f'{{"$enum":"{things.__name__}:Color","name":"GREEN"}}',
        '{"$nonsense":1}',
        '{"$ref":"/a"}',
        '{"$int":5}',
        '{"$tuple":7}',
        '{"$datetime":"yesterday"}',
        '{"$exception":"builtins:UnicodeDecodeError","args":[]}',
        '{"$',
    ],
)
def test_a_text_that_asks_for_more_than_plain_values_is_refused(text: str) -> None:
    with pytest.raises(Undecodable):
        decode(text)


def test_a_module_is_imported_only_where_that_was_asked_for() -> None:
    text = '{"$exception":"wave:Error","args":["x"]}'
    with pytest.raises(Undecodable, match="import_class"):
        decode(text)
    assert str(decode(text, import_class)) == "x"
