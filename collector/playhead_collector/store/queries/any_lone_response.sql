-- Whether any trace consists of a model call alone. Where agents are instrumented as a whole there is none, and nothing more to ask.
SELECT 1
FROM responses
WHERE lone = 1
LIMIT 1
