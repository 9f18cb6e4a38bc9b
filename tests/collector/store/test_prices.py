"""Prices: what is known, and that what is not known is never zero."""

from __future__ import annotations

from datetime import date

import pytest
from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import span, traces

from playhead_collector.store import runs
from playhead_collector.store.prices import Price, prices

DAY = date(2026, 9, 21)


def test_a_known_model_has_one_price_for_all_sizes_of_context() -> None:
    [price] = prices("openai", "gpt-4o-mini-2024-07-18", DAY)
    assert price == Price(from_input_tokens=0, input=0.15, output=0.6, cache_read=0.075, cache_write=0.15)


@pytest.mark.parametrize("model", ["boom", "", "gpt", "my-finetune"])
def test_an_unknown_model_has_no_price_rather_than_a_price_of_zero(model: str) -> None:
    assert prices("openai", model, DAY) == ()


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4o-mini"),
        ("OpenAI", "gpt-4o-mini"),
        ("openai.chat", "gpt-4o-mini"),
        ("openai.responses", "gpt-4o-mini"),
        # A prefix as LiteLLM and OpenRouter write it, whoever the provider is said to be.
        ("openai", "openai/gpt-4o-mini"),
        ("litellm", "openai/gpt-4o-mini"),
        # No provider but a framework: the model's own name decides.
        ("langchain", "gpt-4o-mini"),
        ("strands-agents", "gpt-4o-mini"),
        ("", "gpt-4o-mini"),
    ],
)
def test_a_model_is_found_however_its_provider_is_said(provider: str, model: str) -> None:
    assert prices(provider, model, DAY) == prices("openai", "gpt-4o-mini", DAY) != ()


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("anthropic", "claude-sonnet-4-5"),
        ("Anthropic", "claude-sonnet-4-5"),
        ("anthropic.messages", "claude-sonnet-4-5"),
        ("aws.bedrock", "anthropic.claude-3-5-sonnet-20240620-v1:0"),
        ("aws_bedrock", "anthropic.claude-3-5-sonnet-20240620-v1:0"),
        ("gcp.gemini", "gemini-2.5-pro"),
        ("gcp.vertex_ai", "gemini-2.5-pro"),
        ("google.generative-ai", "gemini-2.5-pro"),
        ("gemini", "gemini-2.5-pro"),
        ("azure.ai.openai", "gpt-4o-mini"),
        ("az.ai.openai", "gpt-4o-mini"),
        ("mistral_ai", "mistral-large-latest"),
        ("x_ai", "grok-3"),
    ],
)
def test_the_names_that_conventions_give_providers_are_known(provider: str, model: str) -> None:
    assert prices(provider, model, DAY) != ()


def test_a_price_that_depends_on_the_context_has_a_row_for_each_size() -> None:
    rows = prices("google", "gemini-2.5-pro", DAY)
    assert [row.from_input_tokens for row in rows] == [0, 200_001]
    assert rows[1].input > rows[0].input
    assert rows[1].output > rows[0].output


def cost_of(database: StoreDatabase, model: str, provider: str, **counts: int) -> float | None:
    attributes = {f"gen_ai.usage.{name}": count for name, count in counts.items()}
    one = span(
        "chat",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": model,
            "gen_ai.provider.name": provider,
            **attributes,
        },
    )
    database.insert(traces(one))
    database.recompute([one.trace_id.hex()])
    [row] = database.rows(
        "SELECT cost_usd, unpriced_calls FROM runs WHERE run_id = {run:String}", run=one.trace_id.hex()
    )
    assert row["unpriced_calls"] == (row["cost_usd"] is None)
    cost: float | None = row["cost_usd"]
    return cost


def test_costs_are_multiplied_by_the_store(store_database: StoreDatabase) -> None:
    mini = ("gpt-4o-mini", "openai")
    plain = cost_of(store_database, *mini, input_tokens=1000, output_tokens=100)
    assert plain == pytest.approx((1000 * 0.15 + 100 * 0.6) / 1e6)
    cached = cost_of(store_database, *mini, input_tokens=1000, output_tokens=100, cache_read_input_tokens=400)
    assert cached == pytest.approx((600 * 0.15 + 400 * 0.075 + 100 * 0.6) / 1e6)
    # A count of cached tokens above the input's own does not include them: nobody knows what was meant.
    assert cost_of(store_database, *mini, input_tokens=10, output_tokens=1, cache_read_input_tokens=20) is None
    assert cost_of(store_database, *mini, output_tokens=1) is None
    assert cost_of(store_database, "boom", "openai", input_tokens=10, output_tokens=1) is None
    small, large = prices("google", "gemini-2.5-pro", DAY)
    pro = ("gemini-2.5-pro", "google")
    assert cost_of(store_database, *pro, input_tokens=200_000, output_tokens=0) == pytest.approx(0.2 * small.input)
    assert cost_of(store_database, *pro, input_tokens=300_000, output_tokens=0) == pytest.approx(0.3 * large.input)


def test_a_price_that_arrives_later_recomputes_the_runs_that_wait_for_it_and_no_others(
    store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = store_database
    known = cost_of(database, "gpt-4o-mini", "openai", input_tokens=1000, output_tokens=0)
    assert cost_of(database, "of-tomorrow", "openai", input_tokens=1000, output_tokens=100) is None
    assert cost_of(database, "of-nobody", "openai", input_tokens=1000, output_tokens=100) is None
    # The same program knows no more than it did.
    assert runs.reprice(database.client) == 0
    computed = database.rows("SELECT run_id, computed_at FROM run_rows FINAL WHERE cost_usd IS NOT NULL")

    def prices_of_tomorrow(provider: str, model: str, day: date) -> tuple[Price, ...]:
        return (Price(0, 2.0, 10.0, 1.0, 2.0),) if model == "of-tomorrow" else prices(provider, model, day)

    monkeypatch.setattr("playhead_collector.store.prices.prices", prices_of_tomorrow)
    monkeypatch.setattr(runs, "SOURCE", "prices of tomorrow")
    assert runs.reprice(database.client) == 1
    costs = {
        row["models"][0]: (row["cost_usd"], row["unpriced_calls"])
        for row in database.rows("SELECT models, cost_usd, unpriced_calls FROM runs")
    }
    assert costs == {
        "gpt-4o-mini": (known, 0),
        "of-tomorrow": (pytest.approx((1000 * 2.0 + 100 * 10.0) / 1e6), 0),
        "of-nobody": (None, 1),
    }
    again = database.rows("SELECT run_id, computed_at FROM run_rows FINAL WHERE has(models, 'gpt-4o-mini')")
    assert again == computed
    # What it did not know is not looked up again at every start.
    assert runs.reprice(database.client) == 0
    assert database.rows("SELECT model, source FROM prices FINAL WHERE known = 0") == [
        {"model": "of-nobody", "source": "prices of tomorrow"}
    ]
