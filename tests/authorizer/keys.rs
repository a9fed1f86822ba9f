//! Keys, and tokens that are signed with them: by a library, or by hand where no library would.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

/// The three algorithms of an issuer.
pub(crate) const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

/// Base64 as tokens have it.
pub(crate) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The time, in epoch seconds.
pub(crate) fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a token says when it ends")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

/// Claims of a member, good for ten minutes.
pub(crate) fn claims_of(user: &str) -> Value {
    json!({"sub": user, "exp": now() + 600})
}

/// The same with others, or other values, besides.
pub(crate) fn with(mut claims: Value, others: Value) -> Value {
    let others = others.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(others);
    claims
}

/// A token that is signed with a secret, whatever stands in it.
pub(crate) fn by_hand(header: &str, claims: &[u8], secret: &[u8], hash: Hash) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = match hash {
        Hash::Sha256 => mac::<Hmac<Sha256>>(secret, &message),
        Hash::Sha384 => mac::<Hmac<Sha384>>(secret, &message),
        Hash::Sha512 => mac::<Hmac<Sha512>>(secret, &message),
    };
    format!("{message}.{}", encoded(signature))
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

fn mac<M: KeyInit + Mac>(secret: &[u8], message: &str) -> Vec<u8> {
    let mac = <M as KeyInit>::new_from_slice(secret).unwrap();
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

/// A pair of keys, of which an issuer publishes one.
pub(crate) struct Pair {
    pub(crate) algorithm: Algorithm,
    private: EncodingKey,
    /// The published half, without an id.
    pub(crate) jwk: Value,
    /// The same as bytes, as a forger would use it for a secret.
    pub(crate) public: Vec<u8>,
}

impl Pair {
    /// A new one. RSA keys take seconds to make, so there are two of those that are kept.
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::RS256 => Self::rsa(include_bytes!("keys/rsa.der")),
            Algorithm::ES256 => {
                let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
                let point = pair.der_bytes().to_vec();
                let [x, y] = [encoded(&point[1..33]), encoded(&point[33..])];
                let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
                Self::of(algorithm, EncodingKey::from_ec_der(pair.serialized_der()), jwk, point)
            }
            Algorithm::EdDSA => {
                let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
                let point = pair.der_bytes().to_vec();
                let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(&point)});
                Self::of(algorithm, EncodingKey::from_ed_der(pair.serialized_der()), jwk, point)
            }
            other => panic!("no keys for {other:?}"),
        }
    }

    /// An RSA key that is too short to be trusted.
    pub(crate) fn short() -> Self {
        Self::rsa(include_bytes!("keys/rsa_1024.der"))
    }

    fn rsa(der: &[u8]) -> Self {
        let private = EncodingKey::from_rsa_der(der);
        let jwk = json!(Jwk::from_encoding_key(&private, Algorithm::RS256).unwrap());
        let n = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
        let jwk = json!({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]});
        Self::of(Algorithm::RS256, private, jwk, n)
    }

    fn of(algorithm: Algorithm, private: EncodingKey, jwk: Value, public: Vec<u8>) -> Self {
        Self { algorithm, private, jwk, public }
    }

    /// As an issuer publishes it, under an id.
    pub(crate) fn published(&self, id: &str) -> Value {
        with(self.jwk.clone(), json!({"kid": id, "use": "sig", "alg": name(self.algorithm)}))
    }

    /// A token that names a key.
    pub(crate) fn sign(&self, key_id: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = key_id.map(str::to_owned);
        self.sign_with(&header, claims)
    }

    /// A token with any header.
    pub(crate) fn sign_with(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.private).unwrap()
    }
}

/// An algorithm's name, as headers and keys have it.
pub(crate) fn name(algorithm: Algorithm) -> String {
    format!("{algorithm:?}")
}
