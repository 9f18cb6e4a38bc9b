SELECT DISTINCT provider, model, day
FROM prices
WHERE (provider, model, day) IN {models:Array(Tuple(String, String, Date))}
