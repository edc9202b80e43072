"""What is served over HTTP, whichever platforms there are."""
