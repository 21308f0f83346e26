"""The pictures of a hub: kept, published, found, liked, spoken about, and where each came from."""
