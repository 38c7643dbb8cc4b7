//! Windows, indexes, retention, aggregates and the schedule: from input blocks to output blocks, without I/O, clock or threads.
