-- Models without a price, by prices other than this program's.
SELECT DISTINCT provider, model, day
FROM prices FINAL
WHERE known = 0 AND source != {source:String}
