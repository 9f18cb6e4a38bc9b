-- Silences that name a person or session who was erased.
SELECT DISTINCT mark_id
FROM alert_marks
WHERE sipHash128(matching['user']) IN (SELECT subject_hash FROM erased WHERE subject = 'user')
    OR sipHash128(matching['session']) IN (SELECT subject_hash FROM erased WHERE subject = 'session')
