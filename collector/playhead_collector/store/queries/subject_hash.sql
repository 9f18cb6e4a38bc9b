SELECT hex(sipHash128({value:String}))
