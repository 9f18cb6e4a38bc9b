-- How much there is of what is looked for.
SELECT
    count() AS runs,
    sum(steps) AS all_steps,
    countIf(status = 'open') AS open_runs,
    min(start_time) AS first,
    max(start_time) AS last
FROM run_rows FINAL
WHERE true
    -- {conditions}
