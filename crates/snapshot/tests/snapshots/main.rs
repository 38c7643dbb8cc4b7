//! Snapshots as a whole, through the crate's interface.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod project;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod support;
