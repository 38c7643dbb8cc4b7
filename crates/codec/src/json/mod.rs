//! JSON (connectors-adapters 4.2).
