"""What a program would do, as far as its text says: values followed from where they are made to where they are used.

Nothing is run. Statements are gone through in order with symbolic values: a literal is itself, a call of a library is
a `Made` that remembers what was called with what, a call of the program's own function is gone into. Loops over
literals are unrolled, other loops gone through once. What happens is a list of events, each with the loops, blocks and
functions around it. So no name has to be guessed at: a value is what it was made from.
"""
