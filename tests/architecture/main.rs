//! The house rules, checked by machine.
