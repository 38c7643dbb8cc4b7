//! Signed tokens (JWT, RFC 7519) by the public keys of a JWKS file (RFC 7517).

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

use super::AuthError;

/// How far clocks may be apart, in seconds.
const LEEWAY_S: f64 = 60.0;

/// Longest token that is looked at, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// Who signs tokens that are accepted, and what they must say. A token needs a time at which it ends.
#[derive(Debug)]
pub struct SignedTokens {
    keys: Vec<Key>,
    issuer: Option<String>,
    audience: Option<String>,
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    algorithm: Option<String>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl SignedTokens {
    /// Reads a JWKS file. Keys of kinds that are not known are passed over. With `issuer` and `audience` tokens must be from the
    /// one and for the other.
    ///
    /// # Errors
    /// When it cannot be read, is no JWKS, or holds no key that can be used.
    pub fn from_file(
        path: &Path,
        issuer: Option<String>,
        audience: Option<String>,
    ) -> Result<Self, AuthError> {
        Self::parse(&std::fs::read_to_string(path)?, issuer, audience)
    }

    fn parse(text: &str, issuer: Option<String>, audience: Option<String>) -> Result<Self, AuthError> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| AuthError::Jwks(format!("no JSON: {error}")))?;
        let list = value.get("keys").and_then(Value::as_array);
        let list = list.ok_or_else(|| AuthError::Jwks("it has no list 'keys'".to_owned()))?;
        let keys: Vec<Key> = list.iter().filter_map(Key::read).collect();
        if keys.is_empty() { Err(AuthError::Empty) } else { Ok(Self { keys, issuer, audience }) }
    }

    /// Whether the token is signed by one of the keys and holds at `now`, in seconds since 1970.
    pub(super) fn accept(&self, token: &str, now: f64) -> bool {
        self.verified(token).is_some_and(|claims| self.holds(&claims, now))
    }

    /// The claims of a token whose signature is right.
    fn verified(&self, token: &str) -> Option<Value> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let header = json(header)?;
        let algorithm = header.get("alg")?.as_str()?;
        // Extensions that must be understood: there are none that we do.
        if header.get("crit").is_some() {
            return None;
        }
        let id = header.get("kid").and_then(Value::as_str);
        let fits = |key: &&Key| {
            (id.is_none() || key.id.is_none() || key.id.as_deref() == id)
                && key.algorithm.as_deref().is_none_or(|known| known == algorithm)
        };
        let mut keys = self.keys.iter().filter(fits);
        keys.any(|key| key.verifies(algorithm, signed.as_bytes(), &signature)).then_some(())?;
        json(claims)
    }

    fn holds(&self, claims: &Value, now: f64) -> bool {
        let time = |name: &str| claims.get(name).map(Value::as_f64);
        let in_time = time("exp").flatten().is_some_and(|end| now < end + LEEWAY_S)
            && time("nbf").is_none_or(|begin| begin.is_some_and(|begin| now > begin - LEEWAY_S));
        let issuer = claims.get("iss").and_then(Value::as_str);
        let is_from = self.issuer.as_deref().is_none_or(|wanted| issuer == Some(wanted));
        let is_for = self.audience.as_deref().is_none_or(|wanted| match claims.get("aud") {
            Some(Value::String(one)) => one == wanted,
            Some(Value::Array(many)) => many.iter().any(|one| one == wanted),
            _ => false,
        });
        in_time && is_from && is_for
    }
}

impl Key {
    /// A key of a kind that is known, unless it is for encryption.
    fn read(key: &Value) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        if text("use").is_some_and(|used| used != "sig") {
            return None;
        }
        let point = |length: usize| {
            let (x, y) = (bytes("x")?, bytes("y")?);
            (x.len() == length && y.len() == length).then(|| [&[4], x.as_slice(), &y].concat())
        };
        let kind = match (text("kty")?, text("crv")) {
            ("RSA", _) => Kind::Rsa { n: bytes("n")?, e: bytes("e")? },
            ("EC", Some("P-256")) => Kind::P256(point(32)?),
            ("EC", Some("P-384")) => Kind::P384(point(48)?),
            ("OKP", Some("Ed25519")) => Kind::Ed25519(bytes("x")?),
            _ => return None,
        };
        Some(Self { id: text("kid").map(str::to_owned), algorithm: text("alg").map(str::to_owned), kind })
    }

    /// The algorithm must be one for this kind of key: what a token names must not choose how its key is read.
    fn verifies(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        match (&self.kind, algorithm) {
            (Kind::Rsa { n, e }, _) => {
                let parameters = match algorithm {
                    "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                    "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
                    "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
                    "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
                    "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
                    "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
                    _ => return false,
                };
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
            }
            (Kind::P256(point), "ES256") => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
                    .is_ok()
            }
            (Kind::P384(point), "ES384") => {
                UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point)
                    .verify(message, signature)
                    .is_ok()
            }
            (Kind::Ed25519(key), "EdDSA") => {
                UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys and tokens made by PyJWT 2. The tokens hold from 1000000000 to 2000000000 (one to the end of 9999), are from `https://id.example` and for `esp`.
    const MADE: &str = include_str!("tests.json");
    const NOW: f64 = 1_500_000_000.0;

    fn made() -> (String, Value) {
        let made: Value = serde_json::from_str(MADE).unwrap();
        (made["jwks"].to_string(), made["tokens"].clone())
    }

    fn accepts(token: &str, now: f64) -> bool {
        accepts_for(token, now, Some("https://id.example"), Some("esp"))
    }

    fn accepts_for(token: &str, now: f64, issuer: Option<&str>, audience: Option<&str>) -> bool {
        let keys =
            SignedTokens::parse(&made().0, issuer.map(str::to_owned), audience.map(str::to_owned)).unwrap();
        keys.accept(token, now)
    }

    #[test]
    fn every_algorithm_of_the_keys() {
        let (_, tokens) = made();
        for name in ["rs256", "rs512", "ps256", "es256", "eddsa", "audtext", "year9999"] {
            assert!(accepts(tokens[name].as_str().unwrap(), NOW), "{name}");
        }
    }

    #[test]
    fn tokens_that_nobody_signed() {
        let (_, tokens) = made();
        for name in ["noexp", "wrongkey", "hs256", "none"] {
            assert!(!accepts(tokens[name].as_str().unwrap(), NOW), "{name}");
        }
        let token = tokens["rs256"].as_str().unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let others = [
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}", parts[0], parts[1]),
            format!(
                "{}.{}.{}",
                parts[0],
                tokens["noexp"].as_str().unwrap().split('.').nth(1).unwrap(),
                parts[2]
            ),
            String::new(),
            "...".to_owned(),
            "a".repeat(MAX_BYTES + 1),
        ];
        for other in others {
            assert!(!accepts(&other, NOW), "{other}");
        }
    }

    #[test]
    fn time_issuer_and_audience() {
        let (_, tokens) = made();
        let token = tokens["es256"].as_str().unwrap();
        for (now, expected) in
            [(999_999_939.0, false), (999_999_941.0, true), (2_000_000_059.0, true), (2_000_000_061.0, false)]
        {
            assert_eq!(accepts(token, now), expected, "{now}");
        }
        assert!(accepts_for(token, NOW, None, None) && accepts_for(token, NOW, None, Some("other")));
        assert!(!accepts_for(token, NOW, Some("https://id"), None));
        assert!(!accepts_for(token, NOW, None, Some("es")));
    }

    #[test]
    fn files_that_hold_no_keys() {
        let error = |text: &str| SignedTokens::parse(text, None, None).unwrap_err().to_string();
        assert!(error("keys").starts_with("no JSON: "));
        assert_eq!(error("{}"), "it has no list 'keys'");
        assert_eq!(
            error(r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#),
            "it holds no entry"
        );
    }

    proptest::proptest! {
        /// Whatever is shown, no panic, and nobody is let in.
        #[test]
        fn any_token(token in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,3}|\\PC{0,40}") {
            proptest::prop_assert!(!accepts_for(&token, NOW, None, None));
        }
    }
}
