-- A piece has the same text in every copy, so which copy is read does not matter, and nothing is gained by FINAL, which would
-- keep the text index from being read alone. Count distinct (run_id, hash) where copies matter.
CREATE VIEW IF NOT EXISTS messages{{on_cluster}} AS
SELECT run_id, hash, text, words, arrived_at FROM message_rows
