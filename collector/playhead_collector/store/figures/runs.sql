SELECT
    * REPLACE (if(error = '', '', {{said}}) AS error)
FROM {{source}}.runs
