"""How the built-in model was made: data, training, export, evaluation. Needs the extra [train]."""
