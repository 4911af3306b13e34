//! The `iamkeys` program.

fn main() {}
