"""The research desk: searches side by side, sources read and cited, one of them never read."""

from __future__ import annotations

from dataclasses import dataclass

from playhead_collector.demo.cast import READER
from playhead_collector.demo.steps import Failure
from playhead_collector.demo.take import Errand, Take


@dataclass(frozen=True, slots=True)
class Source:
    """A page of the web, as the demo has it."""

    url: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Topic:
    """A question, what is searched for it, what is read, and the brief that comes of it."""

    question: str
    queries: tuple[str, str]
    sources: tuple[Source, Source]
    brief: str


HEAT_PUMPS = Topic(
    "Do heat pumps work in old, uninsulated houses? A short brief for our customers' magazine.",
    ("heat pump field study old houses efficiency", "flow temperature radiators heat pump"),
    (
        Source(
            "https://energy.example.org/field-study",
            "Field study of heat pumps in existing houses",
            "In this study, 56 houses built before 1980 were measured for two winters. The seasonal "
            "performance factor of air source heat pumps was between 2.5 and 3.8, with a mean of 3.1. "
            "Insulation explained less of the difference than expected; the flow temperature "
            "explained most of it. Houses that ran at 45 degrees or less reached 3.4 on average, "
            "whether their walls were insulated or not.",
        ),
        Source(
            "https://heating.example.com/radiators",
            "Large radiators, low temperatures",
            "A radiator gives less heat at a lower flow temperature, and this can be made up for with "
            "area. In most houses two or three radiators are too small, typically in the bathroom and "
            "the living room. Changing those costs between 600 and 1,200 EUR each and often lowers "
            "the flow temperature by ten degrees.",
        ),
    ),
    "Yes, more often than people think. In a study of 56 older houses, air source heat pumps reached "
    "a seasonal performance factor of 3.1 on average, and what decided was the flow temperature "
    "rather than the walls (https://energy.example.org/field-study). Changing the two or three "
    "radiators that are too small often lowers it by ten degrees "
    "(https://heating.example.com/radiators). Unsure: both sources look at mild winters only.",
)
BATTERIES = Topic(
    "How should our customers store e-bike batteries over winter? Half a page, with sources.",
    (
        "lithium ion battery storage charge level temperature",
        "e-bike battery winter storage manufacturer advice",
    ),
    (
        Source(
            "https://cells.example.org/ageing",
            "Calendar ageing of lithium-ion cells",
            "Cells stored fully charged at 25 degrees lost 8 percent of their capacity in a year, "
            "cells stored at half charge lost 3 percent. At 0 degrees the loss was about 2 percent "
            "for both. Cells stored below 5 percent charge were sometimes discharged so deeply that "
            "they could not be used again.",
        ),
        Source(
            "https://bikes.example.com/winter",
            "Getting your e-bike through the winter",
            "Take the battery off and store it in a dry place between 5 and 20 degrees. Charge it to "
            "about half, and check it every two months. Never charge a battery that is colder than 0 "
            "degrees: bring it inside first and give it two hours to warm up.",
        ),
    ),
    "Store the battery off the bike, dry, at 5 to 20 degrees and about half charged, and check it "
    "every two months (https://bikes.example.com/winter). Full charge costs capacity: 8 percent a "
    "year against 3 percent at half charge, while an empty battery may never wake up again "
    "(https://cells.example.org/ageing).",
)
WATERPROOFING = Topic(
    "Which fluorine-free sprays for rain jackets are worth selling? What is known about how long they last?",
    ("fluorine free durable water repellent test", "rain jacket care washing tumble dryer repellency"),
    (
        Source(
            "https://textiles.example.org/dwr-test",
            "Water repellents without fluorine: a laboratory test",
            "Six sprays and four wash-in products without fluorine were compared on three fabrics. "
            "New, all of them reached the highest class of the spray test. After five washes wash-in "
            "products kept class 3 to 4, sprays class 2 to 3. Oil and sunscreen ended the effect of "
            "all of them at once.",
        ),
        Source(
            "https://outdoor.example.com/care",
            "Washing a rain jacket the right way",
            "Dirt and detergent left in the fabric do more harm than washing. Wash warm with liquid "
            "soap, rinse twice, and dry for twenty minutes at low heat: heat brings the repellent "
            "back. Most jackets that are said to leak only need this.",
        ),
    ),
    "Wash-in products last longer than sprays: class 3 to 4 against 2 to 3 after five washes, and "
    "none withstands sunscreen (https://textiles.example.org/dwr-test). Many jackets need only a "
    "wash, two rinses and twenty minutes of low heat (https://outdoor.example.com/care). Unsure: the "
    "test names no brands.",
)


def _search(take: Take, topic: Topic) -> None:
    take.call_together(
        [
            Errand(
                "web_search",
                {"query": query},
                {"results": [{"url": source.url, "title": source.title}]},
                0.9,
            )
            for query, source in zip(topic.queries, topic.sources, strict=True)
        ],
        say="I will look for measurements first, and for practical advice beside them.",
    )


def _read(take: Take, topic: Topic) -> None:
    take.call_together([Errand("fetch_page", {"url": source.url}, source.text, 1.4) for source in topic.sources])


def brief(take: Take, topic: Topic) -> None:
    take.user(topic.question)
    _search(take, topic)
    take.decide(
        "which sources to read?",
        [source.url for source in topic.sources],
        "both",
        "one has measurements, the other has advice",
    )
    _read(take, topic)
    take.answer(topic.brief)


def rate_limited_brief(take: Take, topic: Topic) -> None:
    """The provider refuses between the reading and the writing."""
    take.user(topic.question)
    _search(take, topic)
    _read(take, topic)
    overloaded = Failure(
        "RateLimitError",
        "Error code: 429 - This request would exceed your organization's rate limit of 40,000 input tokens per minute.",
        status=429,
    )
    for pause in (5.0, 10.0):
        take.refused(overloaded, seconds=0.2)
        take.wait(pause)
    take.answer(topic.brief)


def dead_source(take: Take, topic: Topic) -> None:
    """A silent failure: one page answers 404 inside its result, and is cited all the same."""
    take.user(topic.question)
    _search(take, topic)
    read, lost = topic.sources
    take.call_together(
        [
            Errand("fetch_page", {"url": read.url}, read.text, 1.2),
            Errand("fetch_page", {"url": lost.url}, {"status": 404, "error": "Not Found", "text": ""}, 0.3),
        ]
    )
    take.answer(topic.brief)


def team(take: Take, *topics: Topic) -> None:
    """Sub-agents side by side: each reads for one topic, and one of them calls two tools at once."""
    take.user("For the winter issue: one page on " + " and one on ".join(topic.queries[0] for topic in topics) + ".")
    take.decide(
        "alone or together?",
        ["alone", "one reader a topic"],
        "one reader a topic",
        "the topics have nothing to do with each other",
    )
    readers = take.delegate(*((READER, topic.question) for topic in topics))
    for reader, topic in zip(readers, topics, strict=True):
        _search(reader, topic)
        _read(reader, topic)
        reader.answer("\n".join(f"{source.text.split('. ')[0]}. ({source.url})" for source in topic.sources))
    take.join(readers)
    take.answer("\n\n".join(topic.brief for topic in topics))
