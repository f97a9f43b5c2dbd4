"""Pages that nobody writes: Markdown from labs, data sets, manifests, commands and the source itself."""
