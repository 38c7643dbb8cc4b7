//! Election, output gate, fencing and resume of a failover group as one state machine (design.md 7).
//!
//! A [`Machine`] does no I/O and reads no clock. It is told what happens ([`Machine::handle`], [`Machine::emit`],
//! [`Machine::step_ended`], [`Machine::tick`]) and answers with [`Command`]s, which a driver carries out. The crate
//! `sim` drives it through a world that kills, pauses and cuts off; the driver of the product is the Kafka connector.
//!
//! # The election
//!
//! ```text
//!              a connector starts            session           created, listed: another is lower
//!   no session -----------------> connecting -------> own node? ----------------------------> standby
//!       ^                             ^                  |                                   |    ^
//!       | none runs: disconnect       | session expired  | own node is the lowest            |    | the one before
//!       |                             | (from anywhere)  v                                   |    | has gone, list:
//!       +---- node deleted <--------- + ------------- elected <------------------------------+    | another is lower
//!                 |                                   |     ^                                     |
//!                 | still wanted: a new node     lease is   | an answer to a request              |
//!                 +----> own node?                 over     | young enough                        |
//!                                                     v     |                                     |
//!                                                    held --+                                     |
//! ```
//!
//! *Elected* with a lease is [`Role::Active`], without one [`Role::Held`], all else [`Role::Standby`]. The lease ends 2/3
//! of a session after the **sending** of the latest request that was answered. Losing the role always discards the node.
//!
//! | event | no node | standby | elected or held |
//! |---|---|---|---|
//! | node created | it is the own one; list | (an older answer of this session cannot come) | – |
//! | creation lost | list before another is created: a node of this session is adopted, more than one deleted | – | – |
//! | list: own node lowest | – | elected | stays |
//! | list: another is lower | – | watch the one before | (numbers only rise: cannot come) |
//! | list: own node missing | create | create | demoted (`NodeGone`), create |
//! | watched node before changes, or is gone when the watch is set | – | list | – |
//! | own node changes | – | check | check |
//! | check or watch: own node gone | – | create | demoted (`NodeGone`), create |
//! | disconnected | – | stays | stays while the lease lasts, then held |
//! | connected, same session | list if uncertain | list, watches anew | list, watches anew |
//! | connected, other session | create | create | demoted (`SessionExpired`), create |
//! | session expired | connect | connect | demoted (`SessionExpired`), connect |
//! | write fenced, failed or unknown | – | ignored | demoted (`Fenced`, `WriteUnknown`), new node |
//! | stop of a connector | disconnect when nothing else runs | node deleted, released | what is being written lands, nothing is begun; last ids kept; demoted (`Stopped`), node deleted, released |
//! | refusal | – | node deleted | role and node given up; not again before a start |
//! | behind by more than 1 s of input, another candidate known | – | stays | passed on (`Yielded`); a new node when in sync |
//! | answer of an old session | ignored | ignored | ignored |
//! | any request lost | asked again after an eighth of a session | same | same; the lease is not renewed |
//!
//! # An output
//!
//! ```text
//!                elected         fenced, recalled        tail read       all tails read, first step known, no gap
//!        idle ------------> fencing ----------> reading ---------> awaiting step ------------> writing
//!         ^                    |                  |                     |                         |
//!         | all is answered    | role lost: Abandon                     |                         |
//!         +------------- closing <----------------+---------------------+-------------------------+
//! ```
//!
//! | event | idle | fencing | reading | awaiting step | writing | closing |
//! |---|---|---|---|---|---|---|
//! | record, step | gate | gate | gate | gate; gap: refused, else writing | gate; written | gate |
//! | tailed | committed to there, compared | same | same | same | same | same |
//! | fenced | – | when recalled too: read the tail | – | – | – | closed |
//! | recalled | – | when fenced too: read the tail | – | – | – | – |
//! | tail read | – | – | input ends before it: refused; else awaiting step | – | – | closed |
//! | all tails of the project read | – | – | – | nothing there, or a step known and no gap: writing; gap: refused | – | – |
//! | committed | – | – | – | – | dropped from the gate; next write | closed, **not** believed: the tail decides |
//! | failed | – | role lost | role lost | – | role lost | closed |
//! | lease over | – | goes on when renewed | same | same | nothing is begun or committed | – |
//! | role lost | – | closing | closing | idle | closing, or idle when nothing is open | – |
//! | elected | fence; or yield | – | – | – | – | fence when all is answered |
//! | stop | released | closing | closing | released | see the election's table | released when all is answered |
//! | other record under a committed id | refused | same | same | same | same | same |
//!
//! No output of a project is written before all of them that run have read their topics: that the input was made anew may show in one
//! of them alone. An output with nothing in its topic needs no first step.
//!
//! What was given up is never repeated and never assumed: the gate keeps it until the topic tells.
//!
//! # What a driver must do
//!
//! 1. After every call of `handle`, `emit`, `step_ended` and `tick`: take all commands, carry them out in order; call `tick`
//!    at [`Machine::poll_timeout`].
//! 2. `now` and `sent` are of one clock that goes on while the process is suspended. `sent` is taken before the request
//!    leaves.
//! 3. Answer each request exactly once, also those of an old session or connection ([`Answer::Lost`]), and before
//!    [`Input::Connected`] tells of the next connection. A request of an old connection must not take effect after the next
//!    one is there. After [`Command::Disconnect`] nothing more of that session is told.
//! 4. [`Command::Connect`] is tried for ever. A session that cannot be reached is told as [`Input::Disconnected`], then
//!    [`Input::Connected`] or [`Input::Expired`]. Watches need not outlive a connection.
//! 5. [`Outcome::Fenced`] means that nothing an older producer does can become readable: with transactions the producer is
//!    initialised, and no other producer of this process with the same id exists any more. Without transactions it means
//!    that a new producer exists.
//! 6. [`Command::ReadTail`] begins after the fence, reads committed records only, back from the end until one of the stream
//!    lies below `low`, or to the beginning, and answers the **highest** id of all it read. The last record alone is not
//!    enough: it may be a control record, somebody else's, or a late one of a former writer.
//! 7. Commit only while [`Machine::may_commit`], asked immediately before; wait when it says no, as long as
//!    [`Machine::is_writing`]. Only a write that is committed as a whole is [`Outcome::Committed`]. Never begin a second
//!    attempt at a write of unknown outcome: [`Failure::Unknown`].
//! 8. On [`Command::Abandon`]: abort what is not committed, drop what is queued, answer all that is open (each once), give the
//!    producer up. What has left already may land; the next fence and tail sort it out.
//! 9. Tail every output in every role (the active may leave its own out) and tell each committed record of the stream in
//!    order, duplicates too; pause while [`Gate::tail_room`] is 0.
//! 10. A connector that stopped is started again only after [`Command::Released`]. The output stays added, and is given all
//!     records and steps, from the loading of the project on, whether or not its connector runs; its
//!     [`state`](Machine::state) goes into snapshots.
//! 11. [`Command::Keep`] is last write wins, per output, in a place that outlives sessions.
mod clock;
mod command;
mod election;
mod gate;
mod input;
mod machine;
mod output;

pub use clock::Instant;
pub use command::{Command, Demotion, Notice, Refusal};
pub use gate::{Difference, Gate, GateState, Held, Mismatch};
pub use input::{Answer, Candidate, Failure, Input, Outcome, OutputNo, RequestNo, Sequence, SessionId};
pub use machine::{Machine, Role};
pub use output::OutputOptions;
