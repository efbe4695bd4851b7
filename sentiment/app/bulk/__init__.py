"""The Bulk page: an uploaded file, its scoring job and the results."""
