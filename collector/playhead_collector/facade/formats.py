"""The output formats a reader may ask for.

`STREAMED` is not a matter of taste: chDB encodes each block by itself, so blocks can only be put behind
one another in formats without a header or footer around the whole. A format that is in neither list is
refused; among those are the ones that read a schema or template from a path.
"""

from __future__ import annotations

from playhead_collector.errors import QueryRefused
from playhead_collector.facade.listed import listed

DEFAULT = "TabSeparated"
STREAMED = listed("""
    Native RowBinary TabSeparated TSV TabSeparatedRaw TSVRaw Raw CSV JSONEachRow JSONLines JSONL NDJSON
    JSONStringsEachRow JSONCompactEachRow JSONCompactStringsEachRow MsgPack LineAsString RawBLOB TSKV
""")
WHOLE = listed("""
    Arrow ArrowStream Parquet ORC JSON JSONCompact JSONStrings JSONCompactStrings JSONColumns
    JSONCompactColumns JSONColumnsWithMetadata JSONObjectEachRow JSONCompactEachRowWithNames
    JSONCompactEachRowWithNamesAndTypes JSONCompactStringsEachRowWithNames
    JSONCompactStringsEachRowWithNamesAndTypes PrettyJSONEachRow TabSeparatedWithNames TSVWithNames
    TabSeparatedWithNamesAndTypes TSVWithNamesAndTypes TabSeparatedRawWithNames TSVRawWithNames
    TabSeparatedRawWithNamesAndTypes TSVRawWithNamesAndTypes CSVWithNames CSVWithNamesAndTypes
    RowBinaryWithNames RowBinaryWithNamesAndTypes Values Vertical Markdown XML Pretty PrettyCompact
    PrettySpace PrettyNoEscapes PrettyCompactNoEscapes PrettySpaceNoEscapes PrettyMonoBlock
    PrettyCompactMonoBlock PrettySpaceMonoBlock Null
""")
_BY_LOWER = {name.lower(): name for name in STREAMED | WHOLE}


def known_format(asked: str) -> str:
    """The format's own spelling; ClickHouse takes any case."""
    name = _BY_LOWER.get(asked.lower())
    if name is None:
        raise QueryRefused(
            f"the reading port has no output format {asked!r}; ask for Native, JSONEachRow, JSON, CSV, "
            "TabSeparated, Arrow or Parquet"
        )
    return name


def content_type(name: str) -> str:
    lower = name.lower()
    if lower.startswith(("json", "ndjson", "prettyjson")):
        whole = name in WHOLE and not lower.endswith(("eachrow", "names", "types"))
        return f"application/{'json' if whole else 'x-ndjson'}; charset=UTF-8"
    if lower.startswith("csv"):
        return f"text/csv; charset=UTF-8; header={'present' if 'with' in lower else 'absent'}"
    if lower.startswith(("tab", "tsv", "raw", "tskv")) and name != "RawBLOB":
        return "text/tab-separated-values; charset=UTF-8"
    if lower.startswith(("pretty", "vertical", "markdown", "values", "lineas", "null")):
        return "text/plain; charset=UTF-8"
    return "text/xml; charset=UTF-8" if name == "XML" else "application/octet-stream"
