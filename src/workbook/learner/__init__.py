"""What the learner has chosen, answered and started."""
