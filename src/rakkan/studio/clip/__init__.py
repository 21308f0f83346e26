"""From a prompt to the tokens CLIP's text encoders read, with numpy and the standard library alone."""
