-- Alerts that are there although the person or session that they bear, or a run that they name, was erased.
SELECT DISTINCT alert_id
FROM alert_events
WHERE sipHash128(labels['user']) IN (SELECT subject_hash FROM erased WHERE subject = 'user')
    OR sipHash128(grouped['user']) IN (SELECT subject_hash FROM erased WHERE subject = 'user')
    OR sipHash128(labels['session']) IN (SELECT subject_hash FROM erased WHERE subject = 'session')
    OR sipHash128(grouped['session']) IN (SELECT subject_hash FROM erased WHERE subject = 'session')
    OR alert_id IN (
        SELECT alert_id
        FROM alert_events
        ARRAY JOIN run_ids AS run_id
        WHERE sipHash128(run_id) IN (SELECT subject_hash FROM erased WHERE subject = 'run'))
