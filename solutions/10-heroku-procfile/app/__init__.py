"""An API that names the species of an iris."""
