"""What differs between two runs, or two groups of them: computed here, shown by the command line and the terminal."""
