"""Opens files for the layers above: schemas, network folders, scenarios, run folders."""
