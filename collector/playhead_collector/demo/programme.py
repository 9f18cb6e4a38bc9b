"""Which stories the demo tells, by whom, for whom and when; and the one function that tells them all.

A new run is a line here. `minutes_ago` is when it began, relative to the moment the demo is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from playhead_collector.demo import cast
from playhead_collector.demo.chance import Chance
from playhead_collector.demo.dialects import Dialect, gen_ai, openinference, traceloop, vercel
from playhead_collector.demo.steps import Agent, AgentStep, Casting, Run
from playhead_collector.demo.stories import coding, research, support, trouble
from playhead_collector.demo.take import SECOND, Errand, Reel, Take
from playhead_collector.demo.wire import request_of

Story: TypeAlias = Callable[[Take], None]
V1, V2 = "1.4.1", "1.4.2"
_SERVICES = {
    "support-agent": "support-desk",
    "product-adviser": "support-desk",
    "shop-widget": "shop-front",
    "researcher": "research-desk",
    "coder": "code-mender",
}


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """One run, ready to be sent. `story` says which one; several runs may tell the same."""

    story: str
    run_id: str
    request: ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Scene:
    """A line of the programme. Without a `session` the run has one of its own."""

    minutes_ago: float
    story: str
    tell: Story
    agent: Agent
    version: str
    user: str
    dialect: Dialect = gen_ai
    session: str = ""


def demo_requests(now_ns: int, seed: int = 1) -> Iterator[DemoRequest]:
    """All runs of the demo in the order in which they began; the same arguments give the same bytes."""
    for number, scene in enumerate(sorted(PROGRAMME, key=lambda scene: -scene.minutes_ago)):
        run = _told(scene, Chance(seed, now_ns, f"{number}/{scene.story}"), now_ns)
        yield DemoRequest(scene.story, run.trace_id.hex(), request_of(run, scene.dialect))


def _told(scene: Scene, chance: Chance, now_ns: int) -> Run:
    casting = Casting(
        agent=scene.agent,
        service=_SERVICES[scene.agent.name],
        version=scene.version,
        user=scene.user,
        session=scene.session or chance.name("session-", 8),
        start_ns=now_ns - int((scene.minutes_ago * 60 - chance.content.uniform(0, 20)) * SECOND),
    )
    reel = Reel(chance, scene.user)
    take = Take(scene.agent, reel, casting.start_ns)
    scene.tell(take)
    if not any(isinstance(step, AgentStep) and not step.parent_id for step in reel.steps):
        take.end()
    return Run(chance.trace_id(), casting, tuple(reel.steps))


_late = support.late_parcel
_SUPPORT = (
    Scene(
        352,
        "late-parcel",
        partial(_late, order=support.TENT, where="Left the regional centre", expected="tomorrow"),
        cast.SUPPORT,
        V1,
        "user-17",
    ),
    Scene(
        301,
        "late-parcel",
        partial(_late, order=support.LAMP, where="Delivery tried, nobody at home", expected="today"),
        cast.SUPPORT_CLAUDE,
        V1,
        "user-31",
        traceloop,
    ),
    Scene(
        96,
        "late-parcel",
        partial(_late, order=support.STOVE, where="Waiting at customs", expected="in three days"),
        cast.SUPPORT,
        V2,
        "user-8",
        openinference,
    ),
    Scene(
        338,
        "exchange",
        partial(support.wrong_size, order=support.BOOTS, has="size 42", wants="size 43"),
        cast.SUPPORT,
        V1,
        "user-22",
    ),
    Scene(
        74,
        "exchange",
        partial(support.wrong_size, order=support.JACKET, has="size M", wants="size L"),
        cast.SUPPORT_CLAUDE,
        V2,
        "user-40",
    ),
    Scene(
        287,
        "change-address",
        partial(support.change_address, order=support.TENT, address="Harbour Street 14, 20459 Hamburg"),
        cast.SUPPORT,
        V1,
        "user-17",
    ),
    Scene(
        58,
        "change-address",
        partial(support.change_address, order=support.LAMP, address="Mill Lane 3, 55116 Mainz"),
        cast.SUPPORT,
        V2,
        "user-5",
        openinference,
    ),
    Scene(265, "refund", partial(support.refund, order=support.BOTTLE), cast.SUPPORT, V1, "user-12"),
    Scene(231, "refund", partial(support.refund, order=support.LAMP), cast.SUPPORT, V1, "user-29"),
    Scene(49, "invoice-copy", partial(support.invoice_copy, order=support.KAYAK), cast.SUPPORT, V2, "user-3"),
    Scene(
        214,
        "product-question",
        partial(
            support.product_question,
            question="Can I use the Ember stove inside my tent?",
            documents=(
                "Ember gas stove: 2.6 kW, boils a litre in 3.5 minutes, 98 g. For use outdoors only.",
                "Safety: gas stoves use up oxygen and give off carbon monoxide. Never use one in a closed tent.",
            ),
            answer=(
                "No, please do not: the Ember is for use outdoors only, and a stove in a closed tent "
                "gives off carbon monoxide."
            ),
        ),
        cast.ADVISER,
        V1,
        "user-26",
    ),
    Scene(
        37,
        "product-question",
        partial(
            support.product_question,
            question="Does the Cairn 45 fit as hand luggage?",
            documents=(
                "Cairn 45: 45 litres, 68 x 32 x 24 cm, 1.35 kg, rain cover included.",
                "Care: wash by hand, lukewarm, and dry in the shade.",
            ),
            answer=(
                "It is 68 x 32 x 24 cm. The documents I have do not say what your airline allows, but "
                "most allow no more than 55 cm."
            ),
        ),
        cast.ADVISER,
        V2,
        "user-26",
    ),
    Scene(245, "lost-parcel", support.lost_parcel_first, cast.SUPPORT, V1, "user-33", session="session-parcel33"),
    Scene(
        160,
        "lost-parcel",
        support.lost_parcel_second,
        cast.SUPPORT,
        V1,
        "user-33",
        session="session-parcel33",
    ),
    Scene(41, "lost-parcel", support.lost_parcel_third, cast.SUPPORT, V2, "user-33", session="session-parcel33"),
    Scene(
        183,
        "widget",
        partial(
            support.widget,
            question="Do you have the Nimbus jacket in XL?",
            errand=Errand("check_stock", {"article": "JACK-NI", "size": "XL"}, {"article": "JACK-NI", "left": 2}, 0.3),
            answer="Yes, we have two left in XL. Order today and one of them is yours.",
        ),
        cast.WIDGET,
        V1,
        "user-44",
        vercel,
    ),
    Scene(
        29,
        "widget",
        partial(
            support.widget,
            question=f"Status of {support.PACK.id}?",
            errand=Errand("get_order", {"order_id": support.PACK.id}, support.PACK.found, 0.2),
            answer="It has been shipped. You find the tracking number in your account.",
        ),
        cast.WIDGET,
        V2,
        "user-33",
        vercel,
    ),
)
_TROUBLE = (
    Scene(83, "refund-loop", partial(trouble.refund_loop, order=support.BOTTLE), cast.SUPPORT, V2, "user-19"),
    Scene(66, "silent-failure", trouble.cancelled_it_says, cast.SUPPORT, V2, "user-8"),
    Scene(
        195,
        "silent-failure",
        partial(trouble.address_changed_it_says, order=support.LAMP),
        cast.SUPPORT,
        V1,
        "user-14",
        traceloop,
    ),
    Scene(142, "approval-approved", trouble.approval_approved, cast.SUPPORT, V1, "user-6"),
    Scene(118, "approval-rejected", trouble.approval_rejected, cast.SUPPORT, V2, "user-37"),
    Scene(171, "hand-off", partial(trouble.charged_twice, order=support.JACKET), cast.SUPPORT, V1, "user-11"),
    Scene(
        24,
        "hand-off",
        partial(trouble.charged_twice, order=support.BOOTS),
        cast.SUPPORT,
        V2,
        "user-22",
        openinference,
    ),
    Scene(109, "rate-limited", partial(trouble.rate_limited, order=support.PACK), cast.SUPPORT, V2, "user-2"),
    Scene(101, "tool-down", partial(trouble.tool_down_admitted, order=support.TENT), cast.SUPPORT, V2, "user-17"),
)
_RESEARCH = (
    Scene(320, "brief", partial(research.brief, topic=research.HEAT_PUMPS), cast.RESEARCHER, V1, "user-50"),
    Scene(
        205,
        "brief",
        partial(research.brief, topic=research.BATTERIES),
        cast.RESEARCHER_GPT,
        V1,
        "user-51",
        openinference,
    ),
    Scene(53, "brief", partial(research.brief, topic=research.WATERPROOFING), cast.RESEARCHER, V2, "user-50"),
    Scene(
        131,
        "team",
        lambda take: research.team(take, research.BATTERIES, research.WATERPROOFING),
        cast.RESEARCHER,
        V1,
        "user-50",
    ),
    Scene(
        33,
        "dead-source",
        partial(research.dead_source, topic=research.HEAT_PUMPS),
        cast.RESEARCHER,
        V2,
        "user-52",
    ),
    Scene(
        89,
        "rate-limited",
        partial(research.rate_limited_brief, topic=research.WATERPROOFING),
        cast.RESEARCHER,
        V2,
        "user-51",
    ),
)
_CODING = (
    Scene(310, "fix-test", partial(coding.fix_test, bug=coding.ROUNDING), cast.CODER, V1, "user-60"),
    Scene(
        222,
        "fix-test",
        partial(coding.fix_test, bug=coding.TIMEZONE),
        cast.CODER_CLAUDE,
        V1,
        "user-61",
        traceloop,
    ),
    Scene(152, "rename", coding.rename, cast.CODER, V1, "user-60"),
    Scene(45, "edit-misses", partial(coding.edit_misses, bug=coding.PAGING), cast.CODER_CLAUDE, V2, "user-61"),
    Scene(126, "context-blowout", coding.context_blowout, cast.LOG_CODER, V2, "user-60"),
    Scene(62, "crash", partial(coding.crash_in_tool, bug=coding.PAGING), cast.CODER, V2, "user-62"),
    Scene(18, "crash", partial(coding.crash_in_prompt, bug=coding.TIMEZONE), cast.CODER_CLAUDE, V2, "user-61"),
)
PROGRAMME = _SUPPORT + _TROUBLE + _RESEARCH + _CODING
