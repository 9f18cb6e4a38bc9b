-- Of the runs that the next insert continues, the pieces that are stored already: the insert leaves them out. In memory only, and
-- filled anew before every insert with what was just read from `message_rows` (known.py). Empty, nothing is left out.
CREATE TABLE IF NOT EXISTS known_pieces{{on_cluster}}
(
    run_id String,
    hash FixedString(16)
)
ENGINE = Set
SETTINGS persistent = 0
