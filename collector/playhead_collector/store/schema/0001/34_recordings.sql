CREATE VIEW IF NOT EXISTS recordings{{on_cluster}} AS
SELECT * FROM recording_rows FINAL
