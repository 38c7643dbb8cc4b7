//! From an upgrade request to a socket at work: limits, the handshake frame, the end.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::request::Parts;
use axum::response::Response;
use tidegate_api::ErrorBody;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;

use crate::answer::Refused;
use crate::auth::{OnSocket, SOCKET_ATTEMPTS};
use crate::call::bad;

/// Sockets at a time; an upgrade beyond is refused.
pub(crate) const MAX_SOCKETS: usize = 4096;

/// Longest message that a client may send: a file of events in one message (websocket-api 2).
const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// Pause between the answer to the upgrade and the first frame: a client library handles bytes that come together
/// with the answer before its user is told that the socket is open (rest-api 8).
const FIRST_FRAME_PAUSE: Duration = Duration::from_millis(100);

/// How long a frame may take to be sent before the client is given up.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client may take to authenticate itself on its socket.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a client may take to answer the end of its socket.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// What all sockets of a server have in common.
#[derive(Debug, Clone)]
pub(crate) struct Sockets {
    stop: watch::Receiver<bool>,
    places: Arc<Semaphore>,
    /// Held by each socket; the other end sees when the last one has ended.
    alive: mpsc::Sender<Infallible>,
}

impl Sockets {
    /// Sockets that end when `stop` becomes true, and what tells that all have.
    pub(crate) fn new(stop: watch::Receiver<bool>) -> (Self, mpsc::Receiver<Infallible>) {
        let (alive, ended) = mpsc::channel(1);
        (Self { stop, places: Arc::new(Semaphore::new(MAX_SOCKETS)), alive }, ended)
    }
}

/// A request to become a socket.
pub(crate) struct Upgrade {
    upgrade: WebSocketUpgrade,
    sockets: Sockets,
    place: OwnedSemaphorePermit,
    /// Whether the client has to authenticate itself first.
    unknown: Option<OnSocket>,
}

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await;
        let upgrade = upgrade.map_err(|rejection: WebSocketUpgradeRejection| {
            bad(format!("this is the address of a WebSocket: {}", rejection.body_text()))
        })?;
        let Some(sockets) = parts.extensions.get::<Sockets>().cloned() else {
            return Err(bad("this connection cannot become a WebSocket"));
        };
        let Ok(place) = Arc::clone(&sockets.places).try_acquire_owned() else {
            return Err(ErrorBody::new(503, format!("{MAX_SOCKETS} WebSockets are open")).into());
        };
        let unknown = parts.extensions.get::<OnSocket>().cloned();
        Ok(Self { upgrade, sockets, place, unknown })
    }
}

impl Upgrade {
    /// Answers the request and runs `work` on the socket.
    pub(crate) fn run<F>(self, work: impl FnOnce(Socket) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send,
    {
        let Self { upgrade, sockets, place, unknown } = self;
        upgrade.max_message_size(MAX_MESSAGE_BYTES).max_frame_size(MAX_MESSAGE_BYTES).on_upgrade(
            |inner| async move {
                let _alive = sockets.alive.clone();
                let socket = Socket { inner, stop: sockets.stop };
                let socket = match &unknown {
                    None => Some(socket),
                    Some(unknown) => authenticated(socket, unknown).await,
                };
                if let Some(socket) = socket {
                    work(socket).await;
                }
                drop(place);
            },
        )
    }
}

/// Has the client of a socket authenticate itself; nothing comes back when it does not (websocket-api 3).
async fn authenticated(mut socket: Socket, OnSocket(app): &OnSocket) -> Option<Socket> {
    let Some(authentication) = &app.authentication else { return Some(socket) };
    tokio::time::sleep(FIRST_FRAME_PAUSE).await;
    for _ in 0..SOCKET_ATTEMPTS {
        let challenge = format!("status: 401\nwww-authenticate: {}\n\n", authentication.challenge());
        socket.send(challenge).await.ok()?;
        match timeout(CREDENTIALS_TIMEOUT, socket.receive()).await {
            Ok(Incoming::Message(value)) => {
                if let Ok(value) = std::str::from_utf8(&value)
                    && authentication.accepts(value).await
                {
                    return Some(socket);
                }
            }
            Ok(Incoming::Closed) => return None,
            Ok(Incoming::Stopped) => {
                socket.close_stopped().await;
                return None;
            }
            Err(_) => break,
        }
    }
    socket.close(close_code::POLICY, "authentication required").await;
    None
}

/// What came next on a socket.
pub(crate) enum Incoming {
    /// A message; binary ones are taken as text that need not be UTF-8.
    Message(bytes::Bytes),
    /// The client closed the socket, or it broke.
    Closed,
    /// The server stops.
    Stopped,
}

/// The client does not take what is sent to it, or is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

/// A socket at work.
pub(crate) struct Socket {
    inner: WebSocket,
    stop: watch::Receiver<bool>,
}

impl Socket {
    /// Sends the handshake frame with this status, a little later than the answer to the upgrade.
    pub(crate) async fn greet(&mut self, status: u16) -> Result<(), Gone> {
        tokio::time::sleep(FIRST_FRAME_PAUSE).await;
        self.send(format!("status: {status}\n\n")).await
    }

    /// Refuses the request on its socket: the status, then the end (websocket-api 4.7).
    pub(crate) async fn refuse(mut self, status: u16, reason: &str) {
        if self.greet(status).await.is_ok() {
            self.close(close_code::POLICY, reason).await;
        }
    }

    /// Sends a text frame.
    pub(crate) async fn send(&mut self, text: String) -> Result<(), Gone> {
        match timeout(SEND_TIMEOUT, self.inner.send(Message::Text(text.into()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }

    /// Waits for what comes next. Can be given up at any time without losing anything.
    pub(crate) async fn receive(&mut self) -> Incoming {
        loop {
            let message = tokio::select! {
                message = self.inner.recv() => message,
                // An error means that whoever could stop the server is gone, which stops it as well.
                _stopped = self.stop.wait_for(|stop| *stop) => return Incoming::Stopped,
            };
            match message {
                Some(Ok(Message::Text(text))) => return Incoming::Message(text.into()),
                Some(Ok(Message::Binary(bytes))) => return Incoming::Message(bytes),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) => {
                    // The library answers the close while it is asked for more.
                    let _answered = timeout(CLOSE_TIMEOUT, self.inner.recv()).await;
                    return Incoming::Closed;
                }
                Some(Err(_)) | None => return Incoming::Closed,
            }
        }
    }

    /// Ends the socket with a reason, within a bounded time.
    pub(crate) async fn close(mut self, code: u16, reason: &str) {
        // A close frame holds 125 bytes, two of them the code.
        let reason = &reason[..reason.floor_char_boundary(123)];
        let frame = CloseFrame { code, reason: reason.into() };
        if timeout(CLOSE_TIMEOUT, self.inner.send(Message::Close(Some(frame)))).await.is_err() {
            return;
        }
        let rest = async { while let Some(Ok(_)) = self.inner.recv().await {} };
        // A client that does not answer is cut off.
        let _answered = timeout(CLOSE_TIMEOUT, rest).await;
    }

    /// Ends the socket because the server stops.
    pub(crate) async fn close_stopped(self) {
        self.close(close_code::AWAY, "the server stops").await;
    }
}
