-- Tables of a database that hold anything but its own migrations, the fullest first.
SELECT table, sum(rows) AS count
FROM system.parts
WHERE database = {database:String} AND active AND table NOT IN ('migrations', 'alert_evaluators')
GROUP BY table
HAVING count > 0
ORDER BY count DESC
