SELECT hostName(), query_id
FROM {{processes}}
WHERE query_kind = 'Insert'
