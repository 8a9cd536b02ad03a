"""The experiment of the four losses: noise worlds, training of its cells, what is reported."""
