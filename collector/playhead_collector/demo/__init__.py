"""The demo: a real agent on the SDK, a shop for it to work in, and a fake model that answers differently every time.

    letters (tickets.py) -> desk.py -> agent.py -> model.py ──HTTP──> shop_provider.py (mind.py, provider.py, speech.py)
                                          └──> shop.py

`shift.py` starts it all. Nothing here touches the store: what the agent does is recorded by the SDK in its own process
and goes through the collector's door like everyone else's.
"""
