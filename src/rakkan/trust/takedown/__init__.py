"""What anyone can do against a picture that harms them."""
