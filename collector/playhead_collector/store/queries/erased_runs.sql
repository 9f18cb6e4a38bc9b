-- Which of these runs were erased, and when. They are kept as hashes: they can be asked for, and not listed.
SELECT run, toUnixTimestamp64Milli(max(erased_at)) AS at_ms
FROM (SELECT arrayJoin({runs:Array(String)}) AS run) AS asked
INNER JOIN erased ON erased.subject_hash = sipHash128(asked.run)
WHERE erased.subject = 'run'
GROUP BY run
