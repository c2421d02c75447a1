//! Whom we trust: Mozilla's roots, built in, and those that were added.
//!
//! The platform's verifier is not used: it fails to build where there is no certificate store, as in the
//! `FROM scratch` images of the programs.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use secrecy::ExposeSecret as _;

use crate::{ClientCertificate, Error, Hosts, Result, Settings};

/// The TLS configuration for these settings, with the certificate that we show when asked for one.
pub(crate) fn config(settings: &Settings, own: Option<(&str, &ClientCertificate)>) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier {
        strict: verifier(&settings.extra_roots, &provider)?,
        by_host: verifiers_of_hosts(settings, &provider)?,
        lenient: settings.skip_tls_verify.clone(),
        provider: Arc::clone(&provider),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring implements the default protocol versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some((host, certificate)) => {
            let wrong = |problem: String| Error::ClientCertificate { host: host.into(), problem };
            let (chain, key) = pair(certificate).map_err(wrong)?;
            builder.with_client_auth_cert(chain, key).map_err(|error| wrong(error.to_string()))?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn verifier(extra: &[Vec<u8>], provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>> {
    let roots = Arc::new(roots(extra)?);
    Ok(WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
        .build()
        .expect("the built-in roots are never empty and no revocation list is given"))
}

/// For hosts with roots of their own: these besides the common ones.
fn verifiers_of_hosts(
    settings: &Settings,
    provider: &Arc<CryptoProvider>,
) -> Result<HashMap<String, Arc<WebPkiServerVerifier>>> {
    let of_host = |(host, own): (&String, &Vec<Vec<u8>>)| {
        let all: Vec<_> = settings.extra_roots.iter().chain(own).cloned().collect();
        Ok((host_name(host).to_ascii_lowercase(), verifier(&all, provider)?))
    };
    settings.host_roots.iter().map(of_host).collect()
}

fn pair(own: &ClientCertificate) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let chain = CertificateDer::pem_slice_iter(&own.chain).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| error.to_string())?;
    if chain.is_empty() {
        return Err("no certificate found".into());
    }
    let key = PrivateKeyDer::from_pem_slice(own.key.expose_secret().as_bytes());
    Ok((chain, key.map_err(|error| format!("the key: {error}"))?))
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

/// The roots for a host as PEM.
pub(crate) fn pem(settings: &Settings, host: &str) -> Vec<u8> {
    let mut text = Vec::new();
    for certificate in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        text.extend_from_slice(b"-----BEGIN CERTIFICATE-----\n");
        for line in STANDARD.encode(certificate).as_bytes().chunks(64) {
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        text.extend_from_slice(b"-----END CERTIFICATE-----\n");
    }
    let own = settings.host_roots.iter().filter(|(known, _)| host_name(known).eq_ignore_ascii_case(host));
    for pem in settings.extra_roots.iter().chain(own.flat_map(|(_, roots)| roots)) {
        text.extend_from_slice(pem);
        text.push(b'\n');
    }
    text
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
    by_host: HashMap<String, Arc<WebPkiServerVerifier>>,
    lenient: Hosts,
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
        let host = server_name.to_str().to_ascii_lowercase();
        if self.lenient.has_host(&host) {
            return Ok(ServerCertVerified::assertion());
        }
        let verifier = self.by_host.get(&host).unwrap_or(&self.strict);
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
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
    use crate::{ClientCertificate, Error, Settings};

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
        assert!(config(&Settings::default(), None).is_ok());
        for pem in [&b"nonsense"[..], b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            let settings = Settings { extra_roots: vec![pem.to_vec()], ..Settings::default() };
            assert!(matches!(config(&settings, None), Err(Error::Roots { number: 1, .. })));
        }
    }

    #[test]
    fn a_certificate_of_ours_needs_its_key() {
        let own = |chain: &[u8]| ClientCertificate { chain: chain.to_vec(), key: "no key".into() };
        for chain in [&b""[..], b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let error = config(&Settings::default(), Some(("r.example", &own(chain)))).unwrap_err();
            assert!(
                matches!(&error, Error::ClientCertificate { host, .. } if host == "r.example"),
                "{error}"
            );
        }
    }
}
