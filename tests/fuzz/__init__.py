"""Targets for fuzzing, a module a format: ``CASES`` draws files, ``check`` reads one.

python -m tests.fuzz --minutes 60              # each format in turn, from a new seed each time
python -m tests.fuzz --minutes 60 tables       # one of them
"""
