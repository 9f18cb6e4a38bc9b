-- Parts that the engine set aside when it opened the folder, because their files are damaged. No query reads them.
SELECT table, count() AS parts, sum(bytes_on_disk) AS bytes
FROM system.detached_parts
WHERE database = {database:String} AND startsWith(ifNull(reason, ''), 'broken')
GROUP BY table
ORDER BY table
