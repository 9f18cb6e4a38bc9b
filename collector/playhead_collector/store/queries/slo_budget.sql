-- Of one objective: the runs of its window by age, as the burn rates need them (hours of the last three days, whole days before),
-- and how many of them were bad. A run without the figure that is asked for (a cost that nobody knows, or
-- knows a part of that is not too much by itself) is neither good nor bad.
SELECT
    if(dateDiff('second', time, {until:DateTime64(3, 'UTC')}) < 3600, intDiv(dateDiff('second', time, {until:DateTime64(3, 'UTC')}), 300) * 300,
        intDiv(dateDiff('second', time, {until:DateTime64(3, 'UTC')}), 1800) * 1800) AS age_s,
    count() AS runs,
    countIf(multiIf({indicator:String} = 'success', NOT success, {indicator:String} = 'unaided', aided,
        {indicator:String} = 'latency', seconds > {at_most:Float64}, ifNull(cost_usd > {at_most:Float64}, 0))) AS bad
FROM judged
WHERE {indicator:String} != 'cost' OR (cost_usd IS NOT NULL AND (NOT cost_more OR cost_usd > {at_most:Float64}))
GROUP BY age_s
ORDER BY age_s
