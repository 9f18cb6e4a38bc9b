-- One for each run that has any, which says why there is no more. Without `words`: a search for words is refused, not in vain.
SELECT DISTINCT run_id, sipHash128({{said}}) AS hash, {{said}} AS text, toDateTime(0, 'UTC') AS arrived_at
FROM {{source}}.message_rows
