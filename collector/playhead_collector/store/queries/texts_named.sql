-- How many texts the index names for what is looked for, up to so many. Of what it does not hold yet, the latest, nothing is known.
SELECT count()
FROM
(
    SELECT 1
    FROM message_rows
    WHERE splitByChar('_', _part)[4] != '0'
        -- {indexed}
    LIMIT {many:UInt64}
)
