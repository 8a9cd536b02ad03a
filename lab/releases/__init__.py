"""From trained checkpoints to released ones, and the page that lists them."""
