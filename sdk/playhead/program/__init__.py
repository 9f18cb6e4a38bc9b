"""Recording a program that has no line of Playhead in it: what `playhead record` does.

The command (`commands/record.py`) starts the program in the foreground as if it was the program (`foreground.py`),
with one folder more on PYTHONPATH: the interpreter itself imports `start/sitecustomize.py` from there before it reads
any code of the program, and that begins the recording (`begin.py`). Nothing stands between the interpreter and the
program: `__main__`, `sys.argv`, tracebacks and exit codes are Python's own, for a script, `-m`, `-c` and console
scripts alike. When the program has ended, however it did, the command ends the step that stands for it (`ending.py`).
"""
