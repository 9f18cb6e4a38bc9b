-- How far the rules were asked, when a run changed last, which they are asked about, and when a receiver was told last. All in
-- microseconds, 0 where there is nothing.
SELECT
    (SELECT max(judged_until) FROM alert_evaluators) AS judged,
    (SELECT max(computed_at) FROM run_rows) AS computed,
    (SELECT max(toUnixTimestamp64Micro(at)) FROM alert_notices) AS told
