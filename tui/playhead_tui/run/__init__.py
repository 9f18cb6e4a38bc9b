"""The screen of one run: its steps beside their times, and what each said and was told."""
