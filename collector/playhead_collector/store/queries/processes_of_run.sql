-- The processes that recorded something of a run; a run that started others has several.
-- Not those of forks of its neighbours, which executed it once more on their way: only a fork's own run is of its process.
SELECT process_id, min(sequence) AS first, count() AS chunks
FROM recordings
WHERE run_id = {run:String}
    AND (
        process_id NOT IN (
            SELECT process_id
            FROM recordings
            WHERE run_id = '' AND startsWith(substring(content, position(content, ' ') + 1), '["r",null,["h",')
                AND position(substring(content, 1, position(content, '\n')), ',"forked":{') > 0
                AND process_id IN (SELECT process_id FROM recordings WHERE run_id = {run:String})
        )
        OR {run:String} IN (
            SELECT run_id FROM steps WHERE run_id = {run:String} AND has(attribute_keys, 'playhead.fork.of')
        )
    )
GROUP BY process_id
ORDER BY min(time)
