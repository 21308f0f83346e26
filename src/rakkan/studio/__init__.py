"""Tools that make pictures: prompts, engines, samplers, upscaling."""
