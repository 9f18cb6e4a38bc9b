-- A resource may say the command line or the machine: of its attributes those that name the program.
SELECT
    run_id, hash, has_resource,
    CAST((arrayFilter(a -> a.key IN ('service.name', 'service.version', 'service.namespace', 'telemetry.sdk.name',
            'telemetry.sdk.language', 'telemetry.sdk.version'), resource.attributes),
        resource.dropped_attributes_count, []::Array(String)), toTypeName(source.resource)) AS resource,
    '' AS resource_schema_url, has_scope,
    CAST((scope.name, scope.version, arraySlice(scope.attributes, 1, 0), scope.dropped_attributes_count),
        toTypeName(source.scope)) AS scope,
    '' AS scope_schema_url, arrived_at
FROM {{source}}.scope_rows AS source
