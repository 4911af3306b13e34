//! Marked keys, and a plan over them from its review to its end.

use super::{main_view, pictures, settings};
use crate::desk::{Desk, Someone, people, someone};
use crossterm::event::KeyCode;
use iamkeys::engine::{Changed, Error, Event, Kind, bulk::PlanNews};

/// Users for each thing that a plan says of a key.
fn staff() -> Vec<Someone> {
    let mut staff = people();
    staff.insert(
        3,
        someone(
            "legacy-import",
            &[("AKIALEGACY01EXAMPLE1", true, 512, None)],
        ),
    );
    staff.insert(
        4,
        someone("load-test", &[("AKIALOADTS01EXAMPLE1", true, 166, None)]),
    );
    staff
}

fn reviewed(size: (u16, u16)) -> Desk {
    let mut desk = Desk::showing(size, settings(), &staff());
    desk.keys("2");
    desk.serve(&staff());
    desk.keys("at");
    desk.serve(&staff());
    desk
}

fn confirmed(size: (u16, u16)) -> Desk {
    let mut desk = reviewed(size);
    desk.press(KeyCode::Enter);
    desk.draw();
    desk.keys("3 acme-prod");
    desk.press(KeyCode::Enter);
    desk
}

#[test]
fn marks() {
    pictures("marked-users", |size| {
        let mut desk = main_view(size);
        desk.keys("j jjj ");
        desk
    });
    pictures("marked-keys", |size| {
        let mut desk = main_view(size);
        desk.keys("2 jj ");
        desk
    });
    pictures("marked-what", |size| {
        let mut desk = main_view(size);
        desk.keys("2ap");
        desk
    });
}

#[test]
fn plans() {
    pictures("plan-review", reviewed);
    pictures("plan-confirm", |size| {
        let mut desk = reviewed(size);
        desk.press(KeyCode::Enter);
        desk.draw();
        desk.keys("3 acme");
        desk
    });
    pictures("plan-under-way", |size| {
        let mut desk = confirmed(size);
        desk.serve(&staff());
        let (id, _) = desk.next_change().expect("the first");
        desk.changed(id, Ok(Changed::Done));
        let mut since = staff();
        // The next one was used meanwhile.
        for user in &mut since {
            if user.name == "legacy-import" {
                *user = someone(
                    "legacy-import",
                    &[("AKIALEGACY01EXAMPLE1", true, 512, Some(1))],
                );
            }
        }
        desk.serve(&since);
        desk
    });
    pictures("plan-paused", |size| {
        let mut desk = confirmed(size);
        desk.serve(&staff());
        let (id, _) = desk.next_change().expect("the first");
        let denied = Error {
            action: "iam:UpdateAccessKey",
            kind: Kind::Denied,
            code: Some("AccessDenied".into()),
            message: "User: alice is not authorized to perform: iam:UpdateAccessKey".into(),
            request_id: None,
        };
        desk.changed(id, Err(denied));
        desk.serve(&staff());
        desk
    });
    pictures("plan-throttled", |size| {
        let mut desk = confirmed(size);
        desk.serve(&staff());
        let (id, _) = desk.next_change().expect("the first");
        desk.changed(id, Err(throttled()));
        desk.serve(&staff());
        desk
    });
    pictures("plan-elsewhere", |size| {
        let mut desk = confirmed(size);
        desk.send(Event::Plan(PlanNews::Elsewhere));
        desk.serve(&staff());
        desk
    });
}

fn throttled() -> Error {
    Error {
        action: "iam:UpdateAccessKey",
        kind: Kind::Throttled,
        code: Some("Throttling".into()),
        message: "Rate exceeded".into(),
        request_id: None,
    }
}

#[test]
fn plans_in_files() {
    pictures("plan-save", |size| {
        let mut desk = reviewed(size);
        desk.keys("w");
        desk.press(KeyCode::Enter);
        desk.send(Event::Plan(PlanNews::Saved(Err(
            "/home/alice/plan-2026-11-21.json is there already".into(),
        ))));
        desk
    });
    pictures("plan-open", |size| {
        let mut desk = main_view(size);
        desk.keys("Pplan.json");
        desk.press(KeyCode::Enter);
        let why = "keys[3]: step: a key that is Active is not deleted";
        desk.send(Event::Plan(PlanNews::Opened(Err(why.into()))));
        desk
    });
    pictures("plan-opened", |size| {
        let mut desk = reviewed(size);
        let plan = desk.screen.engine.bulk().expect("a plan");
        let document = plan.document();
        desk.press(KeyCode::Esc);
        let mut since = staff();
        since.retain(|user| user.name != "load-test");
        let opened = PlanNews::Opened(Ok(Box::new(document)));
        desk.send(Event::Plan(opened));
        let hash = "sha256:5f0c2a9d41b7e3685f0c2a9d41b7e3685f0c2a9d41b7e3685f0c2a9d41b7e368";
        desk.send(Event::Plan(PlanNews::Hash(hash.into())));
        desk.serve(&since);
        desk
    });
    pictures("plan-included", |size| {
        let mut desk = reviewed(size);
        // One that is in use, by hand.
        desk.keys("jjj ");
        desk
    });
    pictures("plan-included-confirm", |size| {
        let mut desk = reviewed(size);
        desk.keys("jjj ");
        desk.send(Event::Plan(PlanNews::Hash(
            "sha256:5f0c2a9d41b7e3685f0c2a9d41b7e3685f0c2a9d41b7e3685f0c2a9d41b7e368".into(),
        )));
        desk.press(KeyCode::Enter);
        desk
    });
    pictures("plan-kept", |size| {
        let mut desk = reviewed(size);
        let plan = desk.screen.engine.bulk().expect("a plan");
        let document = plan.document();
        desk.press(KeyCode::Esc);
        let kept = PlanNews::Kept(Box::new(document), Vec::new());
        desk.send(Event::Plan(kept));
        desk
    });
}
