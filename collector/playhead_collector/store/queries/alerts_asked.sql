-- How far the rules were asked, and when a run changed last, which they are asked about. Both in microseconds, 0 where there is nothing.
SELECT
    (SELECT max(judged_until) FROM alert_evaluators) AS judged,
    (SELECT max(computed_at) FROM run_rows) AS computed
