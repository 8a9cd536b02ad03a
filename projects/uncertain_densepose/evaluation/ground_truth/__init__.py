"""What annotations say: people, their points, masks and visible limbs."""
