SELECT DISTINCT run_id
FROM step_rows
WHERE run_id IN {runs:Array(String)}
    AND (sipHash128(user) IN (SELECT subject_hash FROM erased WHERE subject = 'user')
        OR sipHash128(session) IN (SELECT subject_hash FROM erased WHERE subject = 'session'))
UNION DISTINCT
SELECT DISTINCT run_id
FROM log_rows
WHERE run_id IN {runs:Array(String)}
    AND (sipHash128(user) IN (SELECT subject_hash FROM erased WHERE subject = 'user')
        OR sipHash128(session) IN (SELECT subject_hash FROM erased WHERE subject = 'session'))
