//! The home's clock: which zone counts, that there is one for everything, and that its rules are right.

mod choice;
mod rules;
mod service;
