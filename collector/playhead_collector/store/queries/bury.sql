INSERT INTO erased (subject, subject_hash, erased_at)
SELECT {subject:String}, sipHash128(arrayJoin({values:Array(String)})), now64(3)
