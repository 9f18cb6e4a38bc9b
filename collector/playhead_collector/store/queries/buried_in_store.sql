-- Runs that are there although they, or who they were for, were erased.
SELECT DISTINCT run_id
FROM step_rows
WHERE sipHash128(run_id) IN (SELECT subject_hash FROM erased WHERE subject = 'run')
    OR sipHash128(user) IN (SELECT subject_hash FROM erased WHERE subject = 'user')
    OR sipHash128(session) IN (SELECT subject_hash FROM erased WHERE subject = 'session')
UNION DISTINCT
SELECT DISTINCT run_id
FROM log_rows
WHERE run_id NOT IN ('', '00000000000000000000000000000000')
    AND (sipHash128(run_id) IN (SELECT subject_hash FROM erased WHERE subject = 'run')
        OR sipHash128(user) IN (SELECT subject_hash FROM erased WHERE subject = 'user')
        OR sipHash128(session) IN (SELECT subject_hash FROM erased WHERE subject = 'session'))
