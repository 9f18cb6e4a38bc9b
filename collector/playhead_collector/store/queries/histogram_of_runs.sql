-- How many runs began when, in spans of equal length from a moment on; spans without any are left out.
SELECT
    intDiv(toUnixTimestamp64Nano(start_time) - {from_ns:Int64}, {width_ns:Int64}) AS place,
    count() AS runs,
    countIf(status = 'error') AS failed
FROM run_rows FINAL
WHERE true
    -- {conditions}
GROUP BY place
ORDER BY place
