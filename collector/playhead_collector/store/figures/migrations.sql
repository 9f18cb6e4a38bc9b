SELECT * FROM {{source}}.migrations
