//! Several managers on one core.

use std::time::Duration;

use rand::seq::SliceRandom;
use serde_json::json;

use super::*;

fn config(name: &str) -> Config {
    let options = json!({ "redisUrl": format!("redis://{name}.invalid:1") });
    let Some(options) = options.as_object().cloned() else { unreachable!() };
    Config::from_env(|_| None, &options).unwrap()
}

fn manager(name: &str) -> Arc<Service> {
    Service::shared(config(name)).unwrap()
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_millis(200))
}

/// Whether the next manager would get this one's core; one that has ended is found by nobody.
fn is_open(name: &str, service: &Service) -> bool {
    Arc::ptr_eq(&manager(name).core, &service.core)
}

#[tokio::test]
async fn a_manager_that_is_shut_down_refuses_and_the_others_go_on_until_the_last() {
    for count in 1..6_usize {
        let name = format!("shutdown-{count}");
        let managers: Vec<_> = (0..count).map(|_| manager(&name)).collect();
        let mut order: Vec<usize> = (0..count).collect();
        order.shuffle(&mut rand::rng());
        for (nth, index) in order.iter().enumerate() {
            managers[*index].shutdown(soon()).await;
            // Again changes nothing: it has left once.
            managers[*index].shutdown(soon()).await;
            for (other, manager) in managers.iter().enumerate() {
                let is_shut_down = order[..=nth].contains(&other);
                assert_eq!(
                    manager.intake.enter().is_err(),
                    is_shut_down,
                    "{order:?} {nth} {other}"
                );
            }
            assert_eq!(is_open(&name, &managers[0]), nth + 1 < count, "{order:?} {nth}");
        }
        assert!(manager(&name).intake.enter().is_ok(), "{order:?}");
    }
}

#[tokio::test]
async fn a_manager_that_was_forgotten_keeps_no_core_open_and_closes_none() {
    let (first, forgotten) = (manager("forgotten"), manager("forgotten"));
    drop(forgotten);
    assert!(is_open("forgotten", &first) && first.intake.enter().is_ok());
    first.shutdown(soon()).await;
    assert!(!is_open("forgotten", &first));
    drop(manager("forgotten"));
    let next = manager("forgotten");
    assert!(is_open("forgotten", &next) && next.intake.enter().is_ok());
}

#[tokio::test]
async fn a_shutdown_waits_for_its_own_requests_and_not_for_those_of_others() {
    let (one, other) = (manager("waits"), manager("waits"));
    let running = other.intake.enter().unwrap();
    let long = Deadline::after(Duration::from_secs(60));
    let done = tokio::time::timeout(Duration::from_secs(5), one.shutdown(long)).await;
    assert!(done.is_ok());
    assert!(!running.closing().is_cancelled() && !running.over().is_cancelled());
}
