"""What is wrong with the pictures, said before any score: see `run` for the way through.

Called as a function, ``tellapart.audit("pictures")``, this package is `tellapart.inspection.audit`.
"""

from tellapart.audit.copies import Copies, find_copies
from tellapart.audit.finding import Finding
from tellapart.audit.groups import Suspected, suspect_groups
from tellapart.audit.leaks import Leak, leak
from tellapart.audit.looks import Looks, look_at
from tellapart.audit.run import Audit, Kinship, audit_pictures, find_kinship
from tellapart.callable_module import make_callable

__all__ = [
    "Audit",
    "Copies",
    "Finding",
    "Kinship",
    "Leak",
    "Looks",
    "Suspected",
    "audit_pictures",
    "find_copies",
    "find_kinship",
    "leak",
    "look_at",
    "suspect_groups",
]

make_callable(__name__, "tellapart.inspection:audit")
