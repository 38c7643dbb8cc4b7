//! The XML command port of ESP 2.x, `dfesp_xml_server -server PORT` (rest-api 9.1).
//!
//! A client sends one XML document and half-closes its connection; the server answers one and closes. A document with the
//! root `engine` or `project` is a model to load; the other commands are carried out as the requests that took their place in
//! later releases, so both say and do the same.

mod command;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use bytes::BytesMut;
use http_body_util::BodyExt;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tidegate_api::{ErrorBody, Message, Response};
use tidegate_host::LoadOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::answer::Refused;
use crate::app::app;
use crate::blocking::blocking;
use crate::body::EVENTS_BYTES;
use crate::state::AppState;

use command::Command;

/// Connections at a time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 64;

/// How long the next piece of a document may take.
const PIECE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long commands in progress may take once the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The port at work, on a thread of its own.
#[derive(Debug)]
pub struct CommandPort {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl CommandPort {
    /// Serves the connections of a listening socket.
    ///
    /// # Errors
    /// When a thread cannot be started or the socket cannot be used.
    pub fn start(listener: TcpListener, state: Arc<AppState>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new().name("commands".to_owned()).spawn(move || {
            runtime.block_on(serve(listener, state, stopped));
            // Work that still waits for a project is left to itself.
            runtime.shutdown_background();
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for CommandPort {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            let _ended = thread.join();
        }
    }
}

async fn serve(listener: tokio::net::TcpListener, state: Arc<AppState>, mut stop: watch::Receiver<bool>) {
    let app = app(Arc::clone(&state));
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let accept = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok((socket, _)) = listener.accept().await else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let (state, app) = (Arc::clone(&state), app.clone());
            connections.spawn(async move {
                // A client that is gone has nobody left to tell.
                let _gone = connection(socket, &state, app).await;
                drop(place);
            });
            while connections.try_join_next().is_some() {}
        }
    };
    tokio::select! {
        () = accept => {}
        _stopped = stop.wait_for(|stop| *stop) => {}
    }
    let all = async { while connections.join_next().await.is_some() {} };
    // Those that take longer are cut.
    let _ended = timeout(STOP_TIMEOUT, all).await;
}

async fn connection(mut socket: TcpStream, state: &Arc<AppState>, app: Router) -> io::Result<()> {
    let answer = match document(&mut socket).await? {
        Ok(text) => carry_out(text, state, app).await.unwrap_or_else(|Refused(error)| error.to_xml()),
        Err(Refused(error)) => error.to_xml(),
    };
    socket.write_all(answer.as_bytes()).await?;
    socket.shutdown().await
}

/// The document of a client, up to the end that it gives its side of the connection.
async fn document(socket: &mut TcpStream) -> io::Result<Result<String, Refused>> {
    let mut bytes = BytesMut::new();
    loop {
        match timeout(PIECE_TIMEOUT, socket.read_buf(&mut bytes)).await {
            Ok(Ok(0)) => break,
            Ok(Ok(_)) if bytes.len() > EVENTS_BYTES => {
                let message = format!("the document is longer than {EVENTS_BYTES} bytes");
                return Ok(Err(ErrorBody::new(413, message).into()));
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => return Ok(Err(ErrorBody::new(408, "the document did not arrive in time").into())),
        }
    }
    let text = String::from_utf8(bytes.into());
    Ok(text.map_err(|_| ErrorBody::new(400, "the document is not UTF-8").into()))
}

async fn carry_out(text: String, state: &Arc<AppState>, app: Router) -> Result<String, Refused> {
    match command::read(&text)? {
        Command::Load => load(text, state).await,
        Command::Request { method, target, body } => Ok(request(app, method, &target, body).await?.1),
        Command::Restore { project, target } => {
            // In 2.x a project is restored after it was started; later ones want it stopped.
            let (_, running) = command::states(&project);
            let was_running = state.host.project(&project)?.state() == tidegate_host::ProjectState::Running;
            if was_running {
                let (stopped, answer) =
                    request(app.clone(), "PUT", &command::stop(&project), String::new()).await?;
                if !stopped {
                    return Ok(answer);
                }
            }
            let (_, answer) = request(app.clone(), "PUT", &target, String::new()).await?;
            if was_running {
                let (started, failure) = request(app, "PUT", &running, String::new()).await?;
                if !started {
                    return Ok(failure);
                }
            }
            Ok(answer)
        }
    }
}

/// Loads every project of a model; they are started by a command of their own.
async fn load(text: String, state: &Arc<AppState>) -> Result<String, Refused> {
    let state = Arc::clone(state);
    blocking(move || {
        let options = LoadOptions { start: false, ..LoadOptions::default() };
        let loaded = state.host.load_all(&text, &options)?;
        Ok(loaded.iter().map(|project| Message::project_loaded(project.name()).to_xml()).collect())
    })
    .await
}

/// Whether a request went well, and the body of its answer.
async fn request(
    app: Router,
    method: &'static str,
    target: &str,
    body: String,
) -> Result<(bool, String), Refused> {
    let failed = |why: String| Refused(ErrorBody::new(500, "internal error").detail(why));
    let request = Request::builder().method(method).uri(target).header("content-type", "text/xml");
    let request = request.body(Body::from(body)).map_err(|error| failed(error.to_string()))?;
    let response = match TowerToHyperService::new(app).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let went_well = response.status().is_success();
    let body = response.into_body().collect().await.map_err(|error| failed(error.to_string()))?;
    Ok((went_well, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
}
