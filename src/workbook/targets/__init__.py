"""Where the lessons run: this machine, its cluster, Azure."""
