-- An ExportLogsServiceRequest, decoded but not stored (Null engine).
CREATE TABLE IF NOT EXISTS otlp_logs{{on_cluster}}
(
    resource_logs Array(Tuple(
        has_resource Enum8('no' = 0, 'resource' = 1),
        resource {{resource_type}},
        scope_logs Array(Tuple(
            has_scope Enum8('no' = 0, 'scope' = 1),
            scope {{scope_type}},
            log_records Array(Tuple(
                time_unix_nano UInt64,
                severity_number Int32,
                severity_text String,
                has_body Enum8('no' = 0, 'body' = 5),
                body {{any_value_type}},
                attributes Array({{key_value_type}}),
                dropped_attributes_count UInt32,
                flags UInt32,
                trace_id String,
                span_id String,
                observed_time_unix_nano UInt64,
                event_name String)),
            schema_url String)),
        schema_url String))
)
ENGINE = Null
