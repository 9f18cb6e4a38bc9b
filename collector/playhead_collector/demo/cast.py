"""The agents of the demo: their orders, models and tools. All models but one have known prices.

The orders matter to the stories: a silent failure is one because the orders said to admit it, and a context
blowout is dangerous because the order that was lost is the one that forbids something.
"""

from __future__ import annotations

from dataclasses import replace

from playhead_collector.demo.steps import Agent, ToolSpec

GET_ORDER = ToolSpec("get_order", "Look up an order by its id", ("order_id",))
TRACK_PARCEL = ToolSpec("track_parcel", "Where a parcel is, as its carrier says", ("tracking_id",))
REFUND = ToolSpec("refund", "Refund an order, in cents", ("order_id", "amount_cents", "reason"))
CANCEL_ORDER = ToolSpec("cancel_order", "Cancel an order that has not left the warehouse", ("order_id",))
RETURN_LABEL = ToolSpec("create_return_label", "Make a label for a parcel that comes back", ("order_id", "item"))
CHECK_STOCK = ToolSpec("check_stock", "How many of an article are left", ("article", "size"))
CHANGE_ADDRESS = ToolSpec("change_address", "Change where an order is delivered", ("order_id", "address"))
SEND_EMAIL = ToolSpec("send_email", "Send an e-mail from a template", ("user_id", "template", "order_id"))
LEDGER = ToolSpec("read_ledger", "Charges and refunds of an order", ("order_id",))

SUPPORT = Agent(
    name="support-agent",
    system=(
        "You are the support agent of a shop for outdoor gear. Be brief and kind. Look an order up "
        "before you speak about it. Refunds above 200 EUR need the approval of a person. Never "
        "promise a date that the carrier has not given. If a tool fails, say so and offer to hand "
        "over to a person."
    ),
    provider="openai",
    model="gpt-4o-mini",
    tools=(
        GET_ORDER,
        TRACK_PARCEL,
        REFUND,
        CANCEL_ORDER,
        RETURN_LABEL,
        CHECK_STOCK,
        CHANGE_ADDRESS,
        SEND_EMAIL,
    ),
)
SUPPORT_CLAUDE = replace(SUPPORT, provider="anthropic", model="claude-haiku-4-5")
BILLING = Agent(
    name="billing-agent",
    system=(
        "You are the billing specialist of a shop for outdoor gear. You get a case from the support agent. "
        "Read the ledger first. State amounts in EUR, to the cent, and say which charge you mean."
    ),
    provider="openai",
    model="gpt-4o",
    tools=(LEDGER, REFUND),
)
ADVISER = Agent(
    name="product-adviser",
    system=(
        "You answer questions about articles of a shop for outdoor gear. Use only the documents you "
        "are given, and say so when they do not hold the answer."
    ),
    provider="vllm",
    # Nobody sells this model, so nobody knows its price, and the demo shows how that looks.
    model="trailhead-adviser-7b",
)
WIDGET = Agent(
    name="shop-widget",
    system="You are the chat window of a shop for outdoor gear. Two sentences at most.",
    provider="openai",
    model="gpt-4o-mini",
    tools=(GET_ORDER, CHECK_STOCK),
)

WEB_SEARCH = ToolSpec("web_search", "Search the web", ("query",))
FETCH_PAGE = ToolSpec("fetch_page", "The text of a web page", ("url",))

RESEARCHER = Agent(
    name="researcher",
    system=(
        "You write short research briefs. Search first, read at least two sources, and cite each "
        "claim with its URL. A source that you could not read must not be cited. Say what you are "
        "unsure of."
    ),
    provider="anthropic",
    model="claude-sonnet-4-5",
    tools=(WEB_SEARCH, FETCH_PAGE),
)
RESEARCHER_GPT = replace(RESEARCHER, provider="openai", model="gpt-5-mini")
READER = Agent(
    name="reader",
    system="You read sources for a colleague who writes. Give the facts that matter, each with its URL.",
    provider="anthropic",
    model="claude-haiku-4-5",
    tools=(WEB_SEARCH, FETCH_PAGE),
)

READ_FILE = ToolSpec("read_file", "Read a file of the repository", ("path",))
EDIT_FILE = ToolSpec("edit_file", "Replace text in a file", ("path", "old", "new"))
RUN_TESTS = ToolSpec("run_tests", "Run the test suite, or a part of it", ("target",))
READ_LOG = ToolSpec("read_log", "One page of a build's log", ("build", "page"))
GIT = ToolSpec("git", "Run a git command", ("arguments",))

CODER = Agent(
    name="coder",
    system=(
        "You fix bugs in a repository. Read before you edit, run the tests after. Make the smallest "
        "change that is right. Never push to main: open a branch and stop, a person merges."
    ),
    provider="openai",
    model="gpt-5",
    tools=(READ_FILE, EDIT_FILE, RUN_TESTS, GIT),
)
CODER_CLAUDE = replace(CODER, provider="anthropic", model="claude-sonnet-4-5")
# A small window, so that a long log fills it within a few turns.
LOG_CODER = replace(CODER, model="gpt-3.5-turbo", tools=(READ_LOG, READ_FILE, EDIT_FILE, GIT))
LOG_CODER_WINDOW = 16_385
