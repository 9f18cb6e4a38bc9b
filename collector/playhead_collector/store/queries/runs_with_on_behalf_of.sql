-- Runs of which a step says that it acts for somebody.
AND run_id IN
(
    SELECT run_id
    FROM step_rows
    WHERE attribute_texts[indexOf(attribute_keys, 'playhead.on_behalf_of')] LIKE {on_behalf_of:String}
        AND has(attribute_keys, 'playhead.on_behalf_of')
        AND arrived_at >= {arrived_since:DateTime('UTC')}
)
