"""How checks look at the learner's system, and how they report."""
