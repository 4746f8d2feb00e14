//! Which backups of a location go: pure rules with their reasons.
