//! At most one engine claims to be active at any moment.

use tidegate_failover::Role;

use super::Violation;

pub(crate) fn at_most_one(roles: impl Iterator<Item = Role>) -> Result<(), Violation> {
    match roles.filter(|&role| role == Role::Active).count() {
        0 | 1 => Ok(()),
        _ => Err(Violation::TwoActive),
    }
}
