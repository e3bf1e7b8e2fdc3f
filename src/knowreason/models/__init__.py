"""Models behind one method each: entail, observe, or score."""
