"""Two independent networks that score a picture's content, one of drawings and one of photographs."""
