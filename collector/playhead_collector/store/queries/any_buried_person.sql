SELECT 1
FROM erased
WHERE subject != 'run'
LIMIT 1
