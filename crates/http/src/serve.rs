//! Connections: from a listening socket to the tree of resources.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Router};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::app::app;
use crate::idle::{Activity, LOOK};
use crate::messages;
use crate::request_line::{MAX_HEADERS, RequestLineIo, UPGRADE_HEADER, UpgradeSwitch};
use crate::state::AppState;
use crate::tls::Tls;
use crate::websocket::Sockets;
use crate::write_timeout::WriteTimeout;

/// Connections at a time unless the configuration says otherwise; more wait to be accepted.
pub const MAX_CONNECTIONS: usize = 1024;

/// How long a client may take nothing of its answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a client may take for the handshake of TLS.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Requests at a time that wait for a project or a disk; more queue up.
const MAX_BLOCKING_THREADS: usize = 256;

/// Threads that read and write sockets.
const WORKER_THREADS: usize = 2;

/// Bytes that hyper buffers of one request's head: more than the longest one after its line is rewritten.
const HEAD_BUFFER_BYTES: usize = 256 * 1024;

/// How long answers in progress may take once the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait after a connection could not be accepted, so that a lack of file handles is no busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How connections are served.
#[derive(Debug, Clone)]
pub struct Serving {
    /// With TLS; without it in the clear.
    pub tls: Option<Tls>,
    /// Connections at a time; more wait to be accepted.
    pub connections: usize,
}

impl Default for Serving {
    fn default() -> Self {
        Self { tls: None, connections: MAX_CONNECTIONS }
    }
}

/// The interface at work, on threads of its own.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl HttpServer {
    /// Serves the connections of a listening socket, in the clear.
    ///
    /// # Errors
    /// When a thread cannot be started or the socket cannot be used.
    pub fn start(listener: std::net::TcpListener, state: Arc<AppState>) -> io::Result<Self> {
        Self::start_with(listener, state, Serving::default())
    }

    /// Serves the connections of a listening socket.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(
        listener: std::net::TcpListener,
        state: Arc<AppState>,
        serving: Serving,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .max_blocking_threads(MAX_BLOCKING_THREADS)
            .thread_name("http")
            .enable_all()
            .build()?;
        let listener = {
            let _context = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new().name("http".to_owned()).spawn(move || {
            runtime.block_on(serve(listener, state, serving, stopped));
            // Work that still waits for a project is left to itself.
            runtime.shutdown_background();
        })?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// Where the interface is found.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more connections, lets answers in progress end, and returns; within a bounded time.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            let _ended = thread.join();
        }
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.end();
    }
}

/// Serves connections until `stop` becomes true; then answers in progress are ended, within a bounded time.
pub async fn serve(
    listener: TcpListener,
    state: Arc<AppState>,
    serving: Serving,
    stop: watch::Receiver<bool>,
) {
    let (sockets, mut sockets_ended) = Sockets::new(stop.clone());
    let app = app(state).layer(Extension(sockets));
    let places = Arc::new(Semaphore::new(serving.connections));
    let mut connections = JoinSet::new();
    let mut stop_accepting = stop.clone();
    let accept = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((socket, _)) => {
                    let connection = Connection {
                        app: app.clone(),
                        places: Arc::clone(&places),
                        of: serving.connections,
                        stop: stop.clone(),
                    };
                    let tls = serving.tls.clone();
                    connections.spawn(async move {
                        connection.serve(socket, tls).await;
                        drop(place);
                    });
                    while connections.try_join_next().is_some() {}
                }
                Err(error) => {
                    messages::ACCEPT_FAILED.warn(format_args!("a connection could not be accepted: {error}"));
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = accept => {}
        () = stopped(&mut stop_accepting) => {}
    }
    drop(listener);
    drop(app);
    let all = async {
        while connections.join_next().await.is_some() {}
        // No socket is left when nobody holds the other end.
        let _none = sockets_ended.recv().await;
    };
    if tokio::time::timeout(STOP_TIMEOUT, all).await.is_err() {
        messages::CONNECTIONS_CUT
            .warn(format_args!("connections were cut that were busy for {} s", STOP_TIMEOUT.as_secs()));
    }
}

/// Waits for the stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that whoever could stop the server is gone, which stops it as well.
    let _stopped = stop.wait_for(|stop| *stop).await;
}

/// What one connection is served with.
struct Connection {
    app: Router,
    /// The places for connections, of so many in all.
    places: Arc<Semaphore>,
    of: usize,
    stop: watch::Receiver<bool>,
}

impl Connection {
    /// Serves the connection to its end.
    async fn serve(self, socket: TcpStream, tls: Option<Tls>) {
        // Answers are written whole; waiting for more of them only delays. A socket that refuses works all the same.
        let _no_delay = socket.set_nodelay(true);
        let socket = WriteTimeout::new(socket, WRITE_TIMEOUT);
        match tls {
            None => self.requests(socket).await,
            Some(tls) => {
                // A client that speaks no TLS is told so by TLS, and is no news.
                let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.acceptor().accept(socket)).await;
                if let Ok(Ok(socket)) = handshake {
                    self.requests(socket).await;
                }
            }
        }
    }

    async fn requests<S>(self, socket: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { app, places, of, mut stop } = self;
        let socket = RequestLineIo::new(socket);
        let activity = Activity::new();
        let resources = Resources {
            app: TowerToHyperService::new(app),
            switch: socket.switch(),
            activity: Arc::clone(&activity),
        };
        let connection = http1::Builder::new()
            .half_close(true)
            .max_buf_size(HEAD_BUFFER_BYTES)
            .max_headers(MAX_HEADERS + 1)
            .title_case_headers(true)
            .serve_connection(TokioIo::new(socket), resources)
            .with_upgrades();
        let mut connection = pin!(connection);
        let mut look = interval(LOOK);
        let idle = async {
            while !activity.is_over(&places, of) {
                look.tick().await;
            }
        };
        // A connection that ends in an error has nobody left to tell.
        tokio::select! {
            _ended = connection.as_mut() => return,
            () = stopped(&mut stop) => {}
            () = idle => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ended = connection.await;
    }
}

/// The resources for one connection: tells its [`UpgradeSwitch`] what became of requests for an upgrade, and its [`Activity`] how long
/// they take.
struct Resources {
    app: TowerToHyperService<Router>,
    switch: Arc<UpgradeSwitch>,
    activity: Arc<Activity>,
}

impl Service<Request<Incoming>> for Resources {
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Self::Error>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let asked = request.headers_mut().remove(UPGRADE_HEADER).is_some();
        let answer = self.app.call(request);
        let switch = Arc::clone(&self.switch);
        let busy = self.activity.begin();
        Box::pin(async move {
            let _busy = busy;
            let response = answer.await?;
            if asked {
                switch.decide(response.status() == StatusCode::SWITCHING_PROTOCOLS);
            }
            Ok(response)
        })
    }
}
