//! Who issued a certificate: the chain up to a root that the operator configured. The roots of the operating system are
//! never asked; without a configured root no certificate has a chain.

use jiff::{SignedDuration, Timestamp};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::stack::{Stack, StackRef};
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509StoreContext, X509StoreContextRef, X509VerifyResult};

use super::Certificate;
use super::certificate::name_of;
use crate::domain::reason::{Fault, Reason};

/// 112 bits: no SHA-1, and no RSA key below 2048 bits, anywhere in a chain.
const STRENGTH: i32 = 2;

/// The roots of the certificates that the federation takes, with the authorities that they certify.
#[derive(Clone, Default)]
pub struct Roots {
    roots: Vec<X509>,
    authorities: Vec<X509>,
}

impl Roots {
    /// Reads certificates one after another: those that issued themselves are roots, the others issue between them and the
    /// parties.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Fault> {
        let refused = |what: &'static str| Fault::new(Reason::CertChain, what);
        let all = X509::stack_from_pem(pem).map_err(|_| refused("expected certificates in PEM"))?;
        let (roots, authorities): (Vec<X509>, Vec<X509>) =
            all.into_iter().partition(|one| one.issued(one) == X509VerifyResult::OK);
        match roots.is_empty() {
            true => Err(refused("expected a root, that is, a certificate that issued itself")),
            false => Ok(Self { roots, authorities }),
        }
    }

    /// Adds what stands in another file.
    pub fn extend(&mut self, more: Self) {
        self.roots.extend(more.roots);
        self.authorities.extend(more.authorities);
    }

    /// The roots alone, in DER form.
    pub fn in_der(&self) -> Result<Vec<Vec<u8>>, Fault> {
        let der = self.roots.iter().map(|root| root.to_der());
        der.collect::<Result<_, _>>()
            .map_err(|_| Fault::new(Reason::CertChain, "expected a root that can be written"))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// The chain of a certificate. Whether the certificate itself is still valid is judged elsewhere: one that has ended
    /// is looked at as it stood in its last moment.
    pub fn chain(&self, certificate: &Certificate, now: Timestamp) -> Result<Chain, Fault> {
        let last = certificate.not_after() - SignedDuration::from_secs(1);
        let at = now.min(last).max(certificate.not_before());
        self.proved(certificate, at).map_err(|_| Fault::new(Reason::CertChain, "it cannot be looked at"))?
    }

    fn proved(&self, certificate: &Certificate, at: Timestamp) -> Result<Result<Chain, Fault>, ErrorStack> {
        let (leaf, store, others) = (certificate.x509()?, self.store(at)?, self.others()?);
        X509StoreContext::new()?.init(&store, &leaf, &others, |context| {
            if context.verify_cert()? {
                let chain = context.chain().map(|all| all.iter().map(|one| one.to_owned()).collect());
                return Ok(Ok(Chain(chain.unwrap_or_default())));
            }
            Ok(Err(Fault::new(Reason::CertChain, told(context))))
        })
    }

    pub(super) fn store(&self, at: Timestamp) -> Result<X509Store, ErrorStack> {
        let mut store = X509StoreBuilder::new()?;
        self.roots.iter().try_for_each(|root| store.add_cert(root.clone()))?;
        let mut terms = X509VerifyParam::new()?;
        terms.set_time(at.as_second());
        terms.set_auth_level(STRENGTH);
        store.set_param(&terms)?;
        Ok(store.build())
    }

    fn others(&self) -> Result<Stack<X509>, ErrorStack> {
        stack(&self.authorities)
    }
}

impl std::fmt::Debug for Roots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Roots({} with {} authorities)", self.roots.len(), self.authorities.len())
    }
}

/// A certificate and everybody above it, up to a root.
#[derive(Clone, Debug)]
pub struct Chain(Vec<X509>);

impl Chain {
    /// The issuers, the root last, each as `CN=…, O=…`.
    pub fn issuers(&self) -> Vec<String> {
        self.0.iter().skip(1).map(|one| name_of(one.subject_name())).collect()
    }

    /// How the certificate is signed: `RSASSA-PSS`, `sha256WithRSAEncryption`.
    pub fn signed_with(&self) -> String {
        let algorithm = self.0.first().map(|leaf| leaf.signature_algorithm().object().nid());
        match algorithm {
            Some(Nid::RSASSAPSS) => "RSASSA-PSS".to_owned(),
            algorithm => algorithm.and_then(|nid| nid.long_name().ok()).unwrap_or("?").to_owned(),
        }
    }

    /// Each certificate with its issuer, the party's own first.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&X509, &X509)> {
        self.0.iter().zip(self.0.iter().skip(1))
    }
}

pub(super) fn stack(certificates: &[X509]) -> Result<Stack<X509>, ErrorStack> {
    let mut stack = Stack::new()?;
    certificates.iter().try_for_each(|one| stack.push(one.clone()))?;
    Ok(stack)
}

/// Why there is no chain, and at whom it ends.
fn told(context: &X509StoreContextRef) -> String {
    let at = context.current_cert().map_or(String::new(), |at| name_of(at.issuer_name()));
    let chain: Option<&StackRef<X509>> = context.chain();
    let length = chain.map_or(0, StackRef::len);
    format!("{}, after {length} certificates, issued by {at}", context.error().error_string())
}
