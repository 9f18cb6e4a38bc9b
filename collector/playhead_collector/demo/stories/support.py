"""Days that went well at the support desk."""

from __future__ import annotations

from dataclasses import dataclass

from playhead_collector.demo.steps import Arguments
from playhead_collector.demo.take import Errand, Take


@dataclass(frozen=True, slots=True)
class Order:
    """What a customer writes about."""

    id: str
    item: str
    article: str
    cents: int
    status: str = "shipped"

    @property
    def found(self) -> Arguments:
        return {
            "order_id": self.id,
            "status": self.status,
            "items": [{"article": self.article, "name": self.item, "quantity": 1}],
            "total_cents": self.cents,
            "currency": "EUR",
            "tracking_id": f"TRK-{self.id[2:]}-7",
        }


TENT = Order("A-10482", "two-person tent Ridge 2", "TENT-R2", 18_900)
BOOTS = Order("A-10517", "hiking boots Talus, size 42", "BOOT-TA-42", 14_950, "delivered")
LAMP = Order("A-10533", "head lamp Lumen 400", "LAMP-400", 4_995)
PACK = Order("A-10544", "backpack Cairn 45", "PACK-C45", 12_900)
JACKET = Order("A-10561", "rain jacket Nimbus, size M", "JACK-NI-M", 17_900, "delivered")
STOVE = Order("A-10570", "gas stove Ember", "STOV-EM", 6_450, "processing")
BOTTLE = Order("A-10588", "insulated bottle 0.75 l", "BOTT-075", 2_995, "delivered")
KAYAK = Order("A-10601", "inflatable kayak Fjord", "KAYK-FJ", 48_000, "delivered")
BIKE_BAGS = Order("A-10614", "pair of bicycle bags Drift", "BAGS-DR", 23_800, "delivered")


def look_up(take: Take, order: Order) -> None:
    take.call("get_order", {"order_id": order.id}, order.found, seconds=0.18)


def late_parcel(take: Take, order: Order, where: str, expected: str) -> None:
    take.user(f"Hi, my order {order.id} should have been here days ago. Where is it?")
    look_up(take, order)
    tracking = str(order.found["tracking_id"])
    events = ["Handed over to the carrier", "Sorted in the regional centre", where]
    take.call(
        "track_parcel",
        {"tracking_id": tracking},
        {"tracking_id": tracking, "last_event": where, "expected": expected, "events": events},
        seconds=0.7,
    )
    take.answer(
        f"Sorry for the wait. Your {order.item} is on its way: the last thing the carrier says is "
        f'"{where}", and it expects to deliver {expected}. You can follow it under {tracking}.'
    )
    take.user("Ok, thanks. Do I have to be at home?")
    take.answer(
        "No. If nobody opens, the carrier leaves a card and takes the parcel to the nearest pick-up "
        "point, where it is kept for seven days."
    )


def wrong_size(take: Take, order: Order, has: str, wants: str) -> None:
    take.user(f"The {order.item} from {order.id} is too small. Can I swap {has} for {wants}?")
    take.state("new", "identified")
    article = order.article.rsplit("-", 1)[0]
    take.call_together(
        [
            Errand("get_order", {"order_id": order.id}, order.found, 0.2),
            Errand("check_stock", {"article": article, "size": wants}, {"article": article, "left": 6}, 0.3),
        ]
    )
    take.state("identified", "exchange offered")
    take.answer(
        f"Of course. We have {wants} in stock. Shall I send you a return label for the {order.item} "
        f"and put one in {wants} aside for you?"
    )
    take.user("Yes please.")
    take.call(
        "create_return_label",
        {"order_id": order.id, "item": order.article},
        {"label_id": f"RET-{order.id[2:]}", "valid_days": 14, "free_of_charge": True},
        seconds=0.9,
    )
    take.call(
        "send_email",
        {"user_id": take.user_id, "template": "return-label", "order_id": order.id},
        {"queued": True},
        seconds=0.15,
    )
    take.state("exchange offered", "waiting for return")
    take.answer(
        f"Done: the label RET-{order.id[2:]} is in your inbox, it is free and valid for 14 days. As "
        f"soon as your parcel is scanned, {wants} leaves our warehouse."
    )


def change_address(take: Take, order: Order, address: str) -> None:
    take.user(f"I moved! Can you send {order.id} to {address} instead?")
    look_up(take, order)
    take.call(
        "change_address",
        {"order_id": order.id, "address": address},
        {"order_id": order.id, "changed": True, "address": address},
        seconds=0.35,
    )
    take.answer(
        f"Done. Order {order.id} had not left our warehouse yet and will be sent to {address}. You get "
        "an e-mail when it leaves."
    )


def refund(take: Take, order: Order) -> None:
    """The same request as in `trouble.refund_loop`, a version earlier: made to be compared."""
    take.user(f"The {order.item} arrived broken. I want my money back for {order.id}.")
    take.state("new", "identified")
    look_up(take, order)
    take.decide(
        "refund or replace?",
        ["refund", "replacement", "hand over to a person"],
        "refund",
        "the customer asked for money, the amount is under 200 EUR",
    )
    asked: Arguments = {"order_id": order.id, "amount_cents": order.cents, "reason": "arrived broken"}
    take.call("refund", asked, {"refund_id": f"RF-{order.id[2:]}", "status": "done", **asked}, seconds=1.1)
    take.state("identified", "refunded")
    take.answer(
        f"I am sorry about that. I have refunded {order.cents / 100:.2f} EUR for {order.id}; it is "
        "back on your card within three to five working days. You need not send anything back."
    )


def invoice_copy(take: Take, order: Order) -> None:
    take.user(f"I need the invoice for {order.id} again, my accountant lost it.")
    look_up(take, order)
    take.call(
        "send_email",
        {"user_id": take.user_id, "template": "invoice-copy", "order_id": order.id},
        {"queued": True},
        seconds=0.15,
    )
    take.answer(f"The invoice for {order.id} is on its way to the e-mail address of your account, as a PDF.")


def product_question(take: Take, question: str, documents: tuple[str, ...], answer: str) -> None:
    take.user(question)
    take.retrieve("product-pages", question, *documents)
    take.answer(answer)


def widget(take: Take, question: str, errand: Errand, answer: str) -> None:
    take.user(question)
    take.call_together([errand])
    take.answer(answer)


_FIRST = (
    f"Where is my backpack? Order {PACK.id}.",
    "It left us two days ago and is in the regional centre. The carrier expects to deliver it tomorrow.",
)
_SECOND = (
    "It is tomorrow evening now, and nothing came.",
    "I am sorry. The carrier has opened a search for your parcel, which takes up to two working days. "
    "I have put a note on your order, so you need not explain it again.",
)


def lost_parcel_first(take: Take) -> None:
    """The first of three runs of one session."""
    take.user(_FIRST[0])
    look_up(take, PACK)
    take.call(
        "track_parcel",
        {"tracking_id": "TRK-10544-7"},
        {"last_event": "Sorted in the regional centre", "expected": "tomorrow"},
        seconds=0.6,
    )
    take.answer(_FIRST[1])


def lost_parcel_second(take: Take) -> None:
    take.earlier(*_FIRST)
    take.user(_SECOND[0])
    take.call(
        "track_parcel",
        {"tracking_id": "TRK-10544-7"},
        {"last_event": "Search opened", "expected": None, "note": "not found in vehicle"},
        seconds=0.8,
    )
    take.state("in transit", "search opened")
    take.answer(_SECOND[1])


def lost_parcel_third(take: Take) -> None:
    take.earlier(*_FIRST)
    take.earlier(*_SECOND)
    take.user("Any news? I leave for the mountains on Saturday.")
    take.call(
        "track_parcel",
        {"tracking_id": "TRK-10544-7"},
        {"last_event": "Declared lost", "expected": None},
        seconds=0.6,
    )
    take.state("search opened", "lost")
    take.decide(
        "replacement or refund?",
        ["replacement by express", "refund"],
        "replacement by express",
        "the customer needs it by Saturday and the article is in stock",
    )
    take.call("check_stock", {"article": PACK.article, "size": ""}, {"article": PACK.article, "left": 11})
    take.answer(
        "The carrier has declared your parcel lost. I have put a new backpack aside for you and can "
        "send it by express, at our cost. Is the address still the same?"
    )
    take.user("Yes, same address. Thank you!")
    take.call(
        "send_email",
        {"user_id": take.user_id, "template": "replacement-express", "order_id": PACK.id},
        {"queued": True},
        seconds=0.15,
    )
    take.state("lost", "replaced")
    take.answer("It leaves today. You will get the tracking number by e-mail. Enjoy the mountains!")
