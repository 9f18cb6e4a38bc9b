"""A support agent, whole: copy it, and put your own model, tools and rules in.

All that Playhead needs is here: tools with contracts, states, a decision, an approval, two sub-agents, a retrieval and
limits. The shop (`shop.py`) and the model's API (`model.py`) stand for yours: no line of them speaks of Playhead, and
every call of the model is recorded all the same, at the HTTP transport.
"""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass

import playhead
from playhead_collector.demo import model, shop
from playhead_collector.demo.shop import Document, Label, Ledger, Order, Parcel, Refund, Stock

VERSION = os.environ.get("SUPPORT_VERSION", "1.4.2")


@dataclass(frozen=True)
class Ticket:
    session: str
    user: str
    text: str


@dataclass(frozen=True)
class Reply:
    text: str
    by: str


case = playhead.machine(
    "case",
    initial="new",
    transitions={
        "new": ["working"],
        "working": ["waiting for approval", "answered"],
        "waiting for approval": ["working"],
    },
    terminal=["answered"],
)


@playhead.tool
async def get_order(order_id: str) -> Order:
    """Look an order up by its id."""
    return await shop.order(order_id)


@playhead.tool
async def track_parcel(tracking_id: str) -> Parcel:
    """Where a parcel is, as its carrier says."""
    return await shop.parcel(tracking_id)


@playhead.tool
async def check_stock(article: str, size: str) -> Stock:
    """How many of an article are left."""
    return await shop.stock(article, size)


@playhead.tool(side_effect=True)
async def refund(order_id: str, cents: int, reason: str) -> Refund:
    """Refund an order. Above 200 EUR a person decides."""
    if cents > 20_000:
        case.to("waiting for approval")
        with playhead.approval("refund above 200 EUR", proposed={"order": order_id, "cents": cents}) as ask:
            ask.shown(f"{cents / 100:.2f} EUR for {order_id}: {reason}", to="shift-lead")
            agrees, comment = await shop.shift_lead(order_id)
            (ask.approve if agrees else ask.reject)(by="shift-lead", comment=comment)
        case.to("working")
        if not agrees:
            return {"status": "rejected", "refund_id": None, "note": comment}
    return await shop.pay_back(order_id, cents, VERSION)


@playhead.tool(side_effect=True)
async def cancel_order(order_id: str) -> dict[str, object]:
    """Cancel an order that has not left the warehouse."""
    return await shop.cancel(order_id)


@playhead.tool(side_effect=True)
async def change_address(order_id: str, address: str) -> dict[str, object] | str:
    """Change where an order is delivered."""
    return await shop.change_address(order_id, address)


@playhead.tool(side_effect=True)
async def print_label(order_id: str) -> Label:
    """Print a label for a parcel that comes back."""
    return await shop.print_label(order_id)


@playhead.tool
async def read_mails(user: str, page: int) -> str:
    """One page of what a customer wrote to us before."""
    return await shop.mails(user, page)


@playhead.tool
async def read_ledger(order_id: str) -> Ledger:
    """Charges and refunds of an order."""
    return await shop.ledger(order_id)


@playhead.agent(name="billing")
async def ask_billing(question: str) -> str:
    """Hand a question about charges to the billing agent."""
    return await converse(BILLING, [{"role": "user", "content": question}])


@playhead.agent(name="archivist")
async def ask_archivist(question: str) -> str:
    """Have the customer's earlier mails read."""
    return await converse(ARCHIVIST, [{"role": "user", "content": question}])


@playhead.agent(name="adviser")
async def advise(question: str) -> str:
    """Answer a question about an article from its documents."""
    with playhead.step("product pages", kind="retrieval", query=question) as step:
        documents: list[Document] = await shop.search(question)
        step.set("documents", documents)
    pages = "\n".join(document["text"] for document in documents)
    return await converse(ADVISER, [{"role": "user", "content": f"{question}\n\n{pages}"}])


def desk(name: str, orders: str, *tools: model.Tool) -> model.Desk:
    return model.Desk(name, orders, {tool.__name__: tool for tool in tools})


BILLING = desk("claude-haiku-4-5", shop.BILLING_ORDERS, read_ledger)
ARCHIVIST = desk("gpt-3.5-turbo", shop.ARCHIVIST_ORDERS, read_mails)
ADVISER = desk("trailhead-adviser-7b", shop.ADVISER_ORDERS)
SUPPORT = desk(
    "gpt-4o-mini", shop.SUPPORT_ORDERS,
    get_order, track_parcel, check_stock, refund, cancel_order, change_address, print_label, ask_billing, ask_archivist,
)  # fmt: skip
memory: dict[str, list[model.Message]] = {}


@playhead.agent(name="support", version=VERSION)
async def handle(ticket: Ticket) -> Reply:
    """One ticket is one run."""
    with (
        playhead.context(session=ticket.session, user=ticket.user),
        playhead.limits(max_repeats=3, max_steps=100, max_seconds=60),
    ):
        case.to("working")
        known = ticket.session in memory or re.search(r"\bA-\d{5}\b|\bmails?\b", ticket.text) is not None
        by = "support" if known else "adviser"
        reason = "it is about an order" if known else "it names no order"
        playhead.decision("who answers?", chosen=by, options=["support", "adviser"], reason=reason)
        said = memory.setdefault(ticket.session, [])
        said.append({"role": "user", "content": ticket.text})
        text = await (converse(SUPPORT, said) if known else advise(ticket.text))
        playhead.score("brief", len(text) < 400)
        case.to("answered")
        return Reply(text, by)


async def converse(at: model.Desk, messages: list[model.Message]) -> str:
    """Asks the model, and calls the tools that it wants, until it has an answer."""
    while True:
        answer = await model.ask(at, messages)
        messages.append(answer.message)
        if not answer.calls:
            return answer.text
        messages += await asyncio.gather(*(call(at, wanted) for wanted in answer.calls))


async def call(at: model.Desk, wanted: model.Call) -> model.Message:
    """A tool that fails is told to the model; a limit ends the run."""
    try:
        result = await at.tools[wanted.name](**wanted.arguments)
    except playhead.LimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a tool may raise
        result = f"Error: {type(error).__name__}: {error}"
    return model.result(wanted, result)
