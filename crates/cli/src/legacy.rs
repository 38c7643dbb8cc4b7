//! The form of ESP 2.x, `-server HOST:PORT -file FILE`: one XML document to the command port, its answer on stdout (rest-api 9.1).

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use crate::ClientError;
use crate::request::read_file;

/// Longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: u64 = 1 << 30;

/// Sends the document and reads the answer.
pub(crate) fn send(server: &str, file: &str) -> Result<Vec<u8>, ClientError> {
    let document = read_file(file)?;
    let failed = |reason: String| ClientError::Connection { url: server.to_owned(), reason };
    let mut socket =
        TcpStream::connect(server).map_err(|error| failed(format!("cannot connect: {error}")))?;
    let mut exchange = || {
        socket.write_all(&document)?;
        socket.shutdown(Shutdown::Write)?;
        let mut answer = Vec::new();
        (&socket).take(MAX_ANSWER_BYTES).read_to_end(&mut answer)?;
        Ok(answer)
    };
    match exchange() {
        Ok(answer) if answer.is_empty() => Err(failed("closed without an answer".to_owned())),
        Ok(answer) => Ok(answer),
        Err::<_, std::io::Error>(error) => Err(failed(error.to_string())),
    }
}
