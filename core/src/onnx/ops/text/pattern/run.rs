//! Runs a pattern over a text: all ways at once, step by step along the text, so that no expression
//! can make it slow.

use super::{Pattern, Place, Step, is_word};

/// Ways that are open at one place of the text: each a step, with where its match started. A step
/// that is open twice counts with the earlier start.
#[derive(Default)]
struct Open {
    list: Vec<usize>,
    start: Vec<usize>,
    seen: Vec<usize>,
    round: usize,
}

impl Open {
    fn clear(&mut self, steps: usize) {
        self.list.clear();
        self.start.resize(steps, 0);
        self.seen.resize(steps, 0);
        self.round += 1;
    }
}

/// Reusable memory of runs.
#[derive(Default)]
pub(in super::super) struct Machine {
    now: Open,
    next: Open,
    stack: Vec<usize>,
}

impl Machine {
    /// Whether the pattern matches the whole text.
    pub(in super::super) fn matches_fully(&mut self, pattern: &Pattern, text: &str) -> bool {
        let mut whole = false;
        self.run(pattern, text, 0, true, &mut |_, end| whole |= end == text.len());
        whole
    }

    /// The leftmost match that starts at byte `from` or later, the longest of those that start there.
    pub(in super::super) fn find(
        &mut self,
        pattern: &Pattern,
        text: &str,
        from: usize,
    ) -> Option<(usize, usize)> {
        if from > text.len() {
            return None;
        }
        let mut best: Option<(usize, usize)> = None;
        self.run(pattern, text, from, false, &mut |start, end| {
            if best.is_none_or(|(other, _)| start <= other) {
                best = Some((start, end));
            }
        });
        best
    }

    /// Reports matches in the order of their ends. Once there is one, only those that start no later
    /// are followed.
    fn run(
        &mut self,
        pattern: &Pattern,
        text: &str,
        from: usize,
        anchored: bool,
        report: &mut dyn FnMut(usize, usize),
    ) {
        let steps = pattern.steps.len();
        self.now.clear(steps);
        let mut first_found = usize::MAX;
        let mut before = text[..from].chars().next_back();
        let mut rest = text[from..].char_indices();
        let mut at = from;
        loop {
            let next = rest.next().map(|(_, c)| c);
            if first_found == usize::MAX && (!anchored || at == from) {
                // Lists are in the order of starts, so a step that is reached twice is reached by the
                // earlier start first, and this latest one comes last.
                follow(pattern, 0, at, (before, next), &mut self.now, &mut self.stack);
            }
            self.next.clear(steps);
            let end = at + next.map_or(0, char::len_utf8);
            for place in 0..self.now.list.len() {
                let step = self.now.list[place];
                let start = self.now.start[step];
                if start > first_found {
                    continue;
                }
                match (&pattern.steps[step], next) {
                    (Step::Done, _) => {
                        first_found = start;
                        report(start, at);
                    }
                    (Step::Take(set), Some(c)) if set.has(c) => {
                        let after = text[end..].chars().next();
                        follow(pattern, step + 1, start, (Some(c), after), &mut self.next, &mut self.stack);
                    }
                    _ => {}
                }
            }
            let Some(c) = next else { break };
            if self.next.list.is_empty() && (first_found != usize::MAX || anchored) {
                break;
            }
            std::mem::swap(&mut self.now, &mut self.next);
            before = Some(c);
            at = end;
        }
    }
}

/// Opens `step` and all that it leads to without taking a character.
fn follow(
    pattern: &Pattern,
    step: usize,
    start: usize,
    (before, after): (Option<char>, Option<char>),
    open: &mut Open,
    stack: &mut Vec<usize>,
) {
    stack.push(step);
    while let Some(step) = stack.pop() {
        let seen = open.seen[step] == open.round;
        if seen && open.start[step] <= start {
            continue;
        }
        open.seen[step] = open.round;
        open.start[step] = start;
        match pattern.steps[step] {
            Step::Split(one, other) => stack.extend([other, one]),
            Step::Jump(to) => stack.push(to),
            Step::Assert(place) => {
                if holds(place, before, after) {
                    stack.push(step + 1);
                }
            }
            Step::Take(_) | Step::Done => {
                if !seen {
                    open.list.push(step);
                }
            }
        }
    }
}

fn holds(place: Place, before: Option<char>, after: Option<char>) -> bool {
    let edge = before.is_some_and(is_word) != after.is_some_and(is_word);
    match place {
        Place::TextStart => before.is_none(),
        Place::TextEnd => after.is_none(),
        Place::LineStart => before.is_none_or(|c| c == '\n'),
        Place::LineEnd => after.is_none_or(|c| c == '\n'),
        Place::WordEdge => edge,
        Place::NoWordEdge => !edge,
    }
}
