-- The text index finds the texts with words that contain each fragment; the pattern then says which really hold what was asked
-- for. A run's texts arrived after it began, give or take a clock that is a day off.
AND run_id IN
(
    SELECT run_id
    FROM messages
    WHERE arrived_at >= {arrived_since:DateTime('UTC')}
        -- {fragments}
        AND match(text, {pattern:String})
)
