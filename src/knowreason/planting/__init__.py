"""Claims made from sentences by rule: true ones in other words, and false ones by one small change."""
