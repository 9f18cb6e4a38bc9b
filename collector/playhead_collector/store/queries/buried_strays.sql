-- Whose log records, of those outside of any run, came after they were erased.
SELECT DISTINCT 'user' AS subject, hex(sipHash128(user)) AS digest
FROM log_rows
WHERE run_id IN ('', '00000000000000000000000000000000')
    AND sipHash128(user) IN (SELECT subject_hash FROM erased WHERE subject = 'user')
UNION DISTINCT
SELECT DISTINCT 'session' AS subject, hex(sipHash128(session)) AS digest
FROM log_rows
WHERE run_id IN ('', '00000000000000000000000000000000')
    AND sipHash128(session) IN (SELECT subject_hash FROM erased WHERE subject = 'session')
