"""What people do with studies, written once for the command line, the web pages and notebooks. Nothing here prints."""
