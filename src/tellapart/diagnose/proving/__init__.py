"""From a suspicion to its proof: the edited program is run beside the one as it is, and an own measure decides."""
