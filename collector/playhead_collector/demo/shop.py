"""The shop that the demo's agent works for: its orders, its carrier, its payments and its people, good days and bad.

It stands for the systems behind anyone's tools. Nothing here knows that it is recorded.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import uuid
from typing import TypedDict

import requests

SUPPORT_ORDERS = (
    "You are the support agent of a shop for outdoor gear. Be brief and kind. Look an order up before you speak about "
    "it. Refunds above 200 EUR need the approval of a person. Never promise a date that the carrier has not given. If "
    "a tool fails, say so and offer to hand over to a person."
)
BILLING_ORDERS = (
    "You are the billing agent of a shop for outdoor gear. Read the ledger first. State amounts in EUR, to the cent, "
    "and say which charge you mean."
)
ARCHIVIST_ORDERS = (
    "You read what a customer wrote to a shop for outdoor gear, page by page, until you find what was asked for. Never "
    "quote another customer."
)
ADVISER_ORDERS = (
    "You answer questions about articles of a shop for outdoor gear. Use only the documents you are given, and say so "
    "when they do not hold the answer."
)


class Order(TypedDict):
    order_id: str
    item: str
    article: str
    status: str
    cents: int
    tracking_id: str


class Parcel(TypedDict):
    tracking_id: str
    last_event: str
    expected: str | None


class Stock(TypedDict):
    article: str
    size: str
    left: int


class Refund(TypedDict):
    status: str
    refund_id: str | None
    note: str


class Label(TypedDict):
    label_id: str
    valid_days: int


class Entry(TypedDict):
    id: str
    type: str
    cents: int
    state: str


class Ledger(TypedDict):
    order_id: str
    entries: list[Entry]


class Document(TypedDict):
    source: str
    text: str


def _order(number: int, item: str, article: str, cents: int, status: str = "shipped") -> Order:
    ident = f"A-{number}"
    return Order(order_id=ident, item=item, article=article, status=status, cents=cents, tracking_id=f"TRK-{number}-7")


ORDERS = {
    order["order_id"]: order
    for order in (
        _order(10482, "two-person tent Ridge 2", "TENT-R2", 18_900),
        _order(10517, "hiking boots Talus, size 42", "BOOT-TA-42", 14_950, "delivered"),
        _order(10533, "head lamp Lumen 400", "LAMP-400", 4_995),
        _order(10544, "backpack Cairn 45", "PACK-C45", 12_900),
        _order(10561, "rain jacket Nimbus, size M", "JACK-NI-M", 17_900, "delivered"),
        _order(10570, "gas stove Ember", "STOV-EM", 6_450, "processing"),
        _order(10588, "insulated bottle 0.75 l", "BOTT-075", 2_995, "delivered"),
        _order(10601, "inflatable kayak Fjord", "KAYK-FJ", 48_000, "delivered"),
        _order(10614, "pair of bicycle bags Drift", "BAGS-DR", 23_800, "delivered"),
        _order(10629, "sleeping bag Firn, long", "SLEE-FI-L", 21_900, "delivered"),
        _order(10633, "trekking poles Axis", "POLE-AX", 7_900),
    )
}
# What the second version of the payment service leaves pending for ever: it was paid with a voucher.
PAID_WITH_VOUCHER = "A-10588"
# The label of an article of this length takes the printer's driver down, and the process with it.
TOO_LONG_FOR_THE_PRINTER = "A-10629"
# Nobody is there.
NIGHT_DEPOT = "http://127.0.0.1:9"
SHIFT_LEAD = {
    "A-10601": (True, "Known batch. Refund, and ask for a photo of the seam."),
    "A-10614": (False, "Delivered 63 days ago, the return window is 30 days. Offer a voucher."),
}
DOCUMENTS = (
    Document(source="stove.md", text="Ember gas stove: 2.6 kW, boils a litre in 3.5 minutes. For use outdoors only."),
    Document(source="safety.md", text="A gas stove gives off carbon monoxide. Never use one in a closed tent."),
    Document(source="pack.md", text="Cairn 45: 45 litres, 68 x 32 x 24 cm, 1.35 kg, rain cover included."),
    Document(source="care.md", text="Backpacks: wash by hand, lukewarm, and dry in the shade."),
    Document(source="jacket.md", text="Nimbus: three layers, 20,000 mm. Renew the coating without fluorine."),
)


async def order(order_id: str) -> Order:
    await _takes(0.004)
    return ORDERS[order_id]


async def parcel(tracking_id: str) -> Parcel:
    """The carrier's own API, over HTTP: its answer is taken as it comes."""
    return await asyncio.to_thread(_ask_carrier, tracking_id)


def _ask_carrier(tracking_id: str) -> Parcel:
    carrier = NIGHT_DEPOT if tracking_id.endswith("-depot") else os.environ["CARRIER_URL"]
    with requests.Session() as session:
        session.trust_env = False
        with session.get(f"{carrier}/parcels/{tracking_id}", timeout=10) as answer:
            told: Parcel = answer.json()
            return told


async def stock(article: str, size: str) -> Stock:
    await _takes(0.006)
    return Stock(article=article, size=size, left=random.randint(1, 9))  # noqa: S311 - a stock, not a secret


async def pay_back(order_id: str, cents: int, version: str) -> Refund:
    await _takes(0.012)
    if order_id == PAID_WITH_VOUCHER and version != "1.4.1":
        return Refund(status="pending", refund_id=None, note="try again later")
    return Refund(status="done", refund_id=f"RF-{uuid.uuid4().hex[:8]}", note=f"{cents / 100:.2f} EUR")


async def shift_lead(order_id: str) -> tuple[bool, str]:
    """A person, who takes their time."""
    await _takes(0.08)
    return SHIFT_LEAD.get(order_id, (True, "Fine."))


async def cancel(order_id: str) -> dict[str, object]:
    await _takes(0.005)
    if ORDERS[order_id]["status"] == "processing":
        return {"ok": False, "error": "ORDER_LOCKED", "detail": "picking has begun, the order cannot be cancelled"}
    return {"ok": True}


async def change_address(order_id: str, address: str) -> dict[str, object] | str:
    await _takes(0.005)
    if "Am Hang" in address:
        return "Error: upstream timed out after 5000 ms (address-service)"
    return {"order_id": order_id, "changed": True, "address": address}


async def print_label(order_id: str) -> Label:
    await _takes(0.009)
    if order_id == TOO_LONG_FOR_THE_PRINTER:
        os.kill(os.getpid(), signal.SIGKILL)
    return Label(label_id=f"RET-{order_id[2:]}", valid_days=14)


async def ledger(order_id: str) -> Ledger:
    await _takes(0.006)
    cents = ORDERS[order_id]["cents"]
    reserved = Entry(id="CH-1", type="authorisation", cents=cents, state="released")
    charged = Entry(id="CH-2", type="charge", cents=cents, state="settled")
    return Ledger(order_id=order_id, entries=[reserved, charged])


async def mails(user: str, page: int) -> str:
    """Long, and without an end: a year of letters, most of them quoted in the next one."""
    await _takes(0.003)
    letter = f"{user} wrote, page {page}: the zip of my tent is stuck again. > On Monday you told me to wax it. "
    return letter * 80 + f"Next page: {page + 1}."


async def search(question: str) -> list[Document]:
    await _takes(0.004)
    asked = _words(question)
    return [page for page in DOCUMENTS if asked & _words(page["text"])]


def _words(text: str) -> set[str]:
    return {word.strip("?:.,").lower() for word in text.split()} - _COMMON


_COMMON = {"a", "and", "as", "by", "for", "in", "is", "the", "use", "with", "without"}


async def _takes(seconds: float) -> None:
    """About as long, and never twice the same."""
    await asyncio.sleep(seconds * random.uniform(0.6, 1.8))  # noqa: S311
