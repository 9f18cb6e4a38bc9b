"""The screen of service levels: how well agents do, held against objectives, and the runs behind each figure."""
