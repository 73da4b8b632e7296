//! What is true: the nouns and rules of the federation. Pure: no I/O, no XML, no clock, no async.
//!
//! | word | meaning |
//! |---|---|
//! | *authority* | a municipality, known by its CVR number |
//! | *identity provider* (IdP) | logs users in on behalf of one or more authorities |
//! | *fagsystem* (service provider, SP) | the system that the user wants to use |
//! | *federation agreement* | an authority says: this identity provider speaks for us |
//! | *service agreement* | an authority says: our users may use this fagsystem |
//! | *subject* | who is logged in, whatever protocol told us |
//! | *grant* | what one fagsystem may be told about a subject; cannot be made without an agreement |
//! | *level* | how sure we are: NIST 1–4 or NSIS Low, Substantial, High |

pub mod assurance;
pub mod audit;
pub mod federation;
pub mod id;
pub mod login;
pub mod network;
pub mod privilege;
pub mod reason;
pub mod robot;
pub mod subject;
pub mod world;
pub mod written;
