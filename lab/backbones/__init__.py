"""Where the weights of backbones that ship with the library come from."""
