"""The words with which records of spans begin; see records.py, which reads them and costs more to import."""

START = "s"
ADDED = "a"
END = "e"
HEAD = "head"
