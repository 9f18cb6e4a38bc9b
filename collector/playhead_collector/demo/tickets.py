"""What customers write to the demo's shop, to which version of its agent, and which story that is."""

from __future__ import annotations

from dataclasses import dataclass

OLD, NEW = "1.4.1", "1.4.2"


@dataclass(frozen=True, slots=True)
class Letter:
    story: str
    version: str
    user: str
    text: str
    session: str


def _letter(story: str, version: str, user: int, text: str, session: str = "") -> Letter:
    return Letter(story, version, f"user-{user}", text, session or f"session-{user}-{version}")


LETTERS = (
    _letter("late-parcel", OLD, 17, "Hi, my order A-10482 should have been here days ago. Where is it?"),
    _letter("late-parcel", OLD, 31, "Where is my lamp? It is order A-10533."),
    _letter("late-parcel", OLD, 8, "Has A-10633 shipped yet?"),
    _letter("late-parcel", NEW, 2, "Has A-10544 shipped yet?"),
    _letter("late-parcel", NEW, 18, "Where is my tent? A-10482, ordered two weeks ago."),
    _letter("late-parcel", NEW, 9, "Good morning! Where are my poles, A-10633?"),
    _letter("exchange", OLD, 22, "The hiking boots from A-10517 are too small. Can I swap size 42 for size 43?"),
    _letter("exchange", NEW, 40, "The rain jacket from A-10561 is too small. Can I swap size M for size L?"),
    _letter("exchange", NEW, 41, "My boots, A-10517, are too small. Can I swap size 42 for size 44?"),
    _letter("change-address", OLD, 5, "I moved! Can you send A-10482 to Harbour Street 14, 20459 Hamburg instead?"),
    _letter("change-address", NEW, 6, "I moved! Can you send A-10533 to Mill Lane 3, 55116 Mainz instead?"),
    _letter("refund", OLD, 12, "The bottle from A-10588 arrived broken. I want my money back."),
    _letter("refund", OLD, 29, "The head lamp from A-10533 arrived broken. I want my money back."),
    _letter("refund", NEW, 30, "The head lamp from A-10533 arrived broken. I want my money back."),
    _letter("refund", NEW, 13, "The poles from A-10633 arrived broken. I want my money back."),
    _letter("product-question", OLD, 26, "Can I use the Ember stove inside my tent?"),
    _letter("product-question", OLD, 27, "How do I wash a backpack?"),
    _letter("product-question", NEW, 26, "Does the Cairn 45 fit as hand luggage?"),
    _letter("product-question", NEW, 28, "How do I renew the coating of the Nimbus?"),
    _letter("lost-parcel", NEW, 33, "Where is my backpack? Order A-10544.", "session-parcel33"),
    _letter("lost-parcel", NEW, 33, "It is tomorrow evening now, and nothing came.", "session-parcel33"),
    _letter("lost-parcel", NEW, 33, "Any news? I leave for the mountains on Saturday.", "session-parcel33"),
    _letter("hand-off", OLD, 11, "You charged me twice for A-10561! I see 179.00 EUR two times."),
    _letter("hand-off", NEW, 23, "You charged me twice for A-10517! I see 149.50 EUR two times."),
    _letter("hand-off", NEW, 24, "Why was I charged twice for A-10601?"),
    _letter("approval-approved", OLD, 61, "The kayak from A-10601 leaks at the seam. I would like a refund."),
    _letter("approval-approved", NEW, 62, "My kayak, A-10601, leaks after one trip. I would like a refund."),
    _letter("approval-rejected", OLD, 36, "I never used the bags from A-10614, please refund me."),
    _letter("approval-rejected", NEW, 37, "I never used the bags from A-10614, just refund me, I lost the receipt."),
    _letter("rate-limited", OLD, 55, "Has A-10633 shipped yet? I ask for the third time."),
    _letter("hang-up", NEW, 56, "Has A-10482 shipped yet? My line is bad, so be quick."),
    _letter("tool-down", NEW, 50, "Where is A-10482? Please ask the night depot."),
    _letter("malformed-result", NEW, 51, "Where is A-10633? Please ask the customs office."),
    _letter("silent-failure", OLD, 14, "Could A-10533 go to my office instead? Send it to Am Hang 12, 20095 Hamburg."),
    _letter("silent-failure", NEW, 8, "Please cancel A-10570, I ordered the wrong stove."),
    _letter("refund-loop", NEW, 19, "The insulated bottle from A-10588 arrived broken. I want my money back."),
    _letter("context-blowout", NEW, 60, "In one of my mails last spring I told you the tent's colour. Which was it?"),
    _letter("provider-down", NEW, 63, "Hello? Is anybody there? I have waited for A-10482 since noon."),
    _letter("crash", NEW, 64, "The sleeping bag from A-10629 is too short. Can I swap long for extra long?"),
)
