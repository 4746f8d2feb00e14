//! Automations as people write them, played in virtual time.

mod corpus;
