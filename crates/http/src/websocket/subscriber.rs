//! Subscriber sockets: what one window emits, or a page of what it holds (websocket-api 4).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::close_code;
use axum::response::Response;
use tidegate_event::{BlockKind, EngineTime, Event, EventBlock, EventRef, Opcode};
use tidegate_host::{
    Delivery, HostError, Project, Receive, SubscribeOptions, Subscription, WhenFull, WindowDetails,
};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::control::{Changes, Control, WantedPage};
use super::frame::{Frame, Frames};
use super::page::{Number, Page};
use super::parameters::{Mode, Parameters};
use super::socket::{Gone, Incoming, Socket, Upgrade};
use crate::blocking::blocking;
use crate::call::Call;
use crate::selection::{passes, property};

/// Blocks that may wait for a subscriber.
const QUEUE_BLOCKS: usize = 16_384;

/// Events that may wait for a subscriber: some megabytes.
const QUEUE_EVENTS: usize = 65_536;

/// Blocks sent before the socket is looked at again.
const BLOCKS_AT_ONCE: usize = 64;

/// Events that are gathered at most, whatever the interval.
const GATHERED_MAX: usize = 10_000;

/// `GET subscribers/P/CQ/W`.
pub(crate) async fn open(upgrade: Upgrade, call: Call) -> Response {
    upgrade.run(move |socket| run(socket, call))
}

/// Why a socket ends.
enum End {
    /// The client is gone, or takes nothing.
    Gone,
    /// The client closed it.
    Closed,
    /// The server stops.
    Stopped,
    /// With this code and reason.
    Because(u16, String),
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

async fn run(mut socket: Socket, call: Call) {
    let mut follower = match Follower::new(&call).await {
        Ok(follower) => follower,
        Err((status, reason)) => return socket.refuse(status, &reason).await,
    };
    match follower.follow(&mut socket).await {
        End::Gone | End::Closed => {}
        End::Stopped => socket.close_stopped().await,
        End::Because(code, reason) => socket.close(code, &reason).await,
    }
}

/// A subscriber at work.
struct Follower {
    project: Arc<Project>,
    window: WindowDetails,
    parameters: Parameters,
    frames: Frames,
    /// Woken by each block that is put into the subscription's queue.
    wake: Arc<Notify>,
    subscription: Option<Subscription>,
    page: Page,
    paused: bool,
    /// Events that wait for the end of the interval, and when that is.
    gathered: Frame,
    gathered_until: Option<Instant>,
}

impl Follower {
    /// Subscribes. The error is a status and a reason.
    async fn new(call: &Call) -> Result<Self, (u16, String)> {
        let unknown = |error: HostError| (404, error.to_string());
        let project = call.app.host.project(call.component(0)).map_err(unknown)?;
        let window = project.window(call.component(1), call.component(2)).map_err(unknown)?.clone();
        let parameters = Parameters::new(&call.query, &window.schema).map_err(|reason| (400, reason))?;
        let Parameters { format, precision, .. } = parameters;
        let frames = Frames::new(format, &parameters.separator, precision, &window.schema);
        let (page, _) = Page::of_content(&parameters, &window.schema, false, &[], Number::Is(0), &|_| true);
        let mut follower = Self {
            project,
            window,
            parameters,
            frames,
            wake: Arc::new(Notify::new()),
            subscription: None,
            page,
            paused: false,
            gathered: Frame::default(),
            gathered_until: None,
        };
        // Subscribed before the status is sent: whoever has read it misses nothing.
        follower.subscribe().await.map_err(|end| match end {
            End::Because(_, reason) => (404, reason),
            End::Gone | End::Closed | End::Stopped => (500, "internal error".to_owned()),
        })?;
        Ok(follower)
    }

    /// Subscribes anew.
    async fn subscribe(&mut self) -> Result<(), End> {
        self.subscription = None;
        let options = SubscribeOptions {
            snapshot: self.parameters.mode == Mode::Updating || self.parameters.snapshot,
            blocks_max: QUEUE_BLOCKS,
            events_max: QUEUE_EVENTS,
            when_full: WhenFull::Disconnect,
        };
        let (project, window) = (Arc::clone(&self.project), self.window.id);
        let subscription = blocking(move || Ok(project.subscribe(window, options)?)).await;
        let subscription =
            subscription.map_err(|refused| End::Because(close_code::AWAY, refused.0.message.clone()))?;
        let wake = Arc::clone(&self.wake);
        subscription.notify_by(Box::new(move || wake.notify_one()));
        self.wake.notify_one();
        self.subscription = Some(subscription);
        Ok(())
    }

    async fn follow(&mut self, socket: &mut Socket) -> End {
        match self.try_follow(socket).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn try_follow(&mut self, socket: &mut Socket) -> Result<std::convert::Infallible, End> {
        socket.greet(200).await?;
        if self.parameters.schema {
            socket.send(self.frames.schema_frame()).await?;
        }
        if self.parameters.mode == Mode::Updating {
            let show = self.parameters.snapshot;
            self.turn_to(socket, Number::Is(0), show).await?;
        }
        let every = self.parameters.info.unwrap_or(Duration::from_secs(3600));
        let mut info = interval_at(Instant::now() + every, every);
        info.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let wake = Arc::clone(&self.wake);
        loop {
            let gathered_until = self.gathered_until;
            tokio::select! {
                incoming = socket.receive() => match incoming {
                    Incoming::Message(message) => self.control(socket, &message).await?,
                    Incoming::Closed => return Err(End::Closed),
                    Incoming::Stopped => return Err(End::Stopped),
                },
                () = wake.notified(), if !self.paused => self.drain(socket).await?,
                () = sleep_until(gathered_until.unwrap_or_else(Instant::now)), if gathered_until.is_some() => {
                    self.flush(socket).await?;
                }
                _ = info.tick(), if self.parameters.info.is_some() && self.parameters.mode == Mode::Updating => {
                    let (page, pages) = (self.page.number, self.page.pages());
                    socket.send(format!("<info page=\"{page}\" pages=\"{pages}\"/>")).await?;
                }
            }
        }
    }

    /// Sends what is in the queue, or a part of it.
    async fn drain(&mut self, socket: &mut Socket) -> Result<(), End> {
        for _ in 0..BLOCKS_AT_ONCE {
            let Some(subscription) = &mut self.subscription else { return Ok(()) };
            match subscription.try_receive() {
                Receive::Block(delivery) => self.deliver(socket, &delivery).await?,
                Receive::Idle => return Ok(()),
                Receive::Closed => {
                    let reason = format!("project '{}' is gone", self.project.name());
                    return Err(End::Because(close_code::AWAY, reason));
                }
                Receive::Overflowed => {
                    let reason = "the subscriber did not keep up with the window".to_owned();
                    return Err(End::Because(close_code::POLICY, reason));
                }
            }
        }
        self.wake.notify_one();
        Ok(())
    }

    async fn deliver(&mut self, socket: &mut Socket, delivery: &Delivery) -> Result<(), End> {
        let block = &delivery.block;
        let Self { parameters, window, page, .. } = &mut *self;
        let pass =
            |event: &Event<'_>| passes(&parameters.filters, &|name| property(&window.schema, event, name));
        let events = match parameters.mode {
            Mode::Updating => page.follow(block, &pass),
            Mode::Streaming => stream(block, &pass),
        };
        let limit = match parameters.mode {
            Mode::Streaming if parameters.page_size > 0 => parameters.page_size,
            Mode::Streaming | Mode::Updating => usize::MAX,
        };
        let mut rest = events.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(cut(rest, limit));
            rest = later;
            let part = EventBlock::new(Arc::clone(block.rows()), now.to_vec());
            self.gather(socket, &part, delivery.header.time).await?;
        }
        Ok(())
    }

    /// Sends events at once, or keeps them until the interval has ended.
    async fn gather(
        &mut self,
        socket: &mut Socket,
        events: &EventBlock,
        time: EngineTime,
    ) -> Result<(), End> {
        if self.parameters.interval.is_zero() {
            let mut frame = Frame::default();
            self.frames.add(&mut frame, events, time);
            socket.send(self.frames.finish(frame, None)).await?;
            return Ok(());
        }
        let most = match self.parameters.page_size {
            0 => GATHERED_MAX,
            size if self.parameters.mode == Mode::Streaming => size.min(GATHERED_MAX),
            _ => GATHERED_MAX,
        };
        if !self.gathered.is_empty() && self.gathered.len() + events.len() > most {
            self.flush(socket).await?;
        }
        self.frames.add(&mut self.gathered, events, time);
        let end = Instant::now() + self.parameters.interval;
        self.gathered_until.get_or_insert(end);
        Ok(())
    }

    async fn flush(&mut self, socket: &mut Socket) -> Result<(), End> {
        self.gathered_until = None;
        let frame = std::mem::take(&mut self.gathered);
        if !frame.is_empty() {
            socket.send(self.frames.finish(frame, None)).await?;
        }
        Ok(())
    }

    async fn control(&mut self, socket: &mut Socket, message: &[u8]) -> Result<(), End> {
        match Control::parse(message) {
            None => Ok(()),
            Some(Control::Pause) => {
                self.paused = true;
                // A page is sent whole when it goes on; a stream's blocks wait in its queue.
                if self.parameters.mode == Mode::Updating {
                    self.subscription = None;
                }
                Ok(())
            }
            Some(Control::Play) => {
                if !std::mem::take(&mut self.paused) {
                    return Ok(());
                }
                if self.parameters.mode == Mode::Updating {
                    return self.reload(socket, Number::Is(self.page.number), true).await;
                }
                self.wake.notify_one();
                Ok(())
            }
            Some(Control::Change(changes)) => self.change(socket, &changes).await,
            Some(Control::Load(wanted, changes)) => {
                self.change_parameters(&changes);
                let number = match wanted {
                    WantedPage::Current => Number::Is(self.page.number),
                    WantedPage::First => Number::Is(0),
                    WantedPage::Last => Number::Last,
                    WantedPage::Next => Number::Is(self.page.number + 1),
                    WantedPage::Previous => Number::Is(self.page.number.saturating_sub(1)),
                };
                if self.parameters.mode == Mode::Updating {
                    self.reload(socket, number, true).await?;
                }
                Ok(())
            }
        }
    }

    fn change_parameters(&mut self, changes: &Changes) {
        self.parameters.change(changes, &self.window.schema);
        self.frames.separator.clone_from(&self.parameters.separator);
    }

    async fn change(&mut self, socket: &mut Socket, changes: &Changes) -> Result<(), End> {
        let before = self.parameters.mode;
        self.change_parameters(changes);
        if self.parameters.interval.is_zero() {
            self.flush(socket).await?;
        }
        let Changes { page_size, sort, filter, .. } = changes;
        let moves_page = page_size.is_some() || sort.is_some() || filter.is_some();
        if self.parameters.mode == Mode::Updating && (moves_page || before == Mode::Streaming) && !self.paused
        {
            self.reload(socket, Number::Is(0), false).await?;
        }
        Ok(())
    }

    /// Subscribes anew and turns to a page of what the window holds now.
    async fn reload(&mut self, socket: &mut Socket, number: Number, show: bool) -> Result<(), End> {
        self.flush(socket).await?;
        self.subscribe().await?;
        self.turn_to(socket, number, show).await
    }

    /// Turns to a page of the content, which is what the subscription gives first; `show` sends it.
    async fn turn_to(&mut self, socket: &mut Socket, number: Number, show: bool) -> Result<(), End> {
        let mut content = Vec::new();
        let mut time = EngineTime::UNSET;
        while let Some(subscription) = &mut self.subscription
            && let Receive::Block(delivery) = subscription.try_receive()
        {
            time = delivery.header.time;
            content
                .push(EventBlock::new(Arc::clone(delivery.block.rows()), delivery.block.events().to_vec()));
            if delivery.header.kind == BlockKind::LastSnapshot {
                break;
            }
        }
        let Self { parameters, window, .. } = &*self;
        let pass =
            |event: &Event<'_>| passes(&parameters.filters, &|name| property(&window.schema, event, name));
        let stateful = window.index.is_stateful();
        let (page, rows) = Page::of_content(parameters, &window.schema, stateful, &content, number, &pass);
        let mut frame = Frame::default();
        for (block, event) in rows {
            let row = EventBlock::new(Arc::clone(block.rows()), vec![event]);
            self.frames.add(&mut frame, &row, time);
        }
        let numbers = (page.number, page.pages());
        self.page = page;
        // No format but XML can say that a page is empty.
        if show && (!frame.is_empty() || self.frames.format == super::frame::FrameFormat::Xml) {
            socket.send(self.frames.finish(frame, Some(numbers))).await?;
        }
        Ok(())
    }
}

/// The events of a block that pass, with the old half of an update pair whose new half does: clients expect it
/// there.
fn stream(block: &EventBlock, pass: &dyn Fn(&Event<'_>) -> bool) -> Vec<EventRef> {
    let mut with_old_half = false;
    let events = block.iter().zip(block.events());
    let events = events.filter(|(event, _)| {
        let is_old_half = std::mem::take(&mut with_old_half);
        let passes = is_old_half || pass(event);
        with_old_half = passes && event.opcode == Opcode::UpdateBlock;
        passes
    });
    events.map(|(_, event)| *event).collect()
}

/// How many of the events go into one frame: at most `limit`, but an update pair stays together.
fn cut(events: &[EventRef], limit: usize) -> usize {
    let count = events.len().min(limit);
    let splits_pair = count < events.len() && events[count - 1].opcode == Opcode::UpdateBlock;
    count + usize::from(splits_pair)
}
