//! Order of groups, by hand and over random graphs.

use proptest::prelude::*;

use super::*;
use ConnectorState::{Failed, Finished, Running};

fn group(name: &str, members: &[(usize, TargetState)], after: &[usize]) -> Group {
    Group { name: name.to_owned(), members: members.to_vec(), after: after.to_vec() }
}

/// The example of connectors-adapters 1.6: `sub(running) -> pub1(finished) -> pub2(finished)`.
fn chain() -> Orchestration {
    let groups = vec![
        group("pub2", &[(2, TargetState::Finished)], &[1]),
        group("pub1", &[(1, TargetState::Finished)], &[2]),
        group("sub", &[(0, TargetState::Running)], &[]),
    ];
    Orchestration::new(groups, vec![false, true, true], &[true; 3])
}

#[test]
fn a_chain_starts_one_after_the_other() {
    let mut chain = chain();
    assert_eq!(chain.begin(), [Action::Start(0)]);
    assert_eq!(chain.changed(0, Running), [Action::Start(1)]);
    assert_eq!(chain.changed(1, Running), []);
    assert_eq!(chain.changed(1, Finished), [Action::Start(2)]);
    assert_eq!(chain.changed(2, Running), []);
}

#[test]
fn a_failure_is_told_once_for_each_group_behind_it() {
    let mut chain = chain();
    chain.begin();
    let never = |group: &str| Action::NeverStarts { group: group.to_owned(), because: 0 };
    assert_eq!(chain.changed(0, Failed), [never("pub1"), never("pub2")]);
    assert_eq!(chain.changed(0, Failed), []);
}

#[test]
fn a_failure_behind_the_target_holds_nobody_up() {
    let mut chain = chain();
    chain.begin();
    assert_eq!(chain.changed(0, Running), [Action::Start(1)]);
    assert_eq!(chain.changed(0, Failed), []);
    assert_eq!(chain.changed(1, Finished), [Action::Start(2)]);
}

#[test]
fn subscribers_go_first_and_free_connectors_at_once() {
    let groups = vec![group("g", &[(1, TargetState::Running), (2, TargetState::Running)], &[])];
    let mut together = Orchestration::new(groups, vec![true, true, false, false], &[true, true, true, false]);
    assert_eq!(together.begin(), [Action::Start(2), Action::Start(0), Action::Start(1)]);
}

/// Groups in an order without cycles, each waiting for some of those before it.
fn any_groups() -> impl Strategy<Value = Vec<Group>> {
    let target = prop_oneof![Just(TargetState::Running), Just(TargetState::Finished)];
    let one = (prop::collection::vec(target, 0..3), any::<u8>());
    prop::collection::vec(one, 1..6).prop_map(|drawn| {
        let mut number = 0;
        let mut groups = Vec::new();
        for (at, (targets, mask)) in drawn.into_iter().enumerate() {
            let members = targets.into_iter().map(|target| {
                number += 1;
                (number - 1, target)
            });
            let members = members.collect();
            let after = (0..at).filter(|&before| mask & (1 << before) != 0).collect();
            groups.push(Group { name: format!("g{at}"), members, after });
        }
        groups
    })
}

proptest! {
    /// Against the rule itself: nothing starts before all that it waits for has reached its target, nothing
    /// starts twice, and when nothing fails everything starts.
    #[test]
    fn everything_starts_in_its_turn(groups in any_groups(), failing in any::<u16>(), order in any::<u64>()) {
        let count = groups.iter().map(|g| g.members.len()).sum::<usize>();
        let mut orchestration = Orchestration::new(groups.clone(), vec![true; count], &vec![true; count]);
        let group_of = |n: usize| groups.iter().position(|g| g.members.iter().any(|m| m.0 == n)).unwrap();
        let mut seen = vec![Vec::new(); count];
        let mut started = vec![false; count];
        let mut waiting = orchestration.begin();
        let mut pick = order;
        while !waiting.is_empty() {
            let at = (pick % waiting.len() as u64) as usize;
            pick = pick.rotate_left(7).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let Action::Start(number) = waiting.remove(at) else { continue };
            prop_assert!(!std::mem::replace(&mut started[number], true));
            let mut before = groups[group_of(number)].after.clone();
            while let Some(group) = before.pop() {
                for &(member, target) in &groups[group].members {
                    let passed: &Vec<ConnectorState> = &seen[member];
                    let wanted = if target == TargetState::Running { Running } else { Finished };
                    prop_assert!(passed.contains(&wanted));
                }
                before.extend(&groups[group].after);
            }
            let life: &[ConnectorState] =
                if failing & (1 << (number % 16)) != 0 { &[Running, Failed] } else { &[Running, Finished] };
            for &state in life {
                seen[number].push(state);
                waiting.extend(orchestration.changed(number, state));
            }
        }
        if failing == 0 {
            prop_assert!(started.iter().all(|&s| s));
        }
    }
}
