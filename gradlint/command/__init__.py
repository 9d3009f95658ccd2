"""What the command says, reads and writes."""
