-- The index finds the pieces that hold all words; the phrase then has to stand in one of them, as it was typed.
AND run_id IN
(
    SELECT run_id
    FROM messages
    WHERE hasAllTokens(lower(text), {words:Array(String)}) AND position(lower(text), {phrase:String}) > 0
)
