-- Databases that record migrations, or in which a restore was cut short; which of them are this store's, their names say.
SELECT DISTINCT database
FROM system.tables
WHERE name IN ('migrations', 'restoring')
ORDER BY database
