-- An ExportTraceServiceRequest as ClickHouse's own Protobuf reader decodes it (message format: otlp.proto). Nothing is
-- stored here (Null engine); the views fan out what arrives. What otlp.proto declares as bytes arrives undecoded.
CREATE TABLE IF NOT EXISTS otlp_traces{{on_cluster}}
(
    resource_spans Array(Tuple(
        has_resource Enum8('no' = 0, 'resource' = 1),
        resource {{resource_type}},
        scope_spans Array(Tuple(
            has_scope Enum8('no' = 0, 'scope' = 1),
            scope {{scope_type}},
            spans Array(Tuple(
                trace_id String,
                span_id String,
                trace_state String,
                parent_span_id String,
                flags UInt32,
                name String,
                kind Int32,
                start_time_unix_nano UInt64,
                end_time_unix_nano UInt64,
                attributes Array({{key_value_type}}),
                dropped_attributes_count UInt32,
                events Array(Tuple(
                    time_unix_nano UInt64,
                    name String,
                    attributes Array({{key_value_type}}),
                    dropped_attributes_count UInt32)),
                dropped_events_count UInt32,
                links Array(String),
                dropped_links_count UInt32,
                has_status Enum8('no' = 0, 'status' = 15),
                status Tuple(message String, code Int32))),
            schema_url String)),
        schema_url String))
)
ENGINE = Null
