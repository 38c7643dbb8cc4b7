//! The story and its variants on real servers. Everything runs on one cluster of three brokers and a ZooKeeper, one test after the
//! other: tests stop its servers.

mod bad_input;
mod chaos;
mod formats;
mod operations;
mod scripts;
mod variants;
mod whole;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tidegate_harness::{Cluster, Options};

/// The cluster, for one test at a time.
fn cluster() -> MutexGuard<'static, Cluster> {
    static CLUSTER: OnceLock<Mutex<Cluster>> = OnceLock::new();
    let start = || {
        let options = Options { brokers: 3, ..Options::default() };
        Mutex::new(Cluster::start(&options).expect("the test servers start"))
    };
    CLUSTER.get_or_init(start).lock().unwrap_or_else(PoisonError::into_inner)
}
