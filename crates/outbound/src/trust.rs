use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Which certificate authorities are believed.
#[derive(Clone, Debug)]
pub struct Trust(Arc<ClientConfig>);

/// A file of certificate authorities that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBundle {
    /// There is no certificate in it that can be believed.
    #[error("holds no certificate of an authority in PEM")]
    Empty,
    /// One of its parts, counted from 1, is no PEM.
    #[error("cannot be read as PEM (part {0})")]
    Unreadable(usize),
}

impl Default for Trust {
    /// Those that Mozilla believes, Amazon's and Stripe's among them. They are constants of this
    /// program: no file is read, and no certificate parsed.
    fn default() -> Self {
        Self::in_roots(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
    }
}

impl Trust {
    /// Those in a bundle of PEM, and no others. Of a system's bundle, certificates that TLS cannot
    /// use any more are left out.
    pub fn in_bundle(pem: &[u8]) -> Result<Self, BadBundle> {
        let mut roots = RootCertStore::empty();
        for (index, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let certificate = certificate.map_err(|_| BadBundle::Unreadable(index + 1))?;
            roots.add_parsable_certificates([certificate]);
        }
        if roots.is_empty() { Err(BadBundle::Empty) } else { Ok(Self::in_roots(roots)) }
    }

    /// TLS by ring.
    #[expect(clippy::expect_used, reason = "ring speaks the default versions; a test builds this")]
    fn in_roots(roots: RootCertStore) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring speaks the default versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self(Arc::new(config))
    }

    pub(crate) fn tls(&self) -> ClientConfig {
        ClientConfig::clone(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mozillas_authorities_include_those_of_aws_and_stripe() {
        let _built = Trust::default();
        for name in [
            "Amazon Root CA 1",
            "Amazon Root CA 2",
            "Amazon Root CA 3",
            "Amazon Root CA 4",
            "Starfield Services Root Certificate Authority - G2",
            "DigiCert Global Root G2",
        ] {
            let is_its =
                |subject: &[u8]| subject.windows(name.len()).any(|part| part == name.as_bytes());
            let anchors = webpki_roots::TLS_SERVER_ROOTS;
            assert!(anchors.iter().any(|anchor| is_its(&anchor.subject)), "{name}");
        }
    }

    #[test]
    fn a_bundle_is_read_or_said_to_be_none() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let pem = made.cert.pem();
        assert!(Trust::in_bundle(format!("# mine\n{pem}{pem}").as_bytes()).is_ok());
        assert_eq!(Trust::in_bundle(b"").unwrap_err(), BadBundle::Empty);
        assert_eq!(Trust::in_bundle(b"no certificate").unwrap_err(), BadBundle::Empty);
        let odd = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(Trust::in_bundle(odd.as_bytes()).unwrap_err(), BadBundle::Empty);
        assert!(Trust::in_bundle(format!("{odd}{pem}").as_bytes()).is_ok());
        let broken = format!("{pem}-----BEGIN CERTIFICATE-----\n{{}}\n-----END CERTIFICATE-----\n");
        assert_eq!(Trust::in_bundle(broken.as_bytes()).unwrap_err(), BadBundle::Unreadable(2));
    }
}
