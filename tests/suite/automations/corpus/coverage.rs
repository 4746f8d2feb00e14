//! Whether the corpus has everything: every kind of trigger, condition and action, every function of templates.
