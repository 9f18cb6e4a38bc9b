INSERT INTO migrations (number, program, applied_at)
SELECT {number:UInt32}, {program:String}, now64(3)
