//! Proving that one entry is in a tree.

use crate::{Hash, node_hash};

/// Every leaf of a tree, with all nodes above them: 64 bytes a leaf. Made once, it proves as many entries as are asked
/// for.
#[derive(Debug, Default)]
pub struct Leaves {
    /// The leaves, then the roots of full pairs, of full fours, and so on.
    levels: Vec<Vec<Hash>>,
}

impl Leaves {
    /// A tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Add a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for level in 0.. {
            if self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            let Some(nodes) = self.levels.get_mut(level) else { return };
            nodes.push(node);
            if nodes.len() % 2 == 1 {
                return;
            }
            let [.., left, right] = nodes.as_slice() else { return };
            node = node_hash(left, right);
        }
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The root over all leaves; none when there are none.
    pub fn root(&self) -> Option<Hash> {
        (self.size() > 0).then(|| self.subtree(0, self.size())).flatten()
    }

    /// The hashes that lead from leaf `index` to the root of the first `size` leaves (RFC 6962, section 2.1.1); none
    /// when there is no such leaf or not as many.
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.size() {
            return None;
        }
        let mut proof = Vec::new();
        let (mut start, mut end) = (0, size);
        while end - start > 1 {
            let middle = start + half(end - start);
            if index < middle {
                proof.push(self.subtree(middle, end)?);
                end = middle;
            } else {
                proof.push(self.subtree(start, middle)?);
                start = middle;
            }
        }
        proof.reverse();
        Some(proof)
    }

    /// The root over the leaves from `start` to before `end`, where `start` is where a full subtree begins.
    fn subtree(&self, start: u64, end: u64) -> Option<Hash> {
        let length = end - start;
        if length.is_power_of_two() {
            let level = usize::try_from(length.trailing_zeros()).ok()?;
            let position = usize::try_from(start >> length.trailing_zeros()).ok()?;
            return self.levels.get(level)?.get(position).copied();
        }
        let middle = start + half(length);
        Some(node_hash(&self.subtree(start, middle)?, &self.subtree(middle, end)?))
    }
}

/// The largest power of two below `length`, which is at least two.
fn half(length: u64) -> u64 {
    1 << (u64::BITS - 1 - (length - 1).leading_zeros())
}

/// The root that a proof leads to from a leaf (RFC 9162, section 2.1.3.2); none when the proof has not the length that
/// it must have.
pub fn root_from_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut node, mut last, mut root) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return None;
        }
        if node % 2 == 1 || node == last {
            root = node_hash(sibling, &root);
            while node % 2 == 0 && node != 0 {
                node /= 2;
                last /= 2;
            }
        } else {
            root = node_hash(&root, sibling);
        }
        node /= 2;
        last /= 2;
    }
    (last == 0).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Frontier, leaf_hash};

    #[test]
    fn every_leaf_of_every_size_is_proven_and_nothing_else_is() {
        let mut leaves = Leaves::new();
        let mut frontier = Frontier::default();
        let hashes: Vec<Hash> = (0..70u8).map(|number| leaf_hash(&[number])).collect();
        for leaf in &hashes {
            leaves.push(*leaf);
            frontier.push(*leaf);
            let size = frontier.size();
            assert_eq!(leaves.root(), Some(frontier.root()));
            for index in 0..size {
                let proof = leaves.inclusion_proof(index, size).unwrap();
                let leaf = hashes[usize::try_from(index).unwrap()];
                assert_eq!(root_from_inclusion(leaf, index, size, &proof), Some(frontier.root()));
                let wrong = root_from_inclusion(leaf_hash(b"another"), index, size, &proof);
                assert_ne!(wrong, Some(frontier.root()));
                if let Some((_, shorter)) = proof.split_last() {
                    assert_ne!(root_from_inclusion(leaf, index, size, shorter), Some(frontier.root()));
                }
            }
            assert_eq!(leaves.inclusion_proof(size, size), None);
            assert_eq!(leaves.inclusion_proof(0, size + 1), None);
        }
    }
}
