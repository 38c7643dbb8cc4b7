//! One request over one connection.

use std::fmt::Write as _;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::ClientError;
use crate::request::Outgoing;

/// What the server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers, one per line.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// Sends the request once; nothing is retried.
pub(crate) fn send(url: &str, outgoing: Outgoing) -> Result<Answer, ClientError> {
    let failed = |reason: String| ClientError::Connection { url: url.to_owned(), reason };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(|error| failed(error.to_string()))?;
    runtime.block_on(exchange(outgoing)).map_err(failed)
}

async fn exchange(outgoing: Outgoing) -> Result<Answer, String> {
    let stream = TcpStream::connect(&outgoing.address)
        .await
        .map_err(|error| format!("cannot connect to {}: {error}", outgoing.address))?;
    let Some(trust) = outgoing.tls else { return requested(stream, outgoing.request).await };
    let name = ServerName::try_from(outgoing.host).map_err(|error| error.to_string())?;
    let stream = trust.connector()?.connect(name, stream).await.map_err(|error| format!("TLS: {error}"))?;
    requested(stream, outgoing.request).await
}

async fn requested<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    // The connection's own error reaches us through the sender or the body.
    tokio::spawn(async move { drop(connection.await) });
    let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let mut head = format!("{:?} {}\n", response.version(), response.status());
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        writeln!(head, "{name}: {value}").map_err(|error| error.to_string())?;
    }
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map_err(|error| format!("answer broken off: {error}"))?;
    Ok(Answer { status, head, body: body.to_bytes().to_vec() })
}
