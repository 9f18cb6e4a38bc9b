-- Parts that a merge made have the text index, those that an insert made have not (and whatever a part has, the answer is the same):
-- the one is asked for the tokens that the words can be there; the other's texts, the latest hundred thousand or so, are read, and
-- most left out by what they would contain, a quarter of the work. The patterns then say which texts really hold what was asked for.
-- A run's texts arrived after it began, give or take a clock that is a day off; of the newest runs more is known (newest_runs.sql),
-- and whose a text is is asked before it is read.
AND run_id IN
(
    SELECT run_id
    FROM message_rows
    PREWHERE run_id IN (SELECT run_id FROM run_rows WHERE start_time >= {begun_since:DateTime64(9, 'UTC')})
    WHERE splitByChar('_', _part)[4] != '0'
        AND arrived_at >= {arrived_since:DateTime('UTC')}
        -- {indexed}
        AND ({matching})
    UNION ALL
    SELECT run_id
    FROM message_rows
    PREWHERE run_id IN (SELECT run_id FROM run_rows WHERE start_time >= {begun_since:DateTime64(9, 'UTC')})
    WHERE splitByChar('_', _part)[4] = '0'
        AND arrived_at >= {arrived_since:DateTime('UTC')}
        -- {contained}
        AND ({matching})
)
