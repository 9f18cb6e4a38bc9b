-- How each alert stands.
CREATE VIEW IF NOT EXISTS alerts{{on_cluster}} AS
SELECT * EXCEPT (at, version), at AS changed_at, version AS event
FROM alert_events
ORDER BY alert_id, version DESC
LIMIT 1 BY alert_id
