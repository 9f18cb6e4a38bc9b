SELECT sum(length(text))
FROM message_rows
WHERE run_id IN {runs:Array(String)}
