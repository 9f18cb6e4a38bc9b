SELECT * FROM {{source}}.prices
