//! Looking through the whole log for anything that is not what was sealed.

use super::{
    erase::{ERASED, PLACES},
    record::Record,
    store::{self, Placed},
};
use crate::{
    app::App,
    error::{Error, Result},
    ids::TenantId,
};
use db::{Db, Scope, Tx};
use std::collections::{BTreeMap, HashMap};
use translog::{Checkpoint, Frontier, Hash, Verifier};
use uuid::Uuid;

/// Leaves looked at together.
const PAGE: u64 = 500;

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Its place in the tree is empty.
    Removed,
    /// Its place is there, and the entry is not.
    EntryRemoved,
    /// It does not say what it said when it was written.
    Altered,
    /// It is not the entry that was sealed in this place, or its signature is not the one that was given.
    NotSealedHere,
    /// It stands behind the end of the tree, or before its beginning.
    OutsideOfTree,
    /// It was added past the product, or taken out of the tree: the log does not know it.
    NotInTree,
    /// Its row cannot be read.
    Unreadable,
}

impl Fault {
    /// A sentence for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "its place in the tree is empty: it was removed",
            Self::EntryRemoved => "its place in the tree is there, but the entry was removed",
            Self::Altered => "it was altered after it had been written",
            Self::NotSealedHere => {
                "it is not what was sealed in this place: something was moved, added, removed or forged"
            }
            Self::OutsideOfTree => "it stands outside of what was sealed: it was added past the product",
            Self::NotInTree => {
                "the tree does not know it: it was added past the product, or cut out of the tree"
            }
            Self::Unreadable => "its row cannot be read: it was damaged",
        }
    }

    /// A stable name for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::EntryRemoved => "entry_removed",
            Self::Altered => "altered",
            Self::NotSealedHere => "not_sealed_here",
            Self::OutsideOfTree => "outside_of_tree",
            Self::NotInTree => "not_in_tree",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The first entry that is not as it was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadEntry {
    /// Its number in the log; none when it has no place there.
    pub seq: Option<i64>,
    /// Its tenant and id, where they are known.
    pub entry: Option<(TenantId, Uuid)>,
    /// What is wrong.
    pub fault: Fault,
}

/// Why a checkpoint from outside does not fit this log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutsideFault {
    /// The log is shorter than it was: everything from this number on is gone.
    Truncated {
        /// The first number that is missing.
        first_missing: u64,
        /// How many entries there were.
        sealed: u64,
    },
    /// The log is long enough, and its first entries are not those that were sealed.
    AnotherHistory {
        /// How many entries the checkpoint covers.
        sealed: u64,
    },
    /// The note is not one of this log's.
    NotOurs(translog::NoteError),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How many entries are sealed.
    pub size: u64,
    /// The root over them, when nothing is wrong with them.
    pub root: Option<Hash>,
    /// How many entries wait to be sealed.
    pub unsealed: i64,
    /// The first entry that is not as it was sealed.
    pub first_bad: Option<BadEntry>,
    /// What is wrong against the checkpoints from outside.
    pub outside: Vec<OutsideFault>,
    /// How many entries the longest checkpoint from outside covers that fits. Up to there it is proven that nothing was cut
    /// off; none when there was no checkpoint.
    pub proven_until: Option<u64>,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.first_bad.is_none() && self.outside.is_empty()
    }
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Every entry, every place and every signature: some 15,000 entries a second.
    EverySeal,
    /// Every entry and every place, and of the signatures as many as prove the rest.
    EveryEntry,
}

/// Look through the log, as it is at this moment; the installation may go on working. `outside` are notes that were kept
/// elsewhere.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, depth: Depth, outside: &[String]) -> Result<Verdict> {
    verify_in(&app.db, app.audit.signer.verifier(), depth, outside).await
}

/// The same for any database that holds a log, such as a copy.
///
/// # Errors
/// When the database does not answer.
pub async fn verify_in(db: &Db, verifier: &Verifier, depth: Depth, outside: &[String]) -> Result<Verdict> {
    let (mut claims, mut faults) = (Vec::new(), Vec::new());
    for note in outside {
        match verifier.open(note) {
            Ok(claim) => claims.push(claim),
            Err(error) => faults.push(OutsideFault::NotOurs(error)),
        }
    }
    db::read!(db, "verify_audit_log", Scope::Platform, |tx| -> Result<Verdict> {
        let head = store::get_head(tx).await?;
        let unsealed = store::count_pending(tx).await?;
        let mut walk = Walk::new(verifier, depth, &claims);
        walk.through(tx, head.size).await?;
        let mut first_bad = walk.first_bad;
        if first_bad.is_none() {
            first_bad = unaccounted(tx, &walk.erased).await?;
        }
        if first_bad.is_none() {
            first_bad = stray(tx, head.size).await?;
        }
        if first_bad.is_none() {
            first_bad = unplaced(tx).await?;
        }
        let mut outside = faults.clone();
        let size = walk.frontier.size();
        for claim in &claims {
            if claim.size > size {
                outside.push(OutsideFault::Truncated { first_missing: size, sealed: claim.size });
            } else if walk.agreed.get(&claim.size) != Some(&true) {
                outside.push(OutsideFault::AnotherHistory { sealed: claim.size });
            }
        }
        let proven_until = walk.agreed.iter().filter(|(_, agrees)| **agrees).map(|(size, _)| *size).max();
        let root = first_bad.is_none().then(|| walk.frontier.root());
        Ok(Verdict { size: head.size, root, unsealed, first_bad, outside, proven_until })
    })
}

/// A walk over the tree from its first leaf to its last.
struct Walk<'w> {
    verifier: &'w Verifier,
    depth: Depth,
    /// The sizes at which somebody outside knows the root, with what they know.
    claims: BTreeMap<u64, Vec<Hash>>,
    agreed: BTreeMap<u64, bool>,
    frontier: Frontier,
    first_bad: Option<BadEntry>,
    /// The platform's entries that places without an entry name: how many name each, and the first of them.
    erased: BTreeMap<Uuid, (u64, u64)>,
    /// The last place that was counted there.
    counted_to: Option<u64>,
}

impl<'w> Walk<'w> {
    fn new(verifier: &'w Verifier, depth: Depth, outside: &[Checkpoint]) -> Self {
        let mut claims: BTreeMap<u64, Vec<Hash>> = BTreeMap::new();
        for claim in outside {
            claims.entry(claim.size).or_default().push(claim.root);
        }
        let mut walk = Self {
            verifier,
            depth,
            claims,
            agreed: BTreeMap::new(),
            frontier: Frontier::default(),
            first_bad: None,
            erased: BTreeMap::new(),
            counted_to: None,
        };
        walk.compare();
        walk
    }

    /// Compare the tree so far with what is known outside of this size.
    fn compare(&mut self) {
        if let Some(roots) = self.claims.get(&self.frontier.size()) {
            let root = self.frontier.root();
            self.agreed.insert(self.frontier.size(), roots.iter().all(|known| *known == root));
        }
    }

    async fn through(&mut self, tx: &mut Tx, size: u64) -> Result<()> {
        while self.frontier.size() < size && self.first_bad.is_none() {
            let start = self.frontier.size();
            let page = read_page(tx, start, size.min(start + PAGE)).await?;
            let before = self.frontier.clone();
            self.page(&page, size.min(start + PAGE));
            let whole = self.first_bad.is_none() && self.depth == Depth::EveryEntry;
            // The signature of a page's last leaf vouches for the whole page; where it does not fit, each is asked.
            if whole
                && !page.last().is_some_and(|last| last.placed.as_ref().is_some_and(|it| self.is_sealed(it)))
            {
                (self.frontier, self.depth) = (before, Depth::EverySeal);
                self.page(&page, size.min(start + PAGE));
            }
        }
        Ok(())
    }

    /// Look at the leaves of a page, which must be all from the present size up to `end`.
    fn page(&mut self, page: &[Found], end: u64) {
        let mut found = page.iter();
        while self.frontier.size() < end {
            let seq = self.frontier.size();
            let fault = match found.next() {
                Some(found) => self.look_at(seq, found).err().map(|fault| (fault, found.name())),
                None => Some((Fault::Removed, None)),
            };
            if let Some((fault, entry)) = fault {
                self.first_bad = Some(BadEntry { seq: i64::try_from(seq).ok(), entry, fault });
                return;
            }
            self.compare();
        }
    }

    fn look_at(&mut self, seq: u64, found: &Found) -> std::result::Result<(), Fault> {
        let placed = found.placed.as_ref().ok_or(Fault::Unreadable)?;
        if placed.seq != seq {
            return Err(Fault::Removed);
        }
        if let Some(said_in) = placed.erased_by {
            return self.look_at_erased(seq, placed, said_in);
        }
        let record = match &found.record {
            Stored::Whole(record) => record,
            Stored::Missing => return Err(Fault::EntryRemoved),
            Stored::Unreadable => return Err(Fault::Unreadable),
        };
        let leaf = record.computed_leaf();
        if record.leaf != leaf {
            return Err(Fault::Altered);
        }
        if placed.leaf != leaf {
            return Err(Fault::NotSealedHere);
        }
        self.frontier.push(leaf);
        if self.depth == Depth::EverySeal && !self.is_sealed(placed) {
            return Err(Fault::NotSealedHere);
        }
        Ok(())
    }

    /// Of a deleted tenant's entry there is the leaf, which the signatures cover like any other.
    fn look_at_erased(&mut self, seq: u64, placed: &Placed, said_in: Uuid) -> std::result::Result<(), Fault> {
        let leaf = Hash::try_from(placed.leaf.as_slice()).map_err(|_| Fault::Unreadable)?;
        self.frontier.push(leaf);
        // A page may be looked at twice, the second time with more care: its places count once.
        if self.counted_to.is_none_or(|last| seq > last) {
            self.counted_to = Some(seq);
            self.erased.entry(said_in).or_insert((0, seq)).0 += 1;
        }
        if self.depth == Depth::EverySeal && !self.is_sealed(placed) {
            return Err(Fault::NotSealedHere);
        }
        Ok(())
    }

    fn is_sealed(&self, placed: &Placed) -> bool {
        self.verifier.accepts(self.frontier.size(), self.frontier.root(), &placed.seal)
    }
}

/// A place with its entry, as far as they can be read.
struct Found {
    placed: Option<Placed>,
    record: Stored,
}

enum Stored {
    Whole(Box<Record>),
    Missing,
    Unreadable,
}

impl Found {
    fn name(&self) -> Option<(TenantId, Uuid)> {
        self.placed.as_ref().map(|placed| (placed.tenant, placed.entry))
    }
}

/// The leaves from `start` to before `end` with their entries. A row that cannot be read stands there as such.
async fn read_page(tx: &mut Tx, start: u64, end: u64) -> Result<Vec<Found>> {
    let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
    let places: Vec<Option<Placed>> = match store::list_placed(tx, start, end, limit).await {
        Ok(placed) => placed.into_iter().map(Some).collect(),
        Err(error) if is_about_a_value(&error) => {
            let mut places = Vec::new();
            for seq in start..end {
                match store::list_placed(tx, seq, seq + 1, 1).await {
                    Ok(mut placed) => places.extend(placed.pop().map(Some)),
                    Err(error) if is_about_a_value(&error) => places.push(None),
                    Err(error) => return Err(error.into()),
                }
            }
            places
        }
        Err(error) => return Err(error.into()),
    };
    let mut wanted: BTreeMap<TenantId, Vec<Uuid>> = BTreeMap::new();
    for placed in places.iter().flatten() {
        wanted.entry(placed.tenant).or_default().push(placed.entry);
    }
    let mut records: HashMap<(TenantId, Uuid), Stored> = HashMap::new();
    for (tenant, ids) in wanted {
        tx.enter(Scope::Tenant(tenant.0)).await?;
        read_records(tx, tenant, &ids, &mut records).await?;
    }
    tx.enter(Scope::Platform).await?;
    let with_record = |placed: Option<Placed>| {
        let name = placed.as_ref().map(|placed| (placed.tenant, placed.entry));
        let record = name.and_then(|name| records.remove(&name)).unwrap_or(Stored::Missing);
        Found { placed, record }
    };
    Ok(places.into_iter().map(with_record).collect())
}

async fn read_records(
    tx: &mut Tx,
    tenant: TenantId,
    ids: &[Uuid],
    records: &mut HashMap<(TenantId, Uuid), Stored>,
) -> Result<()> {
    match store::list_by_ids(tx, tenant, ids).await {
        Ok(found) => {
            let whole = |record: Record| ((tenant, record.id), Stored::Whole(Box::new(record)));
            records.extend(found.into_iter().map(whole));
            return Ok(());
        }
        Err(error) if is_about_a_value(&error) => {}
        Err(error) => return Err(error.into()),
    }
    for id in ids {
        let stored = match store::list_by_ids(tx, tenant, std::slice::from_ref(id)).await {
            Ok(mut found) => found.pop().map_or(Stored::Missing, |record| Stored::Whole(Box::new(record))),
            Err(error) if is_about_a_value(&error) => Stored::Unreadable,
            Err(error) => return Err(error.into()),
        };
        records.insert((tenant, *id), stored);
    }
    Ok(())
}

/// Whether an error says that a value is not of the kind that its column has: then somebody else wrote it.
fn is_about_a_value(error: &db::Error) -> bool {
    matches!(error, db::Error::Statement(_))
}

/// The first place without an entry that no entry of the platform accounts for.
async fn unaccounted(tx: &mut Tx, erased: &BTreeMap<Uuid, (u64, u64)>) -> Result<Option<BadEntry>> {
    let nobody = TenantId(Uuid::nil());
    tx.enter(Scope::Tenant(nobody.0)).await?;
    for (said_in, (count, first)) in erased {
        let said = store::list_by_ids(tx, nobody, std::slice::from_ref(said_in)).await?.pop();
        let accounts = said.is_some_and(|said| {
            let told = said.target_id.parse::<u64>().unwrap_or_default();
            said.action == ERASED && said.target_kind == PLACES && *count <= told
        });
        if !accounts {
            let seq = i64::try_from(*first).ok();
            return Ok(Some(BadEntry { seq, entry: None, fault: Fault::EntryRemoved }));
        }
    }
    tx.enter(Scope::Platform).await?;
    Ok(None)
}

async fn stray(tx: &mut Tx, size: u64) -> Result<Option<BadEntry>> {
    let found = store::find_stray(tx, size).await?;
    Ok(found.map(|seq| BadEntry { seq: Some(seq), entry: None, fault: Fault::OutsideOfTree }))
}

async fn unplaced(tx: &mut Tx) -> Result<Option<BadEntry>> {
    for tenant in store::list_tenants(tx).await? {
        tx.enter(Scope::Tenant(tenant.0)).await?;
        if let Some(id) = store::find_unplaced(tx, tenant).await? {
            let entry = Some((tenant, id));
            return Ok(Some(BadEntry { seq: None, entry, fault: Fault::NotInTree }));
        }
    }
    tx.enter(Scope::Platform).await?;
    Ok(None)
}

impl From<translog::NoteError> for Error {
    fn from(error: translog::NoteError) -> Self {
        Self::Malformed(error.to_string())
    }
}
