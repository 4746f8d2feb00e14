//! schedule tests
