SELECT run_id, end_time
FROM run_rows FINAL
WHERE end_time > {since:DateTime64(3, 'UTC')} AND end_time <= {until:DateTime64(3, 'UTC')}
ORDER BY end_time, run_id
