-- Tombstones: what was erased, so that late arrivals of it are dropped. Kept as hashes; a tombstone must not hold what it erased.
CREATE TABLE IF NOT EXISTS erased{{on_cluster}}
(
    subject Enum8('run' = 1, 'session' = 2, 'user' = 3),
    subject_hash FixedString(16),
    erased_at DateTime64(3, 'UTC')
)
ENGINE = {{replacing everywhere:erased_at}}
ORDER BY (subject, subject_hash)
SETTINGS {{table_settings}}
