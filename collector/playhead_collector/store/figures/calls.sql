SELECT * FROM {{source}}.calls
