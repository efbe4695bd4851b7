"""The page Score a file: an uploaded file, its scoring job and the results."""
