"""What the user sees: tables, trees, figures and documents, all made from results computed elsewhere."""
