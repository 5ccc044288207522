"""What there is to learn: phases, lessons, their prices."""
