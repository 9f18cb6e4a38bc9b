-- Runs that have steps which their row does not count: rows are read before steps while a store goes on being written.
SELECT of_steps.run_id
FROM
(
    SELECT run_id, count() AS steps, max(arrived_at) AS arrived_at
    FROM step_rows FINAL
    GROUP BY run_id
) AS of_steps
LEFT JOIN (SELECT run_id, steps, arrived_at FROM run_rows FINAL) AS of_rows ON of_steps.run_id = of_rows.run_id
WHERE of_steps.steps != of_rows.steps OR of_steps.arrived_at != of_rows.arrived_at
