"""What people report, what moderators decide, and whom they bar."""
