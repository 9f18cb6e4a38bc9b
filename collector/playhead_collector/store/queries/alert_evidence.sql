-- Runs that show an alert, each with the step that does. A run may be gone, or name no step.
SELECT shown.run_id AS run_id, shown.step_id AS step_id, toString(runs.agent) AS agent, toString(runs.version) AS version,
    toString(runs.status) AS status, runs.start_time AS start_time, step.kind AS kind, step.name AS name, step.status AS step_status
FROM
    (SELECT pair.1 AS run_id, pair.2 AS step_id FROM (SELECT arrayJoin(arrayZip({runs:Array(String)}, {steps:Array(String)})) AS pair)) AS shown
LEFT ANY JOIN
    (SELECT run_id, agent, version, status, start_time FROM runs WHERE run_id IN {runs:Array(String)}) AS runs ON shown.run_id = runs.run_id
LEFT ANY JOIN
    (
        SELECT run_id, step_id, toString(kind) AS kind, if(tool != '', toString(tool), toString(name)) AS name, toString(status) AS status
        FROM steps
        WHERE run_id IN {runs:Array(String)} AND step_id IN {steps:Array(String)}
    ) AS step ON shown.run_id = step.run_id AND shown.step_id = step.step_id
