//! Passwords as hashes in a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use argon2::password_hash::PasswordHash;
use argon2::{Argon2, PasswordVerifier as _};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::AuthError;

/// Passwords that are being checked at a time: each check takes some 20 MB and 20 ms on purpose.
const CHECKS: usize = 2;

/// Logins that are remembered as good, so that only the first request of a client pays for the check.
const REMEMBERED: usize = 1024;

/// Users and the argon2 hashes of their passwords.
#[derive(Debug)]
pub struct Passwords {
    hashes: Arc<BTreeMap<String, String>>,
    /// Hashes of user and password that were accepted.
    accepted: Mutex<BTreeSet<[u8; 32]>>,
    checks: Semaphore,
}

impl Passwords {
    /// Reads a file with a line `user:$argon2id$v=19$...` per user. Empty lines and those that begin with `#` do not count.
    ///
    /// # Errors
    /// When it cannot be read, a line is of another form, or there is none.
    pub fn from_file(path: &Path) -> Result<Self, AuthError> {
        Self::parse(&std::fs::read_to_string(path)?)
    }

    fn parse(text: &str) -> Result<Self, AuthError> {
        let mut hashes = BTreeMap::new();
        for (line, entry) in text.lines().map(str::trim).enumerate() {
            if entry.is_empty() || entry.starts_with('#') {
                continue;
            }
            let wrong = |reason: String| AuthError::Line { line: line + 1, reason };
            let (user, hash) = entry.split_once(':').ok_or_else(|| wrong("expected user:hash".to_owned()))?;
            let parsed =
                PasswordHash::new(hash).map_err(|error| wrong(format!("no argon2 hash: {error}")))?;
            if !parsed.algorithm.as_str().starts_with("argon2") || parsed.hash.is_none() {
                return Err(wrong("no argon2 hash".to_owned()));
            }
            if hashes.insert(user.to_owned(), hash.to_owned()).is_some() {
                return Err(wrong(format!("the user '{user}' is there twice")));
            }
        }
        if hashes.is_empty() {
            return Err(AuthError::Empty);
        }
        Ok(Self { hashes: Arc::new(hashes), accepted: Mutex::default(), checks: Semaphore::new(CHECKS) })
    }

    /// Whether this is the user's password.
    pub(super) async fn accept(&self, user: &str, password: &str) -> bool {
        let shown = fingerprint(user, password);
        if self.accepted.lock().contains(&shown) {
            return true;
        }
        let Ok(_place) = self.checks.acquire().await else { return false };
        let hashes = Arc::clone(&self.hashes);
        let (user, password) = (user.to_owned(), password.to_owned());
        let check = tokio::task::spawn_blocking(move || verify(&hashes, &user, &password));
        let accepted = check.await.unwrap_or(false);
        if accepted {
            let mut remembered = self.accepted.lock();
            if remembered.len() == REMEMBERED {
                remembered.clear();
            }
            remembered.insert(shown);
        }
        accepted
    }
}

/// An unknown user takes as long as a wrong password, so that the time tells nothing about who there is.
fn verify(hashes: &BTreeMap<String, String>, user: &str, password: &str) -> bool {
    let known = hashes.get(user);
    let Some(hash) = known.or_else(|| hashes.values().next()) else { return false };
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    let right = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
    right && known.is_some()
}

fn fingerprint(user: &str, password: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(user.len() as u64).to_le_bytes());
    hasher.update(user.as_bytes());
    hasher.update(password.as_bytes());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the password `sesame`, by argon2-cffi, which wraps the reference implementation.
    const SESAME: &str =
        "$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzYWx0$pW/+ouLFlZEMilPx4L9dJ9yyXBtK5UtK7C8yXwwTlOU";

    fn accepts(passwords: &Passwords, user: &str, password: &str) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(passwords.accept(user, password))
    }

    #[test]
    fn only_the_right_password_of_the_user_is_accepted() {
        let passwords = Passwords::parse(&format!("# users\n\nali:{SESAME}\n")).unwrap();
        assert!(!accepts(&passwords, "ali", "Sesame"));
        assert!(accepts(&passwords, "ali", "sesame"));
        assert!(accepts(&passwords, "ali", "sesame"), "remembered");
        assert!(!accepts(&passwords, "al", "isesame"));
        assert!(!accepts(&passwords, "bob", "sesame"));
    }

    #[test]
    fn files_that_are_wrong() {
        let error = |text: &str| Passwords::parse(text).unwrap_err().to_string();
        assert_eq!(error("# nobody\n"), "it holds no entry");
        assert_eq!(error("ali\n"), "line 1: expected user:hash");
        assert!(error("\nali:sesame\n").starts_with("line 2: no argon2 hash"));
        assert_eq!(error(&format!("ali:{SESAME}\nali:{SESAME}")), "line 2: the user 'ali' is there twice");
    }
}
