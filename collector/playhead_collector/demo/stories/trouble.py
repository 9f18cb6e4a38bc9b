"""Days that did not go well at the support desk: what an engineer on call has to find."""

from __future__ import annotations

from playhead_collector.demo.cast import BILLING
from playhead_collector.demo.steps import Arguments, Failure
from playhead_collector.demo.stories.support import BIKE_BAGS, KAYAK, STOVE, Order, look_up
from playhead_collector.demo.take import Take

REFUND_REPEATS = 9
RATE_LIMITED = Failure(
    "RateLimitError",
    "Error code: 429 - Rate limit reached for requests. Please try again in 2s.",
    status=429,
)


def refund_loop(take: Take, order: Order) -> None:
    """Version 1.4.2 answers "pending" where 1.4.1 said "done", and the model asks again, and again."""
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
    for _ in range(REFUND_REPEATS):
        take.call("refund", asked, {"status": "pending", "refund_id": None, "retry": True}, seconds=1.1)
    take.end(Failure("MaxTurnsExceeded", "no final answer after 10 turns"))


def cancelled_it_says(take: Take) -> None:
    """A silent failure: the error is inside the result, the span is green, the answer is false."""
    take.user(f"Please cancel {STOVE.id}, I ordered the wrong stove.")
    look_up(take, STOVE)
    take.call(
        "cancel_order",
        {"order_id": STOVE.id},
        {"ok": False, "error": "ORDER_LOCKED", "detail": "picking has begun, the order cannot be cancelled"},
        seconds=0.5,
    )
    take.answer(f"All done! Order {STOVE.id} is cancelled, and you will not be charged for it.")


def address_changed_it_says(take: Take, order: Order) -> None:
    """A silent failure again: an exception's text comes back as an ordinary result."""
    address = "Am Hang 12, 20095 Hamburg"
    take.user(f"Could {order.id} go to my office instead? {address}.")
    look_up(take, order)
    take.call(
        "change_address",
        {"order_id": order.id, "address": address},
        "Error: upstream timed out after 5000 ms (address-service)",
        seconds=5.0,
    )
    take.answer(f"I have changed the address of {order.id}. Your parcel now goes to {address}.")


def approval_approved(take: Take) -> None:
    order = KAYAK
    take.user(f"The kayak from {order.id} leaks at the seam after one trip. I would like a refund.")
    take.state("new", "identified")
    look_up(take, order)
    asked: Arguments = {"order_id": order.id, "amount_cents": order.cents, "reason": "leaks at the seam"}
    take.state("identified", "waiting for approval")
    take.approval(
        "refund above 200 EUR",
        asked,
        verdict="approved",
        by="shift-lead",
        minutes=6.5,
        comment="Known batch. Refund, and ask for a photo.",
    )
    take.told("[approval] approved by shift-lead: Known batch. Refund, and ask for a photo.")
    take.call("refund", asked, {"refund_id": "RF-10601", "status": "done", **asked}, seconds=1.2)
    take.state("waiting for approval", "refunded")
    take.answer(
        "I am sorry about the kayak. Your refund of 480.00 EUR is on its way, three to five working "
        "days. Could you send us a photo of the seam? It helps us to find the other ones of that "
        "batch."
    )


def approval_rejected(take: Take) -> None:
    order = BIKE_BAGS
    take.user(f"I never used the bags from {order.id}, just refund me, I threw the receipt away.")
    take.state("new", "identified")
    look_up(take, order)
    asked: Arguments = {"order_id": order.id, "amount_cents": order.cents, "reason": "not wanted"}
    take.state("identified", "waiting for approval")
    take.approval(
        "refund above 200 EUR",
        asked,
        verdict="rejected",
        by="shift-lead",
        minutes=11.0,
        comment="Delivered 63 days ago, the return window is 30 days. Offer a voucher.",
    )
    take.told(
        "[approval] rejected by shift-lead: Delivered 63 days ago, the return window is 30 days. Offer a voucher."
    )
    take.state("waiting for approval", "refused")
    take.decide(
        "what to offer instead?",
        ["nothing", "voucher", "repair"],
        "voucher",
        "the shift lead asked for it",
    )
    take.answer(
        "I asked, and I cannot refund this one: the bags were delivered more than 30 days ago. If you "
        "send them back unused, I can offer you a voucher of 200.00 EUR. Would that help?"
    )
    take.user("Not really, but ok.")
    take.call(
        "create_return_label",
        {"order_id": order.id, "item": order.article},
        {"label_id": "RET-10614", "valid_days": 14, "free_of_charge": True},
        seconds=0.8,
    )
    take.answer("Thank you. The label RET-10614 is in your inbox; the voucher follows when the bags are here.")


def charged_twice(take: Take, order: Order) -> None:
    """A hand-off: the support agent passes the case to the billing agent, which reads the ledger."""
    amount = f"{order.cents / 100:.2f} EUR"
    take.user(f"You charged me twice for {order.id}! I see {amount} two times on my statement.")
    look_up(take, order)
    take.decide("who takes this?", ["support-agent", "billing-agent"], "billing-agent", "a dispute about a charge")
    task = f"Customer sees {amount} twice for {order.id}. Find out whether both are charges, put it right."
    others = take.delegate((BILLING, task))
    (billing,) = others
    billing.call(
        "read_ledger",
        {"order_id": order.id},
        {
            "order_id": order.id,
            "entries": [
                {"id": "CH-1", "type": "authorisation", "amount_cents": order.cents, "state": "released"},
                {"id": "CH-2", "type": "charge", "amount_cents": order.cents, "state": "settled"},
            ],
        },
        seconds=0.6,
    )
    billing.answer(
        f"Only CH-2 is a charge ({amount}). CH-1 is an authorisation that we have released; the bank "
        "removes it within five working days. No refund is due."
    )
    take.join(others)
    take.answer(
        f"I checked with billing: you were charged once. The other {amount} was only a reservation, "
        "which we have released. Your bank removes it within five working days. If it does not, write "
        "to us and we will chase it."
    )


def rate_limited(take: Take, order: Order) -> None:
    """The provider says 429 three times; the client backs off, and the customer never notices."""
    take.user(f"Has {order.id} shipped yet?")
    for pause in (1.0, 2.0, 4.0):
        take.refused(RATE_LIMITED)
        take.wait(pause)
    look_up(take, order)
    take.answer(f"Yes, your {order.item} has left our warehouse. You can follow it in your account.")


def tool_down_admitted(take: Take, order: Order) -> None:
    """The counterpart of a silent failure: the tool raises, and the agent says so."""
    take.user(f"Where is {order.id}?")
    look_up(take, order)
    down = Failure("ConnectionError", "carrier API: connection refused")
    take.call_failing("track_parcel", {"tracking_id": str(order.found["tracking_id"])}, down)
    take.call_failing("track_parcel", {"tracking_id": str(order.found["tracking_id"])}, down)
    take.answer(
        "Your parcel left our warehouse, but I cannot reach the carrier at the moment, so I do not "
        "know where it is. Shall I hand you over to a person, or write to you as soon as I know more?"
    )
