"""Runs that look like a fault and are none: for each fault the ways in which an agent does the same rightly.

None of them takes more turns than its agent is allowed: what looks like one fault must not have another.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable

from tests.proof.month.course import Scene, closing, most_turns, ordinary, turns_of
from tests.proof.month.faults import Course, begun, done
from tests.proof.month.fleet import END_NS
from tests.proof.month.telling import SECOND, Told, message

# By fault, each with the agents that do so.
LOOK_ALIKES: dict[str, list[tuple[Course, tuple[str, ...]]]] = defaultdict(list)


_NO_ERRORS: tuple[object, ...] = (
    {"errors": 0, "warnings": 2}, {"error": None, "rows": 3}, "no errors were found", {"text": "the error was mended"},
)  # fmt: skip


def _looks_like(fault: str, *agents: str) -> Callable[[Course], Course]:
    def mark(course: Course) -> Course:
        LOOK_ALIKES[fault].append((course, agents))
        return course

    return mark


@_looks_like("repeated_call", "deployer", "support", "researcher")
@_looks_like("alternating_calls", "deployer", "support", "researcher")
def polling_with_progress(it: Scene) -> Told:
    begun(it)
    tool, asked = it.habit.tools[1], {"job": it.rng.getrandbits(20)}
    for percent in sorted(it.rng.sample(range(1, 100), it.rng.randint(4, min(20, most_turns(it))))):
        it.prompt(finish="tool_calls")
        it.call(tool, asked, {"done": percent})
        it.telling.now_ns += 20 * SECOND
    closing(it)
    return done(it)


@_looks_like("repeated_call", "deployer", "trainer", "indexer")
@_looks_like("alternating_calls", "deployer", "trainer", "indexer")
def polling_until_it_is_there(it: Scene) -> Told:
    """The same answer until it is another one; some wait by a tool of its own."""
    begun(it)
    wait = it.rng.random() < 0.5
    for _ in range(1 + min(int(it.rng.expovariate(1 / 5)), most_turns(it) - 2)):
        it.prompt(finish="tool_calls")
        it.telling.tool("job_status", '{"job":7}', '{"state":"pending"}', 0.3)
        if wait:
            it.telling.tool("wait", '{"seconds":30}', '"ok"', 30)
    it.prompt(finish="tool_calls")
    it.telling.tool("job_status", '{"job":7}', '{"state":"finished"}', 0.3)
    closing(it)
    return done(it)


@_looks_like("repeated_call", "researcher", "scraper", "support")
def pages(it: Scene) -> Told:
    begun(it)
    for page in range(it.rng.randint(4, min(15, most_turns(it)))):
        it.prompt(finish="tool_calls")
        it.call(it.habit.tools[0], {"query": "shoes", "page": page})
    closing(it)
    return done(it)


@_looks_like("repeated_call", "coder")
@_looks_like("alternating_calls", "coder")
def edit_and_test(it: Scene) -> Told:
    begun(it)
    edit, tests = it.habit.tools[1], it.habit.tools[2]
    for failing in reversed(range(it.rng.randint(4, 12))):
        it.prompt(finish="tool_calls")
        it.call(edit, {"file": "a.py", "text": it.telling.words(6)}, "written")
        it.call(tests, {"path": "tests"}, f"{failing} failed")
    closing(it)
    return done(it)


@_looks_like("repeated_call", "support", "billing", "researcher")
def looked_twice(it: Scene) -> Told:
    begun(it)
    for _ in range(it.rng.randint(2, 3)):
        it.prompt(finish="tool_calls")
        it.call(it.habit.tools[0], {"id": 7}, {"found": 1})
    closing(it)
    return done(it)


@_looks_like("no_state_progress", "support", "billing", "deployer")
def one_item_after_another(it: Scene) -> Told:
    it.telling.state("new")
    for item in range(it.rng.randint(5, min(20, most_turns(it)))):
        it.telling.state("open", item=str(item))
        it.prompt(finish="tool_calls")
        it.telling.state("checked", item=str(item))
    closing(it)
    return done(it)


@_looks_like("no_state_progress", "support", "coder")
def reworked(it: Scene) -> Told:
    begun(it)
    for _ in range(it.rng.randint(1, 3)):
        it.telling.state("draft")
        it.prompt()
        it.telling.state("review")
        it.prompt()
    closing(it)
    return done(it)


@_looks_like("silent_retries", "support", "translator", "billing", "researcher")
def retried_and_well(it: Scene) -> Told:
    begun(it)
    asked, tool = {"id": it.rng.getrandbits(30)}, it.habit.tools[0]
    for _ in range(it.rng.choice((1, 1, 1, 2))):
        if it.rng.random() < 0.5:
            it.telling.prompt((0, 0), 1.0, error="429: too many requests")
        else:
            it.call(tool, asked, error="ConnectionError: no answer")
    it.prompt(finish="tool_calls")
    it.call(tool, asked)
    closing(it)
    return done(it)


@_looks_like("silent_retries", "support", "coder", "billing")
@_looks_like("tool_error_swallowed", "support", "coder", "billing")
def corrects_itself(it: Scene) -> Told:
    """Another argument each time, as the error told it to."""
    begun(it)
    for attempt in range(it.rng.randint(2, 5)):
        it.prompt(finish="tool_calls")
        it.call(it.habit.tools[0], {"id": attempt}, error="ValueError: not that one")
    it.prompt(finish="tool_calls")
    it.call(it.habit.tools[0], {"id": 99})
    closing(it)
    return done(it)


@_looks_like("run_cost", "researcher", "coder", "support")
@_looks_like("run_tokens", "researcher", "coder", "support")
def worth_it(it: Scene) -> Told:
    """Dear, as the dearer ones of this agent are."""
    begun(it)
    for _ in range(max(turns_of(it) for _ in range(8))):
        it.prompt(finish="tool_calls")
        it.call(it.rng.choice([one for one in it.habit.tools if not one.approved]))
    closing(it)
    return done(it)


@_looks_like("context_limit", "analyst", "coder")
def large_context(it: Scene) -> Told:
    """Most of the context is in use, as it always is."""
    return ordinary(it)


@_looks_like("instructions_dropped", "support", "researcher", "coder")
def compacted(it: Scene) -> Told:
    begun(it)
    for _ in range(4):
        it.prompt(finish="tool_calls")
        it.call(it.rng.choice([one for one in it.habit.tools if not one.approved]))
    first = it.telling.messages[0]
    it.telling.messages[:] = [first, message("user", f"So far: {it.telling.words(9)}"), *it.telling.messages[-2:]]
    it.prompt(finish="tool_calls")
    closing(it)
    return done(it)


@_looks_like("instructions_dropped", "support", "researcher", "billing")
def handed_over(it: Scene) -> Told:
    """Another agent takes over, with instructions of its own and the end of the conversation."""
    begun(it)
    for _ in range(2):
        it.prompt(finish="tool_calls")
        it.call(it.rng.choice([one for one in it.habit.tools if not one.approved]))
    tail = [message("user", "Go on from here."), *it.telling.messages[-2:]]
    it.telling.prompt((900, 60), 1.0, messages=tail, system="You are the closing agent.")
    closing(it)
    return done(it)


@_looks_like("instructions_dropped", "support", "translator", "coder")
def asks_beside(it: Scene) -> Told:
    begun(it)
    it.prompt()
    it.telling.prompt((300, 9), 0.6, messages=[message("user", "A title for: " + it.telling.asked)], system="Titles.")
    it.prompt()
    it.telling.prompt((300, 9), 0.6, messages=[message("user", "Is this safe: " + it.telling.asked)], system="")
    closing(it)
    return done(it)


@_looks_like("stalled", "trainer", "deployer", "billing")
def long_and_well(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    if it.habit.name == "trainer":
        it.call(it.habit.tools[0])
    else:
        it.telling.approval(it.habit.tools[-1].name, "approved", it.rng.uniform(2, 20) * 3600)
    closing(it)
    return done(it)


@_looks_like("stalled", "support", "researcher", "coder")
def still_going(it: Scene) -> Told:
    """Begun in the last minutes of the month."""
    it.telling.now_ns = it.telling.start_ns = END_NS - int(it.rng.uniform(60, 240) * SECOND)
    begun(it)
    it.prompt(finish="tool_calls")
    it.telling.now_ns = min(it.telling.now_ns, END_NS)
    return it.telling.told(is_open=True)


@_looks_like("stalled", "trainer")
def still_training(it: Scene) -> Told:
    """Silent for as long as such a thing takes."""
    it.telling.now_ns = it.telling.start_ns = END_NS - int(it.rng.uniform(600, 3600) * SECOND)
    it.prompt(finish="tool_calls")
    it.telling.tool(it.habit.tools[0].name, "{}", "", 0.01, is_open=True)
    return it.telling.told(is_open=True)


@_looks_like("no_terminal_state", "support", "billing", "coder")
def failed_before_its_end(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    return it.telling.told(error="ModelError: overloaded")


@_looks_like("no_terminal_state", "translator", "researcher", "scraper")
def says_where_it_is(it: Scene) -> Told:
    """States of no declared machine: none of them ends anything."""
    it.prompt()
    it.telling.step("state: reading", 0.01, {"playhead.kind": "state", "playhead.transition.machine": "run",
                                            "playhead.transition.to": "reading"})  # fmt: skip
    closing(it)
    return done(it)


@_looks_like("contract_violated", "support", "billing", "researcher")
def violated_and_asked_again(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    it.call(it.habit.tools[0], violation="id is str, not int")
    it.prompt(finish="tool_calls")
    it.call(it.habit.tools[0])
    closing(it)
    return done(it)


@_looks_like("contract_violated", "support", "billing")
def violated_and_failed(it: Scene) -> Told:
    begun(it)
    it.call(it.habit.tools[0], violation="id is str, not int")
    return it.telling.told(error="ContractViolation: id is str, not int")


@_looks_like("empty_answer", "support", "researcher", "translator")
def short_answer(it: Scene) -> Told:
    begun(it)
    it.prompt(answer="OK")
    return done(it, output=it.rng.choice(('"OK"', "0", "false", '"No"', '{"found": []}', "[0]")))


@_looks_like("empty_answer", "notifier")
def nothing_to_say(it: Scene) -> Told:
    return ordinary(it)


@_looks_like("unread_finish", "support", "researcher", "coder")
def went_on(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="length", max_tokens=1024)
    it.prompt()
    return done(it)


@_looks_like("unread_finish", "triage", "support")
def one_word(it: Scene) -> Told:
    it.prompt(answer="billing", finish="length", max_tokens=it.rng.randint(1, 16))
    return done(it)


@_looks_like("unread_finish", "researcher", "coder")
def cut_off_and_failed(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="length")
    return it.telling.told(error="ValueError: the answer was cut off")


@_looks_like("tool_error_swallowed", "support", "researcher", "coder", "billing")
def another_way(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    it.call(it.habit.tools[0], error="ConnectionError: no answer")
    it.prompt(finish="tool_calls")
    it.call(it.habit.tools[1])
    closing(it)
    return done(it)


@_looks_like("tool_error_swallowed", "support", "billing")
def escalated(it: Scene) -> Told:
    it.telling.state("new")
    it.prompt(finish="tool_calls")
    it.call(it.habit.tools[0], error="ConnectionError: no answer")
    it.telling.decision("what now?", "hand over to a person")
    it.telling.state("escalated", terminal=True)
    return it.telling.told(output=json.dumps("A person will look into it."))


@_looks_like("tool_error_swallowed", "support", "researcher", "coder")
def talks_of_errors(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    it.call(it.habit.tools[0], result=it.rng.choice(_NO_ERRORS))
    closing(it)
    return done(it)


@_looks_like("score_low", "researcher", "scraper", "translator", "support")
def scored_as_usual(it: Scene) -> Told:
    told = ordinary(it)
    for name, usual, spread in it.habit.scores[1:] or it.habit.scores:
        if told.spans[-1].status != 2:
            it.telling.score(name, round(max(0.0, usual - spread), 3))
            return it.telling.told()
    return told


@_looks_like("approval_waiting", "billing", "deployer")
def answered_late(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    it.telling.approval(it.habit.tools[-1].name, "approved", it.rng.uniform(1, 24) * 3600)
    it.call(it.habit.tools[-1], unasked=True)
    closing(it)
    return done(it)


@_looks_like("unapproved", "billing", "deployer")
def approved_once_for_both(it: Scene) -> Told:
    begun(it)
    tool = it.habit.tools[-1]
    it.call(tool)
    it.call(tool, unasked=True)
    closing(it)
    return done(it)


@_looks_like("unapproved", "billing", "deployer")
def rejected_and_left(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    it.telling.approval(it.habit.tools[-1].name, "rejected", it.rng.lognormvariate(5, 1))
    closing(it)
    return done(it)


@_looks_like("unapproved", "notifier", "support")
def nobody_asks(it: Scene) -> Told:
    """It changes the world, and nobody ever wanted to be asked."""
    begun(it)
    it.call(it.habit.tools[-1])
    closing(it)
    return done(it)


@_looks_like("spans_missing", "support", "researcher")
def steps_after_the_end(it: Scene) -> Told:
    begun(it)
    it.prompt()
    return done(it, counted=len(it.telling.spans))


@_looks_like("spans_missing", "triage", "translator")
def says_no_count(it: Scene) -> Told:
    it.prompt()
    told = done(it)
    del told.spans[-1].attributes["playhead.run.steps"]
    return told
