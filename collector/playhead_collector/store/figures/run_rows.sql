SELECT
    * REPLACE (if(error = '', '', {{said}}) AS error)
FROM {{source}}.run_rows FINAL
