"""Whether a session's meters agree: register, samples and the session's own word, held together."""
