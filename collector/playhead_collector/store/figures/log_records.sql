SELECT * FROM ({{log_rows}})
