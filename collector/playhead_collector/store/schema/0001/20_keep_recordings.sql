CREATE MATERIALIZED VIEW IF NOT EXISTS keep_recordings{{on_cluster}} TO recording_rows AS
WITH
    l.attributes.key AS keys,
    l.attributes.value AS vals
SELECT
    vals.string_value[indexOf(keys, 'playhead.process')] AS process_id,
    lower(hex(l.trace_id)) AS run_id,
    vals.int_value[indexOf(keys, 'playhead.sequence')]::UInt64 AS sequence,
    if(l.body.value = 'bytes_value', l.body.bytes_value, l.body.string_value) AS content,
    mapFromArrays(keys, arrayMap(v -> multiIf(v.value = 'int_value', toString(v.int_value), v.value = 'double_value',
        toString(v.double_value), v.value = 'bool_value', toString(v.bool_value), v.string_value), vals)) AS attributes,
    fromUnixTimestamp64Nano(if(l.time_unix_nano != 0, l.time_unix_nano, l.observed_time_unix_nano)::Int64, 'UTC') AS time,
    now('UTC') AS arrived_at
FROM
(
    SELECT arrayJoin(ss.log_records) AS l
    FROM (SELECT arrayJoin(rs.scope_logs) AS ss FROM (SELECT arrayJoin(resource_logs) AS rs FROM otlp_logs))
)
WHERE l.event_name = 'playhead.recording'
    AND sipHash128(run_id) NOT IN (SELECT subject_hash FROM erased WHERE subject = 'run')
