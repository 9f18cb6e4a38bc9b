-- Of each group the runs that ended in each of equal parts of the window, the oldest 0, and how many of them succeeded.
SELECT
    name,
    least(intDiv(dateDiff('millisecond', {since:DateTime64(3, 'UTC')}, time) * {parts:UInt32},
        greatest(1, dateDiff('millisecond', {since:DateTime64(3, 'UTC')}, {until:DateTime64(3, 'UTC')}))), {parts:UInt32} - 1) AS part,
    count() AS runs,
    countIf(success) AS successes
FROM judged
GROUP BY name, part
ORDER BY name, part
