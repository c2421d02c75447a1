//! The house rules, checked by machine: who may depend on whom, how long things may be, where
//! `unsafe` may stand, and that no file is forgotten.

mod direction;
mod pages;
mod reach;
mod size;
mod source;
mod words;
