"""HTTP as the recorder sees it: exchanges, and the transports that they are taken from."""
