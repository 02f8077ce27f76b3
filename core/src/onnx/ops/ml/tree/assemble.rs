//! From a list of nodes in any order, with children by number, to a checked [`Forest`].
//!
//! One walk per tree, with a stack of its own, lays the splits out and finds cycles; it takes time
//! linear in the nodes however deep a tree is. On the way, chains of equality tests of one feature
//! that lead to one child (how exporters write categorical splits) become one test of a set.

use super::ensemble::{Branch, Child, Ensemble, Forest, Precision, Test};
use super::real::Real;
use crate::error::{Error, ErrorCode, Result};

/// What an assembler reads nodes from. Numbers of nodes are those of the model.
pub(super) trait Source<T: Real> {
    /// The number of nodes, splits and leaves.
    fn len(&self) -> usize;
    /// What node `at` is.
    fn node(&self, at: usize) -> Result<Node<T>>;
    /// How errors name node `at`.
    fn name(&self, at: usize) -> String;
}

/// A node as an assembler sees it.
pub(super) enum Node<T> {
    /// A leaf.
    Leaf,
    /// A split without its children, and their numbers, the true one first.
    Branch(Branch<T>, u32, u32),
    /// A split that tests membership in a set.
    Member(Branch<T>, u32, u32, Vec<T>),
}

const UNSEEN: Child = Child::leaf(u32::MAX >> 1);

/// Trees under construction.
pub(super) struct Assembler<T> {
    pub(super) forest: Forest<T>,
    /// What each node of the model has become.
    pub(super) places: Vec<Child>,
    /// Which splits are on the path that the walk is on.
    open: Vec<bool>,
    /// How many parents each node has; empty where no equality test asks for it.
    parents: Vec<u32>,
    /// The children of each split as numbers of the model.
    links: Vec<(u32, u32)>,
    pub(super) leaves: u32,
    pub(super) shared: bool,
    pub(super) absorbed: usize,
}

impl<T: Real> Assembler<T> {
    pub(super) fn new(source: &dyn Source<T>) -> Result<Self> {
        let len = source.len();
        if len >= UNSEEN.place() {
            return Err(Error::new(
                ErrorCode::ModelBudget,
                format!("the ensemble has {len} nodes, too many"),
            ));
        }
        Ok(Self {
            forest: Forest::default(),
            places: vec![UNSEEN; len],
            open: Vec::new(),
            parents: Vec::new(),
            links: Vec::new(),
            leaves: 0,
            shared: false,
            absorbed: 0,
        })
    }

    /// Counts the parents of all nodes, so that chains of equality tests can be told from shared nodes.
    pub(super) fn count_parents(&mut self, source: &dyn Source<T>) -> Result<()> {
        self.parents = vec![0; source.len()];
        for at in 0..source.len() {
            if let Node::Branch(_, yes, no) | Node::Member(_, yes, no, _) = source.node(at)? {
                for child in [yes, no] {
                    if let Some(count) = self.parents.get_mut(child as usize) {
                        *count += 1;
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds the tree that starts at node `root`.
    pub(super) fn add_tree(&mut self, source: &dyn Source<T>, root: usize) -> Result<()> {
        // A negative entry closes the split of that number: all below it is done.
        let mut stack: Vec<i64> = vec![root as i64];
        while let Some(next) = stack.pop() {
            if next < 0 {
                if let Some(open) = self.open.get_mut(!next as usize) {
                    *open = false;
                }
                continue;
            }
            let at = next as usize;
            let Some(&place) = self.places.get(at) else {
                return Err(Error::new(
                    ErrorCode::ModelInvalid,
                    format!("a child of a tree node has number {at}, there are {} nodes", self.places.len()),
                ));
            };
            if place != UNSEEN {
                if place.as_leaf().is_none() && self.open[place.place()] {
                    return Err(Error::new(
                        ErrorCode::ModelInvalid,
                        format!("the tree has a cycle: {} is below itself", source.name(at)),
                    ));
                }
                self.shared = true;
                continue;
            }
            let (branch, yes, no) = match source.node(at)? {
                Node::Leaf => {
                    self.places[at] = Child::leaf(self.leaves);
                    self.leaves += 1;
                    continue;
                }
                Node::Branch(branch, yes, no) => self.join_chain(source, branch, yes, no)?,
                Node::Member(branch, yes, no, members) => {
                    let branch = self.with_set(&branch, members, branch.missing_is_true());
                    (branch, yes, no)
                }
            };
            let own = self.forest.branches.len();
            self.places[at] = Child::branch(own as u32);
            self.forest.branches.push(branch);
            self.links.push((yes, no));
            self.open.push(true);
            stack.extend([!(own as i64), i64::from(no), i64::from(yes)]);
        }
        let place = self.places[root];
        self.forest.roots.push(place);
        Ok(())
    }

    /// Follows the false children of an equality test as long as they ask the same feature and lead to
    /// the same true child.
    fn join_chain(
        &mut self,
        source: &dyn Source<T>,
        first: Branch<T>,
        yes: u32,
        mut no: u32,
    ) -> Result<(Branch<T>, u32, u32)> {
        if first.test() != Test::Eq || self.parents.is_empty() {
            return Ok((first, yes, no));
        }
        let mut members = vec![first.threshold];
        let mut missing_is_true = first.missing_is_true();
        loop {
            let at = no as usize;
            if self.parents.get(at) != Some(&1) || self.places.get(at) != Some(&UNSEEN) {
                break;
            }
            let Node::Branch(next, next_yes, next_no) = source.node(at)? else { break };
            if next.test() != Test::Eq
                || next.feature() != first.feature()
                || next_yes != yes
                || next_no == no
            {
                break;
            }
            members.push(next.threshold);
            missing_is_true |= next.missing_is_true();
            // The node is part of the set now; the true child has one parent less.
            self.places[at] = Child::branch(self.forest.branches.len() as u32);
            self.absorbed += 1;
            no = next_no;
        }
        if members.len() == 1 {
            return Ok((first, yes, no));
        }
        Ok((self.with_set(&first, members, missing_is_true), yes, no))
    }

    /// The split as a test of membership in `members`.
    fn with_set(&mut self, branch: &Branch<T>, mut members: Vec<T>, missing_is_true: bool) -> Branch<T> {
        members.retain(|member| member.partial_cmp(member).is_some());
        members.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        members.dedup();
        self.forest.sets.extend(members);
        self.forest.set_ends.push(self.forest.sets.len() as u32);
        let place = T::from_place(self.forest.set_ends.len() as u32 - 1);
        Branch::new(place, branch.feature() as u32, Test::Member, missing_is_true)
    }

    /// Links the splits and finds what they have in common. `targets` is the number of targets that
    /// the votes, which have been filled in, may be for; `columns` the width of the input, if known.
    pub(super) fn finish(
        mut self,
        target_count: usize,
        columns: Option<usize>,
    ) -> Result<(Forest<T>, Shape)> {
        for (branch, (yes, no)) in self.forest.branches.iter_mut().zip(&self.links) {
            branch.on_true = self.places[*yes as usize];
            branch.on_false = self.places[*no as usize];
        }
        let mut features = 0;
        let mut tests = self.forest.branches.iter().map(|branch| (branch.test(), branch.missing_is_true()));
        self.forest.uniform = tests.next().and_then(|(first, missing)| {
            tests.try_fold((first, missing), |(first, any), (test, missing)| {
                (test == first).then_some((first, any || missing))
            })
        });
        for branch in &self.forest.branches {
            features = features.max(branch.feature() + 1);
        }
        if columns.is_some_and(|columns| features > columns) {
            return Err(Error::new(
                ErrorCode::ModelInvalid,
                format!(
                    "a tree node asks for feature {}, the input has {} columns (attribute \"nodes_featureids\")",
                    features - 1,
                    columns.unwrap_or(0)
                ),
            ));
        }
        let shape = Shape { features, target_count, leaf_count: self.leaves as usize, shared: self.shared };
        self.forest.branches.shrink_to_fit();
        Ok((self.forest, shape))
    }
}

/// What [`Ensemble`] says of a forest besides its trees.
pub(super) struct Shape {
    features: usize,
    target_count: usize,
    leaf_count: usize,
    shared: bool,
}

impl Shape {
    pub(super) const fn ensemble(&self, forest: Precision) -> Ensemble {
        Ensemble {
            forest,
            features: self.features,
            target_count: self.target_count,
            leaf_count: self.leaf_count,
            shared: self.shared,
        }
    }
}

/// Checks the number of a feature.
pub(super) fn feature(id: i64, name: impl Fn() -> String) -> Result<u32> {
    match u32::try_from(id) {
        Ok(id) if id <= super::ensemble::MAX_FEATURE => Ok(id),
        _ => Err(Error::new(
            ErrorCode::ModelInvalid,
            format!("{} asks for feature {id}, which no input has (attribute \"nodes_featureids\")", name()),
        )),
    }
}
