"""Exercises: the learner writes something towards a goal, and a judge looks at it."""
