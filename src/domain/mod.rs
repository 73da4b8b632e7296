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
//! | *user* | somebody whose rights and claims a municipality keeps here, because its IdP cannot send them |
//! | *person* | who the user is to the state and to other federations; told only where the attribute profile says so |
//! | *session* | a user's single sign-on at one municipality, in one browser |
//! | *participant* | a fagsystem that the user was logged in to within a session |
//! | *grant* | what one fagsystem may be told about a subject; cannot be made without an agreement |
//! | *job function role* | what a user does at an authority, in the authority's own words |
//! | *user system role* | a right in a fagsystem, in the fagsystem's own words |
//! | *mapping* | says that a job function role stands for a user system role, and how it is limited |
//! | *restriction* | a limit on a user system role, with values that the register fixes or the municipality sends |
//! | *scope* | the authority in whose matters a role holds |
//! | *delegation* | an authority says: users of that other authority may hold this role of ours |
//! | *trust run* | a login that lets nobody in: it tries an identity provider and ends in a report |
//! | *scenario* | what a trust run tries |
//! | *check*, *finding* | one thing that is looked at, and how it ended |
//! | *level* | how sure we are: NIST 1–4 or NSIS Low, Substantial, High |

pub mod assurance;
pub mod audit;
pub mod caller;
pub mod console;
pub mod faults;
pub mod federation;
pub mod group;
pub mod id;
pub mod login;
pub mod network;
pub mod person;
pub mod privilege;
pub mod reason;
pub mod robot;
pub mod role;
pub mod session;
pub mod source;
pub mod subject;
pub mod trust;
pub mod user;
pub mod validity;
pub mod world;
pub mod written;
