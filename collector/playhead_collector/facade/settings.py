"""Which of the settings a client sends are applied.

ClickHouse clients put settings into the URL. Those that shape the answer are applied, those that ask for
less than the limits are applied, those that a real server's transport consumes are passed over, and
everything else is refused: `output_format_schema` writes a file, `additional_table_filters` is what keeps
projects apart, and there are 1,850 more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from playhead_collector.errors import QueryRefused
from playhead_collector.facade.limits import Limits
from playhead_collector.facade.listed import listed
from playhead_collector.store.ddl import protobuf_schema_path

# Consumed by the transport, sent by clients as a matter of course, and without a meaning here.
_PASSED_OVER = listed("""
    session_id session_timeout session_check query_id quota_key role buffer_size wait_end_of_query compress
    decompress client_protocol_version send_progress_in_http_headers http_headers_progress_interval_ms
    enable_http_compression http_zlib_compression_level network_compression_method
    network_zstd_compression_level add_http_cors_header cancel_http_readonly_queries_on_client_close
    http_write_exception_in_output_format log_comment log_queries http_receive_timeout http_send_timeout
    receive_timeout send_timeout connect_timeout stacktrace priority
    http_native_compression_disable_checksumming_on_decompress client_name allow_experimental_analyzer
    enable_analyzer insert_deduplicate async_insert date_time_overflow_behavior close_session
""")
_APPLIED = listed("""
    date_time_input_format date_time_output_format cast_string_to_dynamic_use_inference session_timezone
    join_use_nulls transform_null_in aggregate_functions_null_for_empty prefer_column_name_to_alias
    group_by_use_nulls limit offset preferred_block_size_bytes max_result_rows
    max_rows_to_read max_bytes_to_read use_skip_indexes use_skip_indexes_if_final optimize_read_in_order
    optimize_move_to_prewhere_if_final do_not_merge_across_partitions_select_final final
    output_format_json_quote_64bit_integers output_format_json_quote_64bit_floats
    output_format_json_quote_denormals output_format_json_quote_decimals
    output_format_json_named_tuples_as_objects output_format_json_array_of_rows
    output_format_json_skip_null_value_in_named_tuples output_format_json_escape_forward_slashes
    output_format_json_validate_utf8 output_format_write_statistics output_format_decimal_trailing_zeros
    output_format_arrow_string_as_string output_format_arrow_low_cardinality_as_dictionary
    output_format_arrow_compression_method output_format_arrow_fixed_string_as_fixed_byte_array
    output_format_arrow_use_64_bit_indexes_for_dictionary
    output_format_arrow_use_signed_indexes_for_dictionary output_format_parquet_string_as_string
    output_format_parquet_compression_method output_format_parquet_row_group_size
    output_format_parquet_fixed_string_as_fixed_byte_array output_format_orc_string_as_string
    output_format_orc_compression_method output_format_csv_crlf_end_of_line
    output_format_tsv_crlf_end_of_line format_csv_delimiter format_csv_null_representation
    format_tsv_null_representation output_format_pretty_max_rows output_format_pretty_color
    output_format_pretty_max_value_width output_format_pretty_row_numbers output_format_pretty_grid_charset
    output_format_native_write_json_as_string output_format_native_encode_types_in_binary_format
    output_format_binary_write_json_as_string output_format_binary_encode_types_in_binary_format
    bool_true_representation bool_false_representation
""")


# What a collector says of its inserts and deletions (store/store.py, store/erase.py).
_WRITING = listed("""
    insert_deduplication_token input_format_protobuf_oneof_presence max_insert_threads
    deduplicate_blocks_in_dependent_materialized_views max_partitions_per_insert_block
    query_plan_enable_optimizations optimize_and_compare_chain exclude_materialize_skip_indexes_on_insert
    optimize_on_insert mutations_sync
""")
_SCHEMA = ("format_schema_source", "format_schema", "format_schema_message_name")
_MESSAGE = re.compile(r"[A-Za-z]{1,100}")


def settings_to_write(asked: Mapping[str, str], limits: Limits) -> dict[str, str]:
    """The same for administrators. The schema of what they insert comes as text, and must be this program's: from a
    text the engine would make a file, and another schema is another version's.
    """
    source, schema, message = (asked.get(name, "") for name in _SCHEMA)
    applied = settings_to_apply({n: v for n, v in asked.items() if n not in _SCHEMA}, limits, _APPLIED | _WRITING)
    if source or schema or message:
        path = protobuf_schema_path()
        if schema != path.read_text("utf-8") or source != "string" or not _MESSAGE.fullmatch(message):
            raise QueryRefused(
                "the schema of what is inserted is not this version's; run the same version of Playhead in all "
                "collectors of a store"
            )
        applied["format_schema"] = f"{path}:{message}"
    return {**applied, "allow_ddl": "1"}


def settings_to_apply(asked: Mapping[str, str], limits: Limits, taken: frozenset[str] = _APPLIED) -> dict[str, str]:
    """The settings for the engine, out of the limits and what the client asked for."""
    highest = {
        "max_execution_time": limits.seconds,
        "max_memory_usage": float(limits.memory_bytes),
        "max_threads": float(limits.threads),
        "max_result_bytes": float(limits.whole_bytes),
        # Between two blocks is where the engine looks at the clock.
        "max_block_size": 65_536.0,
    }
    applied = limits.as_settings()
    for name, value in asked.items():
        if name in highest:
            applied[name] = _lowered(name, value, highest[name])
        elif name == "readonly" and value in ("1", "2"):
            continue
        elif name in taken:
            applied[name] = value
        elif name not in _PASSED_OVER:
            raise QueryRefused(
                f"the setting {name!r} is not applied by the reading port; leave it out, or run the "
                "statement on a ClickHouse server of your own"
            )
    return applied


def _lowered(name: str, value: str, highest: float) -> str:
    try:
        asked = float(value)
    except ValueError:
        asked = -1.0
    if not 0 < asked <= highest:
        raise QueryRefused(f"{name}={value} is outside what the reading port gives: above 0, at most {highest:.15g}")
    return f"{asked:.15g}"
