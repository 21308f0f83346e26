"""Characters and styles: versioned objects that drawings are made with, kept, shown and handed on."""
