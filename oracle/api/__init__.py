"""What people do with studies, once for all faces: command line, web pages, notebooks. Nothing here prints."""
