-- Runs of which a step had this permission: one of a list with commas, or of OpenTelemetry's scopes, which have spaces.
AND run_id IN
(
    SELECT run_id
    FROM step_rows
    WHERE concat(',', attribute_texts[indexOf(attribute_keys, 'playhead.permissions')], ',',
            replaceAll(attribute_texts[indexOf(attribute_keys, 'enduser.scope')], ' ', ','), ',') LIKE {permission:String}
        AND hasAny(attribute_keys, ['playhead.permissions', 'enduser.scope'])
        AND arrived_at >= {arrived_since:DateTime('UTC')}
)
