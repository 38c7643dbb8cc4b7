//! The expression language: lexer, parser, checker and the compiled program with its two back ends.
