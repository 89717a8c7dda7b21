"""The pages of tokens: who may charge, and where."""
