"""A folder and a process in which somebody else's script can do no harm.

`copying` makes the folder, `process` starts, watches and ends the process; inside it, `paths`, `guard` and `seeds`
are what the script meets instead of the real thing, and `landlock` is the kernel's own refusal where there is one.
"""
