"""What made a picture, and making it again; a part of ``assemble``."""
