//! How we speak: messages and their proof. No storage, no server, no clock.
//!
//! | module | what lives there |
//! |---|---|
//! | [`xml`] | the XML security kernel: read, write, sign, verify, encrypt, decrypt |
//! | [`keys`] | certificates of others and private keys of ours |

pub mod keys;
pub mod xml;
