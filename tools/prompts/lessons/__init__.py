"""What a distiller's instruction list is made of: task types and the subjects they are asked about."""
