"""The HTTP application, the command line and everything around them: the outermost layer."""
