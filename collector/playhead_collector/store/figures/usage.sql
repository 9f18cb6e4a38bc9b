SELECT * FROM {{source}}.usage
