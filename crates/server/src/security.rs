//! From the security settings to what the HTTP interface works with.

use tidegate_http::{AuthError, Authentication, FileAccess, Passwords, SignedTokens, Tls, Tokens};

use crate::config::Security;

/// What guards the interface, read from its files.
pub(crate) struct Guards {
    pub(crate) authentication: Option<Authentication>,
    pub(crate) tls: Option<Tls>,
    pub(crate) files: FileAccess,
}

/// Reads the files that the settings name; the errors say what is wrong with them.
pub(crate) fn guards(security: &Security) -> Result<Guards, Vec<String>> {
    let mut errors = Vec::new();
    let mut of_file = |path: &std::path::Path, error: AuthError| {
        errors.push(format!("'{}': {error}", path.display()));
    };
    let passwords = security
        .passwords
        .as_deref()
        .and_then(|path| Passwords::from_file(path).map_err(|error| of_file(path, error)).ok());
    let tokens = security
        .tokens
        .as_deref()
        .and_then(|path| Tokens::from_file(path).map_err(|error| of_file(path, error)).ok());
    let signed = security.signed.as_ref().and_then(|(path, issuer, audience)| {
        SignedTokens::from_file(path, issuer.clone(), audience.clone())
            .map_err(|error| of_file(path, error))
            .ok()
    });
    let tls = security.tls.as_ref().and_then(|(certificate, key)| {
        Tls::from_files(certificate, key).map_err(|error| errors.push(error.to_string())).ok()
    });
    let files = match security.directories.as_slice() {
        [] => FileAccess::anywhere(),
        directories => FileAccess::below(directories).unwrap_or_else(|(path, error)| {
            errors.push(format!("security.files.directories: '{}': {error}", path.display()));
            FileAccess::default()
        }),
    };
    if !errors.is_empty() {
        return Err(errors);
    }
    let open_paths = security.open_paths.clone();
    let authentication =
        security.authenticates().then_some(Authentication { passwords, tokens, signed, open_paths });
    Ok(Guards { authentication, tls, files })
}
