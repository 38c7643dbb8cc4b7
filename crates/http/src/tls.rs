//! TLS on the port of the interface (failover-and-server 4.10).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is no PEM file with what it is to hold.
    #[error("'{path}' holds no {what} in PEM form: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// Certificate or private key.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Certificate and key do not go together, or cannot be used.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// A certificate and its key, ready for use. Clients need no certificate.
#[derive(Debug, Clone)]
pub struct Tls(Arc<ServerConfig>);

impl Tls {
    /// Reads a certificate, with those that vouch for it behind it, and its private key.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let error =
            |path: &Path, what, reason: String| TlsError::File { path: path.to_owned(), what, reason };
        let certificates = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|cause| error(certificate, "certificate", cause.to_string()))?;
        if certificates.is_empty() {
            return Err(error(certificate, "certificate", "there is none".to_owned()));
        }
        let private = PrivateKeyDer::from_pem_file(key)
            .map_err(|cause| error(key, "private key", cause.to_string()))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, private)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0))
    }
}
