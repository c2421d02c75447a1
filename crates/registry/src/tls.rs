//! Whom we trust: Mozilla's roots, built in, and those that were added.
//!
//! The platform's verifier is not used: it fails to build where there is no certificate store, as in the
//! `FROM scratch` images of the programs.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::{Error, Result, Settings};

/// The TLS configuration for these settings.
pub(crate) fn config(settings: &Settings) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let roots = Arc::new(roots(&settings.extra_roots)?);
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
        .build()
        .expect("the built-in roots are never empty and no revocation list is given");
    let lenient = settings.skip_tls_verify.iter().map(|entry| host_name(entry).to_ascii_lowercase());
    let verifier = Verifier { strict: verifier, lenient: lenient.collect(), provider: Arc::clone(&provider) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring implements the default protocol versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(extra: &[Vec<u8>]) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    for (number, pem) in (1..).zip(extra) {
        let wrong = |problem: String| Error::Roots { number, problem };
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let certificates = certificates.map_err(|error| wrong(error.to_string()))?;
        // Bundles of systems may hold a few that are too old or too new; one that is of no use is an error.
        let (usable, _) = store.add_parsable_certificates(certificates);
        if usable == 0 {
            return Err(wrong("no usable certificate found".into()));
        }
    }
    Ok(store)
}

/// The host without its port and brackets.
pub(crate) fn host_name(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

/// Strict, save for the hosts that the user named.
#[derive(Debug)]
struct Verifier {
    strict: Arc<WebPkiServerVerifier>,
    lenient: Vec<String>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.lenient.contains(&server_name.to_str().to_ascii_lowercase()) {
            return Ok(ServerCertVerified::assertion());
        }
        self.strict.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    // The handshake's signature is always checked: it costs nothing and needs no trust.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.strict.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.strict.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::{config, host_name};
    use crate::{Error, Settings};

    #[test]
    fn hosts() {
        for (authority, expected) in
            [("a.b", "a.b"), ("a.b:5000", "a.b"), ("[::1]:5", "::1"), ("[::1]", "::1")]
        {
            assert_eq!(host_name(authority), expected);
        }
    }

    #[test]
    fn extra_roots_must_be_certificates() {
        assert!(config(&Settings::default()).is_ok());
        for pem in [&b"nonsense"[..], b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            let settings = Settings { extra_roots: vec![pem.to_vec()], ..Settings::default() };
            assert!(matches!(config(&settings), Err(Error::Roots { number: 1, .. })));
        }
    }
}
