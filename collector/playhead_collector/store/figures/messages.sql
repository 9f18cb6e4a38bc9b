SELECT * FROM ({{message_rows}})
