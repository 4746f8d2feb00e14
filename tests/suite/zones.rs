//! The home's clock: which zone is used, that it is used everywhere, and that its rules are correct.

mod choice;
mod rules;
mod service;
