# Shorter names for what `cargo xtask` does.

test:
    cargo xtask test

tidy:
    cargo xtask tidy

fuzz TARGET SECONDS="60":
    cargo xtask fuzz {{TARGET}} {{SECONDS}}

servers *ARGS:
    cargo xtask servers {{ARGS}}

conformance:
    cargo xtask conformance

demo:
    cargo run --release -p tidegate-server -- -model file://models/trades/model.xml -exit
