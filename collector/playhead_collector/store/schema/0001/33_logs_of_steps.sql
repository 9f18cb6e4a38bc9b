CREATE VIEW IF NOT EXISTS log_records{{on_cluster}} AS
SELECT * FROM log_rows FINAL
