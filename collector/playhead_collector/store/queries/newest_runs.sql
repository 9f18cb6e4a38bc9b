-- Of the newest runs, so many of them: how many there are, when the first of them began, and since when they can have been heard.
-- By the clock of who sent it, and reckoned back from when its last step arrived, should that clock be ahead: ten minutes before
-- the earlier of the two. (What is missed has a clock that is further ahead, and a last step that came later than that.)
SELECT
    count(),
    min(start_time),
    min(least(toUnixTimestamp64Milli(start_time) / 1e3,
        toUnixTimestamp(arrived_at) - (toUnixTimestamp64Milli(end_time) - toUnixTimestamp64Milli(start_time)) / 1e3)) - 600
FROM
(
    SELECT start_time, end_time, arrived_at
    FROM run_rows FINAL
    WHERE true
        -- {conditions}
        -- Where the page before ended.
        AND start_time <= fromUnixTimestamp64Nano({last_number:Int64}, 'UTC')
    ORDER BY start_time DESC
    LIMIT {newest:UInt64}
)
