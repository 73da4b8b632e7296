//! Trust by the API: a municipality's system orders runs, reads their reports, and asks how far its municipality has come.
//! It sees its own municipality's matters and nobody else's.

use super::super::Broker;
use super::super::users::{Caller, Denied};
use super::Order;
use super::klik::Known;
use crate::domain::id::{Cvr, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::seal::Ticket;
use crate::store::TrustRun;

impl Broker {
    /// How far the caller's municipality has come.
    pub async fn known_by(&self, caller: &Caller) -> Result<Known, Denied> {
        let known = self.known(Some(caller.authority())).await;
        self.conclude_call(caller, known, Reason::ConsoleViewed, "progress".to_owned()).await
    }

    /// The youngest runs of the caller's municipality.
    pub async fn runs_by(&self, caller: &Caller, limit: u32) -> Result<Vec<TrustRun>, Denied> {
        let runs = self.runs_of(caller.authority(), limit).await;
        self.conclude_call(caller, runs, Reason::ConsoleViewed, "the list of runs".to_owned()).await
    }

    /// A run of the caller's municipality. That of another one is as unknown as one that never was.
    pub async fn run_by(&self, caller: &Caller, id: LoginId) -> Result<TrustRun, Denied> {
        let run = self.run_of(caller.authority(), id).await;
        self.conclude_call(caller, run, Reason::ConsoleViewed, format!("run {id}")).await
    }

    /// Takes an order of a run for the caller's municipality.
    pub async fn order_by(&self, caller: &Caller, order: Order) -> Result<Ticket, Denied> {
        let record = caller.record().clone();
        let order = Order { authority: caller.authority(), ..order };
        match self.take_order(record.clone(), order).await {
            Ok(ticket) => Ok(ticket),
            Err(fault) => Err(self.deny(record, fault, Vec::new()).await),
        }
    }

    pub(in crate::broker) async fn run_of(&self, authority: Cvr, id: LoginId) -> Result<TrustRun, Fault> {
        let run = self.store.run(id, self.clock.now()).await?;
        run.filter(|run| run.authority == authority)
            .ok_or_else(|| Fault::new(Reason::TrustUnknown, "no trust run of this name is kept"))
    }
}
