-- Every piece of a message, argument or result, once a run: turn n of a conversation repeats the n-1 before it, and storing each
-- once is what keeps a run of n turns from taking n² on disk. The only table with a text index.
-- It takes every block, whatever its token: what an insert leaves out depends on what is stored by then, so a block that comes again
-- after a kill need not be the one that came before. Copies are harmless here, and go in merges.
CREATE TABLE IF NOT EXISTS message_rows{{local}}{{on_cluster}}
(
    run_id String,
    -- Of the text, so it is not stored beside it: sixteen random bytes are a quarter of what a short message takes.
    hash FixedString(16) ALIAS sipHash128(text),
    text String,
    arrived_at DateTime('UTC'),
    -- The text in lower case, with spaces for what is escaped as `\u…` and what is beyond ASCII: what is left between separators are
    -- the words as they were meant (`\u2014next` is `next`), or their plain parts (`größe`, also escaped, is `gr` and `e`). What
    -- still sticks to a word is one letter or digit before it: of `\n`, or a structured value's length (see read/search.py).
    words String ALIAS replaceRegexpAll(toValidUTF8(lower(text)), '\\\\u[0-9a-f]{4}|[^\\x00-\\x7f]+', ' '),
    INDEX words words TYPE text(tokenizer = 'splitByNonAlpha', posting_list_codec = 'bitpacking')
)
ENGINE = {{replacing}}
PARTITION BY toDate(arrived_at)
ORDER BY (run_id, sipHash128(text))
TTL toDateTime64(arrived_at, 0) + toIntervalDay({{retention_days}} + 1)
SETTINGS {{message_settings}}
