-- How much there is to read of what a process recorded, without reading it.
SELECT sum(length(content)) AS bytes
FROM recordings
WHERE process_id = {process:String}
