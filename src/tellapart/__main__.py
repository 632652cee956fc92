"""`python -m tellapart` is the command line."""

from tellapart.cli import main

main()
