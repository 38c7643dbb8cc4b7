//! Subscribers: content first, then what comes; full queues.

use std::sync::Arc;
use std::time::Duration;

use tidegate_event::BlockKind;

use super::harness::*;
use crate::*;

const WAIT: Duration = Duration::from_secs(60);

fn inject(project: &Project, keys: std::ops::Range<i64>) {
    let window = project.window("cq", "in").unwrap();
    for key in keys {
        let block = Arc::new(row(&window.schema, key, key));
        project.inject(Input { window: window.id, kind: BlockKind::Normal, client: 7, block }, WAIT).unwrap();
    }
}

fn next(subscription: &mut Subscription) -> Delivery {
    match subscription.receive(WAIT) {
        Receive::Block(delivery) => delivery,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_content_comes_first_then_what_is_emitted_without_gap_or_duplicate() {
    let (host, _) = host();
    let project = host.load(&model("", "", ""), &LoadOptions::default()).unwrap();
    inject(&project, 0..300);
    let window = project.window("cq", "in").unwrap().id;
    let options = SubscribeOptions {
        snapshot: true,
        blocks_max: 4096,
        events_max: usize::MAX,
        when_full: WhenFull::Disconnect,
    };
    let publisher = std::thread::spawn({
        let project = Arc::clone(&project);
        move || inject(&project, 300..2000)
    });
    let mut subscription = project.subscribe(window, options).unwrap();
    publisher.join().unwrap();
    let (mut seen, mut last, mut id) = (Vec::new(), 0, 0);
    while seen.len() < 2000 {
        let delivery = next(&mut subscription);
        seen.extend(events(&delivery.block));
        match delivery.header.kind {
            BlockKind::Snapshot => assert_eq!(last, 0),
            BlockKind::LastSnapshot => last += 1,
            _ => {
                assert_eq!(last, 1);
                assert!(delivery.header.id.input > id);
                id = delivery.header.id.input;
                assert_eq!(delivery.header.id.client, 7);
            }
        }
    }
    assert_eq!(seen, (0..2000).map(|key| format!("I {key}={key}")).collect::<Vec<_>>());
    assert_eq!(id, 2000);
    assert!(matches!(subscription.try_receive(), Receive::Idle));
}

#[test]
fn an_empty_window_answers_with_an_empty_last_block() {
    let (host, _) = host();
    let project = host.load(&model("", "", ""), &LoadOptions::default()).unwrap();
    let window = project.window("cq", "last").unwrap().id;
    let options = SubscribeOptions {
        snapshot: true,
        blocks_max: 1,
        events_max: usize::MAX,
        when_full: WhenFull::Disconnect,
    };
    let mut subscription = project.subscribe(window, options).unwrap();
    let delivery = next(&mut subscription);
    assert!(delivery.block.is_empty());
    assert_eq!(delivery.header.kind, BlockKind::LastSnapshot);
}

#[test]
fn a_network_client_that_does_not_keep_up_is_told_so() {
    let (host, _) = host();
    let project = host.load(&model("", "", ""), &LoadOptions::default()).unwrap();
    let window = project.window("cq", "in").unwrap().id;
    let options = SubscribeOptions {
        snapshot: false,
        blocks_max: 3,
        events_max: usize::MAX,
        when_full: WhenFull::Disconnect,
    };
    let mut slow = project.subscribe(window, options).unwrap();
    let mut quick = project.subscribe(window, SubscribeOptions { blocks_max: 100, ..options }).unwrap();
    inject(&project, 0..10);
    project.quiesce().unwrap();
    for key in 0..3 {
        assert_eq!(events(&next(&mut slow).block), [format!("I {key}={key}")]);
    }
    assert!(matches!(slow.receive(WAIT), Receive::Overflowed));
    for key in 0..10 {
        assert_eq!(events(&next(&mut quick).block), [format!("I {key}={key}")]);
    }
}

#[test]
fn a_subscriber_that_goes_away_never_blocks_the_project() {
    let (host, _) = host();
    let project = host.load(&model("", "", ""), &LoadOptions::default()).unwrap();
    let window = project.window("cq", "in").unwrap().id;
    let options = SubscribeOptions {
        snapshot: false,
        blocks_max: 1,
        events_max: usize::MAX,
        when_full: WhenFull::Block,
    };
    let subscription = project.subscribe(window, options).unwrap();
    inject(&project, 0..10);
    drop(subscription);
    project.quiesce().unwrap();
    assert_eq!(project.stats().unwrap().input_events, 10);
}

#[test]
fn a_project_that_is_removed_ends_its_subscriptions() {
    let (host, _) = host();
    let project = host.load(&model("", "", ""), &LoadOptions::default()).unwrap();
    let window = project.window("cq", "in").unwrap().id;
    let options = SubscribeOptions {
        snapshot: false,
        blocks_max: 1,
        events_max: usize::MAX,
        when_full: WhenFull::Disconnect,
    };
    let mut subscription = project.subscribe(window, options).unwrap();
    host.delete("p").unwrap();
    assert!(matches!(subscription.receive(WAIT), Receive::Closed));
}
