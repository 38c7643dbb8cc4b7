//! XML to a typed project model, with every mistake of a file in one run.
