//! Several accounts, and what signing in asks.

use super::{Desk, pictures};
use crate::desk::{Someone, answer, now, people, settings, someone};
use chrono::TimeDelta;
use crossterm::event::KeyCode;
use iamkeys::engine::{
    Answer, Effect, Event, Intent, Problem, PromptId, PromptNews, Read, SessionId, SignedIn,
    Target,
    model::{AccountState, AccountsPage, Caller, ListedAccount},
    prompt::{Asked, CodeAsked, LoginAsked, LoginWay, Purpose},
};

const OTHERS: [(&str, &str, AccountState); 5] = [
    ("210987654321", "acme-audit", AccountState::Active),
    ("430987654321", "acme-dev", AccountState::Active),
    ("760987654321", "acme-legacy", AccountState::Active),
    ("870987654321", "acme-payments-prod", AccountState::Active),
    ("190987654321", "acme-old", AccountState::Suspended),
];

/// The organisation's accounts: one has no role, and one is still being signed in to.
fn several(size: (u16, u16)) -> Desk {
    let mut desk = Desk::showing(size, settings(), &people());
    let slot = desk.screen.slot();
    desk.intend(Intent::OpenOrganisation(slot));
    while let Some(effect) = desk.effects.pop_front() {
        match effect {
            Effect::SignIn(session, Target::Member(member)) => {
                signed_in(&mut desk, session, &member.account);
            }
            Effect::Read(session, request, read) => {
                let answer = match read {
                    Read::Accounts(_) => Ok(Answer::Accounts(organisation())),
                    read if session.slot == slot => answer(&people(), read),
                    Read::Alias => Ok(Answer::Alias(None)),
                    read => answer(&[of_dev()], read),
                };
                desk.answered_in(session, request, answer);
            }
            _ => {}
        }
    }
    // What has come is put in order.
    desk.wait(1000);
    desk.send(iamkeys::tui::Message::Tick);
    desk
}

fn of_dev() -> Someone {
    let key = ("AKIADEVDEPLOYEXAMPLE", true, 412, Some(3));
    someone("deploy-dev", &[key])
}

fn organisation() -> AccountsPage {
    let accounts = OTHERS.into_iter().map(|(id, name, state)| ListedAccount {
        id: id.into(),
        name: name.into(),
        state,
    });
    AccountsPage {
        accounts: accounts.collect(),
        next: None,
    }
}

fn signed_in(desk: &mut Desk, session: SessionId, account: &str) {
    let result = match account {
        "760987654321" => Err(Box::new(Problem {
            title: "no role to assume: tried iamkeys-audit, OrganizationAccountAccessRole".into(),
            what: "AWS refused each of the roles.".into(),
            details: vec!["AccessDenied: sts:AssumeRole".into()],
            ..Problem::default()
        })),
        "870987654321" => return,
        _ => Ok(Box::new(SignedIn {
            key: "ASIADEVDEPLOYEXAMPLE".into(),
            role: Some("iamkeys-audit".into()),
            how: "role iamkeys-audit".into(),
            caller: Caller::read(
                account.into(),
                format!("arn:aws:sts::{account}:assumed-role/iamkeys-audit/iamkeys-alice"),
            ),
            ..SignedIn::default()
        })),
    };
    desk.send(Event::SignedIn { session, result });
}

#[test]
fn accounts() {
    pictures("accounts", |size| {
        let mut desk = several(size);
        desk.keys("0");
        desk
    });
    pictures("accounts-lost", |size| {
        let mut desk = several(size);
        desk.keys("0gjj");
        desk
    });
    pictures("accounts-filtering", |size| {
        let mut desk = several(size);
        desk.keys("0/dev");
        desk
    });
    pictures("accounts-narrowed", |size| {
        let mut desk = several(size);
        desk.keys("0gj");
        desk.press(KeyCode::Enter);
        desk.keys("0");
        desk
    });
}

#[test]
fn lists_of_several_accounts() {
    pictures("several-users", several);
    pictures("several-keys", |size| {
        let mut desk = several(size);
        desk.keys("2");
        desk
    });
    pictures("several-confirmation", |size| {
        let mut desk = several(size);
        desk.keys("/deploy-dev");
        desk.press(KeyCode::Enter);
        desk.keys("t");
        desk
    });
}

/// Something is asked while the first account is signed in to.
fn asked(size: (u16, u16), asked: Asked) -> Desk {
    let mut desk = Desk::new(size, settings());
    desk.effects.clear();
    let session = desk.session();
    let news = PromptNews::Asked(PromptId(1), Box::new(asked));
    desk.send(Event::Prompted { session, news });
    desk
}

fn code(refused: u32) -> Asked {
    Asked::Code(CodeAsked {
        profile: Some("prod".into()),
        serial: "arn:aws:iam::123456789012:mfa/alice".into(),
        purpose: Purpose::Session(43_200),
        refused,
        program: None,
    })
}

#[test]
fn codes() {
    pictures("mfa", |size| {
        let mut desk = asked(size, code(0));
        desk.keys("417");
        desk
    });
    pictures("mfa-refused", |size| asked(size, code(3)));
}

#[test]
fn logins() {
    let login = |way| {
        Asked::Login(LoginAsked {
            name: "acme-org".into(),
            way,
            until: now() + TimeDelta::seconds(581),
            opened: None,
            may_browse: true,
            problem: None,
        })
    };
    pictures("sso-device", |size| {
        let address = "https://device.sso.eu-west-1.amazonaws.com/?user_code=QFRD-KWZT";
        asked(
            size,
            login(LoginWay::Device {
                address: address.into(),
                code: "QFRD-KWZT".into(),
            }),
        )
    });
    pictures("sso-browser", |size| {
        let address = "https://oidc.eu-west-1.amazonaws.com/authorize?response_type=code&\
                       client_id=EXAMPLE&redirect_uri=http%3A%2F%2F127.0.0.1%3A49152%2Foauth\
                       %2Fcallback&state=EXAMPLE&code_challenge_method=S256&scopes=sso%3Aaccount\
                       %3Aaccess&code_challenge=EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXA";
        asked(
            size,
            login(LoginWay::Browser {
                address: address.into(),
            }),
        )
    });
}
