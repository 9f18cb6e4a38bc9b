"""`--text` finds the words wherever a trace can hold them, and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from tests.collector.database import StoreDatabase, fresh_database

from playhead.errors import UsageError
from playhead_collector.read import runs
from playhead_collector.read.filter import RunFilter, naming
from playhead_collector.read.runs import Order, Place, list_runs, page_of_runs
from playhead_collector.read.search import search_for
from playhead_collector.store.engine import Engine

NOW_NS = 1_795_000_000_000_000_000
LONG = "x" * 300
PUNCTUATED = "\u2014wombat\u2014 \u201cnumbat\u201d, customer\u2019s caf\u00e9"


def messages(text: str, ascii_only: bool) -> str:
    return json.dumps([{"role": "user", "content": text}], ensure_ascii=ascii_only)


# What runs say, each in one attribute, in the form that an emitter would write it in.
TEXTS = {
    "plain": "The refund window is thirty days. " + LONG,
    "json": messages('She said "zebrafish"\nand\tleft.\nThird line', ascii_only=True),
    "json in json": messages(json.dumps({"note": 'first\nquokka\t"okapi"'}), ascii_only=True),
    "escaped": messages(
        "Größe und Öl \u2014wombat\u2014 \u201cnumbat\u201d, customer\u2019s caf\u00e9", ascii_only=True
    ),
    "unescaped": messages(
        "Größe UND ÖL \u2014wombat\u2014 \u201cnumbat\u201d, customer\u2019s caf\u00e9", ascii_only=False
    ),
    "chinese": messages("请退款refund给我", ascii_only=False),
    "code": messages("get_order(order_id='A-10544') -> Order.total, 3.14 foo@bar.example", ascii_only=True),
    "award": messages("an award\nninety\nscared", ascii_only=True),
    "apart": messages("refund the window", ascii_only=True),
    "paths": messages("C:\\name D:\\uaccess\\ubeef was never there", ascii_only=True),
    "combined": messages("x\u2014\nbilby \U0001f600numbfish\u00a0echidna", ascii_only=True),
}


@dataclass(frozen=True, slots=True)
class Found:
    database: StoreDatabase
    names: dict[str, str]

    def by(self, text: str) -> set[str]:
        return {self.names[row.run_id] for row in list_runs(self.database.client, RunFilter(text=text, limit=1000))}


@pytest.fixture(scope="module", params=["before merges", "after"])
def found(request: pytest.FixtureRequest, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    names: dict[str, str] = {}
    spans, logs = ExportTraceServiceRequest(), ExportLogsServiceRequest()
    for number, (name, text) in enumerate(TEXTS.items(), 1):
        names[f"{number:032x}"] = name
        _run(spans, number, text)
    for number in range(100, 200):
        # A structured body: the length before the first word takes every value, letters' and digits' among them.
        names[f"{number:032x}"] = f"structured {number}"
        _run(spans, number, "nothing")
        _log(logs, number, "pademelon" + "." * (number - 100))
    for number in range(300, 380):
        # Longer ones have a length of two bytes, of which the second takes them all.
        names[f"{number:032x}"] = f"structured {number}"
        _run(spans, number, "nothing")
        _log(logs, number, "kowari".ljust(128 * (number - 256) + 0x7D, "."))
    with fresh_database(engine, tmp_path_factory.mktemp("search")) as database:
        database.insert(spans, logs)
        database.recompute()
        if request.param == "after":
            database.client.command("OPTIMIZE TABLE message_rows FINAL")
        yield Found(database, names)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("refund window", {"plain"}),
        ("REFUND", {"plain", "chinese", "apart"}),
        ("Refund  window!", {"plain"}),
        ("window refund", set()),
        ("efund", set()),
        ("zebrafish", {"json"}),
        ('said "zebrafish" and left', {"json"}),
        ("and left", {"json"}),
        ("third", {"json"}),
        ("hird", set()),
        ("quokka okapi", {"json in json"}),
        ("größe", {"escaped", "unescaped"}),
        ("GRÖSSE", set()),
        ("öl", {"escaped", "unescaped"}),
        ("Größe und Öl", {"escaped", "unescaped"}),
        ("wombat", {"escaped", "unescaped"}),
        ("numbat", {"escaped", "unescaped"}),
        ("customer", {"escaped", "unescaped"}),
        ("customer's", {"escaped", "unescaped"}),
        ("café", {"escaped", "unescaped"}),
        ("caf", set()),
        ("退款", {"chinese"}),
        ("get order", {"code"}),
        ("get_order", {"code"}),
        ("A-10544", {"code"}),
        ("10544", {"code"}),
        ("order.total", {"code"}),
        ("3.14", {"code"}),
        ("foo@bar.example", {"code"}),
        ("ward", set()),
        ("inety", set()),
        ("cared", set()),
        ("award", {"award"}),
        ("in", set()),
        ("an", {"award"}),
        ("name", {"paths"}),
        ("uaccess", {"paths"}),
        ("ubeef", {"paths"}),
        ("uaccess ubeef", {"paths"}),
        ("ever", set()),
        ("bilby", {"combined"}),
        ("numbfish", {"combined"}),
        ("echidna", {"combined"}),
        ("*efun*", {"plain", "chinese", "apart"}),
        ("*fund window", {"plain"}),
        ("refund win*", {"plain"}),
        ("re*nd *indow", {"plain"}),
        ("r*window", set()),
        ("wom*", {"escaped", "unescaped"}),
        ("gr*e", {"escaped", "unescaped"}),
        ("*size*", set()),
        ("*öß*", {"escaped", "unescaped"}),
        ("*款*", {"chinese"}),
        ("* refund * window *", {"plain"}),
    ],
)
def test_words_are_found_as_they_were_meant_in_every_form(found: Found, text: str, names: set[str]) -> None:
    assert found.by(text) == names


def test_the_first_word_of_a_structured_value_is_found_whatever_its_length(found: Found) -> None:
    assert found.by("pademelon") == {f"structured {number}" for number in range(100, 200)}
    assert found.by("ademelon") == set()
    assert found.by("kowari") == {f"structured {number}" for number in range(300, 380)}
    assert found.by("owari") == set()


def test_the_index_misses_nothing_that_the_pattern_finds(engine: Engine, tmp_path: Path) -> None:
    """Texts and questions are put together from what words can stand beside; the pattern, over all texts, decides."""
    rng = Random("stuck together")
    words = (
        "ever",
        "never",
        "next",
        "u",
        "uaccess",
        "ubeef",
        "bad",
        "2014",
        "größe",
        "caf",
        "é",
        "退款",
        "ไทย",
        "a",
        "n",
    )
    beside = (
        *(
            " ",
            "\n",
            "\\n",
            "\\\\n",
            "\\t",
            '\\"',
            "\\u2014",
            "\\u00e9",
            "\\U00E9",
            "\\ud83d\\ude00",
            "—",
            "é",
            "_",
            "\\",
            "\\u",
        ),
        *("\x12\x05\n\x03", "\x12\x33\n0", "\n\x39\n7", "", "1", "\x1f", "ﬁ", "。"),
    )
    texts = ["".join(rng.choice(words) + rng.choice(beside) for _ in range(6)) for _ in range(1500)]
    request = ExportTraceServiceRequest()
    for number, text in enumerate(texts, 1):
        _run(request, number, text)
    with fresh_database(engine, tmp_path) as database:
        database.client.command("SYSTEM STOP MERGES message_rows")
        database.insert(request)
        database.recompute()
        questions = [*words, *(" ".join(rng.choices(words, k=2)) for _ in range(30)), "ev*", "*ver", "b*d", "*th*"]
        for merged in (False, True):
            if merged:
                database.client.command("SYSTEM START MERGES message_rows")
                database.client.command("OPTIMIZE TABLE message_rows FINAL")
            for question in questions:
                query = "SELECT DISTINCT run_id FROM messages WHERE match(text, {pattern:String})"
                expected = {row["run_id"] for row in database.rows(query, pattern=search_for(question).pattern)}
                found = {row.run_id for row in list_runs(database.client, RunFilter(text=question, limit=10_000))}
                assert found == expected, (question, merged)
                assert expected or "*" in question or " " in question, question


@pytest.mark.parametrize("text", ["?!", "…", "__", "*", "* **"])
def test_a_search_for_no_word_says_so(text: str) -> None:
    with pytest.raises(UsageError, match="holds no word"):
        search_for(text)


def test_a_search_of_a_thousand_words_says_so() -> None:
    with pytest.raises(UsageError, match="up to 1000 characters"):
        search_for("word " * 1000)


@pytest.mark.parametrize("text", ["a.b*c(d[e\\f", "(?i)x", "a' OR 1=1 --", "50% of_it", "\\zeb'ra"])
def test_what_is_searched_for_is_never_read_as_anything_else(found: Found, text: str) -> None:
    assert found.by(text) == set()


def test_what_is_often_said_is_found_in_the_newest_runs_and_nothing_is_left_out(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same as if all had been read, wherever in the newest it is said, or hardly at all."""
    monkeypatch.setattr(runs, "OFTEN_SAID", 3)
    monkeypatch.setattr(runs, "SAID_BY_ONE_IN", 10)
    request = ExportTraceServiceRequest()
    begin_ns = time.time_ns() - 400 * 10**9
    for number in range(1, 401):
        said = ["ordinary", "seldom" * (number < 60), "often" * (number % 5 == 0)]
        _run(request, number, " ".join(said), begin_ns + number * 10**9)
    with fresh_database(engine, tmp_path) as database:
        database.insert(request)
        database.recompute()
        # It came two hours ago, from a clock that is two hours ahead.
        client, ahead = database.client, f"{398:032x}"
        client.command(
            "INSERT INTO run_rows SELECT * REPLACE (arrived_at - 7200 AS arrived_at, computed_at + 1 AS computed_at)"
            f" FROM run_rows FINAL WHERE run_id = '{ahead}'"
        )
        client.command(
            f"INSERT INTO message_rows (run_id, text, arrived_at) VALUES ('{ahead}', 'often', now('UTC') - 7200)"
        )
        client.command("OPTIMIZE TABLE message_rows FINAL")
        for text, count in {"ordinary": 400, "often": 81, "seldom": 59, "never": 0}.items():
            wanted = RunFilter(text=text)
            everything = [placed.place for placed in page_of_runs(client, wanted, Order(), 1000)]
            paged: list[Place] = []
            while page := page_of_runs(client, wanted, Order(), 7, after=paged[-1] if paged else None):
                paged += [placed.place for placed in page]
            assert paged == everything, text
            assert len(paged) == count


def test_the_index_counts_what_it_names_up_to_what_is_worth_counting(engine: Engine, tmp_path: Path) -> None:
    request = ExportTraceServiceRequest()
    for number in range(1, 41):
        _run(request, number, "ordinary" + " seldom" * (number == 1), NOW_NS + number)
    with fresh_database(engine, tmp_path) as database:
        database.insert(request)
        database.client.command("OPTIMIZE TABLE message_rows FINAL")

        def named(text: str, many: int) -> int:
            query, bound = naming(text)
            return int(database.client.query(query, parameters={**bound, "many": many}).result_rows[0][0])

        assert (named("ordinary", 30), named("ordinary", 1000)) == (30, 40)
        assert (named("seldom", 30), named("ordin*", 1000), named("never", 30)) == (1, 40, 0)


def _run(request: ExportTraceServiceRequest, number: int, text: str, start_ns: int = NOW_NS) -> None:
    span = request.resource_spans.add().scope_spans.add().spans.add(
        trace_id=number.to_bytes(16), span_id=number.to_bytes(8), name="chat",
        start_time_unix_nano=start_ns, end_time_unix_nano=start_ns + 10**9,
    )  # fmt: skip
    span.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
    span.attributes.add(key="gen_ai.input.messages").value.string_value = text


def _log(request: ExportLogsServiceRequest, number: int, text: str) -> None:
    record = request.resource_logs.add().scope_logs.add().log_records.add(
        trace_id=number.to_bytes(16), span_id=number.to_bytes(8), event_name="gen_ai.user.message",
        time_unix_nano=NOW_NS,
    )  # fmt: skip
    record.body.kvlist_value.values.add(key="content", value=AnyValue(string_value=text))
