//! What signing in asks of a person: the prompt is the account's, its dialog follows it, and the answer
//! goes to the session that asks.

use crate::desk::{Desk, people, settings};
use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use iamkeys::{
    engine::{
        Copied, Effect, Event, Intent, Kind, Means, Need, Offer, Problem, PromptId, PromptNews,
        Renewed, Reply, SessionId, SignedIn, Target,
        account::Stage,
        prompt::{Asked, CodeAsked, CodeProgram, LoginAsked, LoginWay, Purpose},
    },
    tui::{KeyPress, Message, keymap::Context},
};

const SERIAL: &str = "arn:aws:iam::123456789012:mfa/alice";
const FIRST: PromptId = PromptId(1);

fn code() -> CodeAsked {
    CodeAsked {
        profile: Some("prod".into()),
        serial: SERIAL.into(),
        purpose: Purpose::Session(43_200),
        refused: 0,
        program: None,
    }
}

/// A code is asked for.
pub(super) fn code_news() -> PromptNews {
    PromptNews::Asked(FIRST, Box::new(Asked::Code(code())))
}

/// It is not asked for any more.
pub(super) fn code_is_over() -> PromptNews {
    PromptNews::Over(FIRST)
}

fn ask(desk: &mut Desk, id: PromptId, asked: Asked) {
    let news = PromptNews::Asked(id, Box::new(asked));
    let session = desk.session();
    desk.send(Event::Prompted { session, news });
}

/// A desk that is asked for a code while it signs in.
fn asked(size: (u16, u16)) -> Desk {
    let mut desk = Desk::new(size, settings());
    desk.effects.clear();
    ask(&mut desk, FIRST, Asked::Code(code()));
    desk
}

/// The answers that were given, in words.
fn replies(desk: &mut Desk) -> Vec<(SessionId, PromptId, String)> {
    let mut replies = Vec::new();
    desk.effects.retain(|effect| {
        let Effect::Reply(session, id, reply) = effect else {
            return true;
        };
        let words = match reply {
            Reply::Code(code) => code.expose().to_owned(),
            other => format!("{other:?}"),
        };
        replies.push((*session, *id, words));
        false
    });
    replies
}

fn words(desk: &mut Desk) -> Vec<String> {
    let replies = replies(desk).into_iter();
    replies.map(|(.., words)| words).collect()
}

/// Refused so often.
fn refuse(desk: &mut Desk, times: u32) {
    let asked = CodeAsked {
        refused: times,
        ..code()
    };
    ask(desk, FIRST, Asked::Code(asked));
}

/// Sets the clock to this second of its window of 30.
fn at_second(desk: &mut Desk, second: i64) {
    let start = desk.clock.timestamp().div_euclid(30) * 30;
    desk.clock = DateTime::from_timestamp(start + second, 0).unwrap();
    // With anything that happens, the engine learns what time it is.
    desk.send(Message::Resumed);
}

#[test]
fn a_code_is_typed_and_goes_to_the_session_that_asks() {
    let mut desk = asked((80, 24));
    let session = desk.session();
    assert_eq!(desk.screen.context(), Context::Code);
    assert_eq!(
        desk.screen.engine.needs(),
        [Need::Prompt(session, FIRST)],
        "the engine says so"
    );
    let screen = desk.screen();
    for text in [
        "MFA code for prod",
        SERIAL,
        "A session of 12 hours, kept in memory only.",
        "Code   ▏_ _ _ _ _ _",
    ] {
        assert!(screen.contains(text), "{text} in\n{screen}");
    }
    desk.keys("41q 7");
    assert!(desk.screen().contains("Code   4 1 7 ▏_ _ _"));
    desk.press(KeyCode::Enter);
    assert!(desk.screen().contains("A code has 6 digits."));
    assert!(words(&mut desk).is_empty());
    desk.send(Message::Paste(" 08 2\n".into()));
    assert!(desk.screen().contains("4 1 7 0 8 2 ▏"));
    desk.press(KeyCode::Enter);
    assert_eq!(replies(&mut desk), [(session, FIRST, "417082".to_owned())]);
    assert!(desk.screen().contains("AWS is checking the code"));
    desk.press(KeyCode::Enter);
    assert!(words(&mut desk).is_empty(), "it is on its way already");
    let news = PromptNews::Over(FIRST);
    desk.send(Event::Prompted { session, news });
    assert_eq!(desk.screen.open_dialogs(), 0);
}

#[test]
fn a_refused_code_is_not_sent_again_while_its_device_shows_it() {
    let mut desk = asked((80, 24));
    at_second(&mut desk, 13);
    desk.keys("417082");
    desk.press(KeyCode::Enter);
    assert_eq!(words(&mut desk), ["417082"]);
    refuse(&mut desk, 1);
    let screen = desk.screen();
    assert!(screen.contains("That code was refused: wrong, used already,"));
    assert!(screen.contains("Code   ▏_ _ _ _ _ _"), "for the next one");
    desk.keys("417082");
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    assert!(screen.contains("That code was sent already; the next one can be"));
    assert!(screen.contains("tried in 17 s."), "{screen}");
    assert!(words(&mut desk).is_empty());
    // It runs down, and only as long as there is something to count.
    assert!(desk.screen.engine.is_busy());
    at_second(&mut desk, 29);
    assert!(desk.screen().contains("tried in 1 s."));
    at_second(&mut desk, 31);
    assert!(!desk.screen.engine.is_busy());
    assert!(desk.screen().contains("Try the one that the"));
    desk.press(KeyCode::Enter);
    assert_eq!(words(&mut desk), ["417082"], "in the next window");
}

#[test]
fn another_code_may_be_sent_in_the_same_window() {
    let mut desk = asked((80, 24));
    for (times, typed) in (1..).zip(["111111", "222222", "333333"]) {
        desk.keys(typed);
        desk.press(KeyCode::Enter);
        assert_eq!(words(&mut desk), [typed]);
        let clock = desk.screen().contains("and that its clock");
        assert!(!clock, "{times}");
        refuse(&mut desk, times);
    }
    let screen = desk.screen();
    assert!(
        screen.contains("Check that this is the right device"),
        "{screen}"
    );
}

#[test]
fn a_code_that_another_prompt_has_sent_counts_as_sent() {
    let mut desk = asked((80, 24));
    desk.keys("417082");
    desk.press(KeyCode::Enter);
    words(&mut desk);
    let session = desk.session();
    let news = PromptNews::Over(FIRST);
    desk.send(Event::Prompted { session, news });
    let instead = CodeAsked {
        purpose: Purpose::RoleInstead {
            role: "Admin".into(),
            why: "AccessDenied: no".into(),
        },
        ..code()
    };
    ask(&mut desk, PromptId(2), Asked::Code(instead));
    let screen = desk.screen();
    assert!(screen.contains("To assume the role Admin, with the next code."));
    desk.keys("417082");
    desk.press(KeyCode::Enter);
    assert!(desk.screen().contains("That code was sent already"));
    assert!(words(&mut desk).is_empty());
}

#[test]
fn nothing_moves_while_a_person_is_waited_for() {
    let mut desk = asked((80, 24));
    assert!(!desk.screen.engine.is_busy());
    desk.keys("417082");
    desk.press(KeyCode::Enter);
    assert!(desk.screen.engine.is_busy(), "AWS is waited for");
}

#[test]
fn what_is_not_given_is_offered_again() {
    let mut desk = asked((80, 24));
    let before = desk.session();
    desk.press(KeyCode::Esc);
    assert_eq!(words(&mut desk), ["Cancel"]);
    assert_eq!(desk.screen.open_dialogs(), 0);
    let problem = Problem {
        title: "Profile prod needs an MFA code".into(),
        offer: Some(Offer::Code),
        ..Problem::default()
    };
    desk.send(Event::SignedIn {
        session: before,
        result: Err(Box::new(problem)),
    });
    let screen = desk.screen();
    assert!(screen.contains("m  Sign in with an MFA code"), "{screen}");
    assert!(!screen.contains("Log in to IAM"), "it is not offered");
    desk.keys("l");
    assert_eq!(desk.session(), before, "and does nothing");
    desk.keys("m");
    assert!(desk.effects.iter().any(|effect| matches!(
        effect,
        Effect::SignInWith(session, Target::Ambient, Means::Code) if *session == desk.session()
    )));
    // What the session that was left still asks is asked by no one.
    let news = PromptNews::Asked(FIRST, Box::new(Asked::Code(code())));
    desk.send(Event::Prompted {
        session: before,
        news,
    });
    assert_eq!(desk.screen.open_dialogs(), 0);
}

#[test]
fn a_session_that_is_left_takes_its_prompt_along() {
    let mut desk = asked((80, 24));
    let slot = desk.screen.slot();
    desk.keys("41");
    desk.intend(Intent::SignIn(slot, Target::Demo));
    assert_eq!(desk.screen.open_dialogs(), 0);
    assert!(desk.screen.engine.needs().is_empty());
    // The next session's own begins with nothing typed.
    ask(&mut desk, FIRST, Asked::Code(code()));
    assert!(desk.screen().contains("Code   ▏_ _ _ _ _ _"));
}

#[test]
fn a_session_made_with_a_code_is_made_with_one_again() {
    let mut desk = Desk::showing((80, 24), settings(), &people());
    desk.effects.clear();
    desk.keys("m");
    let slot = desk.screen.slot();
    desk.effects.clear();
    desk.intend(Intent::SignIn(slot, Target::Ambient));
    let again = |effect: &Effect| matches!(effect, Effect::SignInWith(.., Means::Code));
    assert!(desk.effects.iter().any(again));
    // Unless it was not wanted, or another account is.
    ask(&mut desk, FIRST, Asked::Code(code()));
    desk.press(KeyCode::Esc);
    desk.effects.clear();
    desk.intend(Intent::SignIn(slot, Target::Ambient));
    assert!(!desk.effects.iter().any(again));
}

#[test]
fn a_prompt_for_a_renewal_comes_under_what_is_being_answered() {
    let mut desk = Desk::showing((80, 24), settings(), &people());
    desk.keys("?");
    assert_eq!(desk.screen.context(), Context::Help);
    ask(&mut desk, FIRST, Asked::Code(code()));
    assert_eq!(desk.screen.context(), Context::Help);
    desk.press(KeyCode::Esc);
    assert_eq!(desk.screen.context(), Context::Code);
    assert!(desk.screen().contains("MFA code for prod"));
}

#[test]
fn renewed_credentials_mend_a_session_that_had_expired() {
    let mut desk = Desk::showing((80, 24), settings(), &people());
    let session = desk.session();
    desk.keys("R");
    let mut error = crate::error(Kind::Expired);
    error.action = "iam:ListUsers";
    while let Some((request, _)) = desk.next_read() {
        desk.answered(request, Err(error.clone()));
    }
    assert!(desk.account().identity.broken.is_some());
    let expires = desk.clock + TimeDelta::hours(1);
    let result = Ok(Renewed {
        key: "ASIAALICE001EXAMPLE2".into(),
        expires: Some(expires),
    });
    desk.send(Event::Renewed { session, result });
    assert_eq!(desk.account().identity.expires, Some(expires));
    assert_eq!(desk.account().identity.key, "ASIAALICE001EXAMPLE2");
    assert!(desk.account().identity.broken.is_none());
    let read = desk.next_read();
    assert!(read.is_some(), "what had failed is asked again");
    let result = Err("there was no code".into());
    desk.send(Event::Renewed { session, result });
    assert!(
        desk.screen()
            .contains("could not be renewed: there was no code")
    );
}

#[test]
fn a_program_that_gives_the_code_is_told_of() {
    let mut desk = Desk::new((60, 16), settings());
    desk.effects.clear();
    let with = |program| {
        Asked::Code(CodeAsked {
            program: Some(program),
            ..code()
        })
    };
    ask(&mut desk, FIRST, with(CodeProgram::Running(None)));
    assert!(desk.screen.engine.is_busy());
    assert!(desk.screen().contains("mfa_process is running: touch your"));
    let said = CodeProgram::Running(Some("Touch your YubiKey...".into()));
    ask(&mut desk, FIRST, with(said));
    assert!(desk.screen().contains("It says: Touch your YubiKey..."));
    let failed = |reads_terminal| CodeProgram::Failed {
        why: "the program failed: exit status: 1".into(),
        reads_terminal,
    };
    ask(&mut desk, FIRST, with(failed(false)));
    let screen = desk.screen();
    assert!(
        screen.contains("mfa_process gave no code: the program"),
        "{screen}"
    );
    assert!(screen.contains("Sign in Enter"), "it can be typed instead");
}

#[test]
fn a_program_that_needs_the_terminal_is_told_how_it_gets_it() {
    let mut desk = asked((60, 16));
    let failed = |reads_terminal| {
        let program = CodeProgram::Failed {
            why:
                "the program asked for something on the terminal, which iamkeys uses, and was ended"
                    .into(),
            reads_terminal,
        };
        Asked::Code(CodeAsked {
            program: Some(program),
            ..code()
        })
    };
    ask(&mut desk, FIRST, failed(false));
    assert!(!desk.screen().contains("mfa_process_terminal"));
    ask(&mut desk, FIRST, failed(true));
    let screen = desk.screen();
    assert!(screen.contains("mfa_process_terminal = true"), "{screen}");
    assert!(screen.contains("Sign in Enter"), "{screen}");
}

#[test]
fn a_program_gets_the_terminal_once_its_dialog_is_on_top() {
    let wants = || {
        Asked::Code(CodeAsked {
            program: Some(CodeProgram::WantsTerminal),
            ..code()
        })
    };
    let mut desk = Desk::new((80, 24), settings());
    desk.keys("?");
    desk.effects.clear();
    ask(&mut desk, FIRST, wants());
    assert_eq!(desk.screen.context(), Context::Help);
    assert!(desk.screen.lend_terminal().is_none(), "it is not seen yet");
    desk.press(KeyCode::Esc);
    let (line, effects) = desk.screen.lend_terminal().expect("it is seen");
    assert!(
        line.contains(SERIAL) && line.contains("profile prod"),
        "{line}"
    );
    let [Effect::Reply(session, FIRST, Reply::Terminal)] = effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(session, desk.session());
    assert!(desk.screen.engine.lends_terminal());
    assert!(desk.screen.lend_terminal().is_none(), "once");
    // It has given a code, and the terminal is free.
    let sent = Asked::Code(CodeAsked {
        program: Some(CodeProgram::Sent),
        ..code()
    });
    ask(&mut desk, FIRST, sent);
    assert!(!desk.screen.engine.lends_terminal());
    // And where the session is left meanwhile, it is too.
    ask(&mut desk, PromptId(2), wants());
    assert!(desk.screen.lend_terminal().is_some());
    let session = desk.session();
    let news = PromptNews::Over(PromptId(2));
    desk.send(Event::Prompted { session, news });
    assert!(!desk.screen.engine.lends_terminal());
}

/// A renewal comes by itself, while a person types something else.
#[test]
fn where_nobody_has_asked_for_the_code_enter_gives_the_terminal() {
    let mut desk = Desk::showing((80, 24), settings(), &people());
    let wants = Asked::Code(CodeAsked {
        program: Some(CodeProgram::WantsTerminal),
        ..code()
    });
    desk.keys("j");
    ask(&mut desk, FIRST, wants);
    assert_eq!(desk.screen.context(), Context::Code);
    assert!(desk.screen.lend_terminal().is_none());
    desk.keys("jj");
    assert!(desk.screen.lend_terminal().is_none());
    let screen = desk.screen();
    assert!(screen.contains("Enter runs it in the terminal"), "{screen}");
    assert!(screen.contains("Run it Enter"), "{screen}");
    // The one that was on its way to the list.
    let key = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
    desk.send(Message::Key(KeyPress { key, read: false }));
    assert!(desk.screen.lend_terminal().is_none(), "nobody has read it");
    // A code that is begun is no such answer.
    desk.keys("123");
    assert!(desk.screen().contains("Sign in Enter"));
    desk.press(KeyCode::Enter);
    assert!(desk.screen.lend_terminal().is_none());
    for _ in 0..3 {
        desk.press(KeyCode::Backspace);
    }
    desk.press(KeyCode::Enter);
    assert!(desk.screen.lend_terminal().is_some());
}

#[test]
fn a_code_that_was_typed_first_keeps_the_terminal() {
    let mut desk = asked((80, 24));
    let wants = Asked::Code(CodeAsked {
        program: Some(CodeProgram::WantsTerminal),
        ..code()
    });
    ask(&mut desk, FIRST, wants);
    desk.keys("123456");
    desk.press(KeyCode::Enter);
    assert_eq!(words(&mut desk), ["123456"]);
    assert!(desk.screen.lend_terminal().is_none());
}

#[test]
fn that_a_code_is_too_short_is_said_until_the_text_changes() {
    let mut desk = asked((80, 24));
    desk.keys("1234");
    desk.press(KeyCode::Enter);
    assert!(desk.screen().contains("A code has 6 digits."));
    desk.keys("5");
    assert!(!desk.screen().contains("A code has 6 digits."));
    desk.press(KeyCode::Enter);
    assert!(
        desk.screen().contains("A code has 6 digits."),
        "it still is"
    );
    desk.press(KeyCode::Backspace);
    assert!(!desk.screen().contains("A code has 6 digits."));
    assert!(words(&mut desk).is_empty());
}

#[test]
fn all_of_a_refusal_fits_the_smallest_screen() {
    let mut desk = asked((60, 16));
    desk.keys("111111");
    desk.press(KeyCode::Enter);
    refuse(&mut desk, 3);
    let screen = desk.screen();
    for text in [
        SERIAL,
        "kept in memory only",
        "be tried in",
        "right device",
        "Sign in Enter",
    ] {
        assert!(screen.contains(text), "{text} in\n{screen}");
    }
}

fn login(way: LoginWay, until: DateTime<Utc>) -> Asked {
    Asked::Login(LoginAsked {
        name: "acme-org".into(),
        way,
        until,
        opened: None,
        may_browse: false,
        problem: None,
    })
}

fn device() -> LoginWay {
    LoginWay::Device {
        address: "https://device.sso.eu-west-1.amazonaws.com/?user_code=QFRD-KWZT".into(),
        code: "QFRD-KWZT".into(),
    }
}

#[test]
fn a_login_shows_its_page_its_code_and_the_time_left() {
    for size in [(80, 24), (60, 16)] {
        let mut desk = Desk::new(size, settings());
        desk.effects.clear();
        let until = desk.clock + TimeDelta::seconds(581);
        ask(&mut desk, FIRST, login(LoginWay::Preparing, until));
        assert!(desk.screen().contains("asking IAM Identity Center"));
        desk.keys("oyd");
        assert!(desk.effects.is_empty(), "there is no page yet");
        ask(&mut desk, FIRST, login(device(), until));
        let screen = desk.screen();
        for text in [
            "Sign in to acme-org",
            "https://device.sso.eu-west-1.amazonaws.com/",
            "and check that it shows this code  QFRD-KWZT",
            "waiting for you, 9 min 41 s left",
            "o open it here",
            "y copy the address",
            "Esc not now",
            "The token goes where the aws command keeps it.",
        ] {
            assert!(screen.contains(text), "{text} in\n{screen}");
        }
        assert!(desk.screen.engine.is_busy(), "the time runs down");
        desk.keys("od");
        assert_eq!(words(&mut desk), ["OpenHere"], "there is no other way");
        desk.keys("y");
        let copied = desk.effects.pop_front();
        let Some(Effect::Copy(clip)) = copied else {
            panic!("{copied:?}");
        };
        assert_eq!(clip.what, Copied::Address);
        assert!(clip.text.expose().ends_with("?user_code=QFRD-KWZT"));
        desk.press(KeyCode::Esc);
        assert_eq!(words(&mut desk), ["Cancel"]);
        assert_eq!(desk.screen.open_dialogs(), 0);
    }
}

#[test]
fn from_the_browser_here_one_can_change_to_a_code() {
    let mut desk = Desk::new((60, 16), settings());
    desk.effects.clear();
    let address = format!(
        "https://oidc.eu-west-1.amazonaws.com/authorize?{}",
        "x".repeat(400)
    );
    let until = desk.clock + TimeDelta::seconds(59);
    ask(
        &mut desk,
        FIRST,
        login(LoginWay::Browser { address }, until),
    );
    let screen = desk.screen();
    for text in [
        "with the browser on this machine:",
        "…",
        "59 s left",
        "d use a code instead",
    ] {
        assert!(screen.contains(text), "{text} in\n{screen}");
    }
    desk.keys("d");
    assert_eq!(words(&mut desk), ["DeviceCode"]);
}

#[test]
fn a_login_that_is_missing_is_offered() {
    let mut desk = Desk::new((80, 24), settings());
    let session = desk.session();
    let problem = Problem {
        title: "The SSO login of profile work is missing or has expired".into(),
        offer: Some(Offer::Login),
        ..Problem::default()
    };
    let result = Err(Box::new(problem));
    desk.send(Event::SignedIn { session, result });
    assert!(matches!(desk.account().stage, Stage::SignedOut(_)));
    assert!(desk.screen().contains("l  Log in to IAM Identity Center"));
    desk.effects.clear();
    desk.keys("l");
    let login = |effect: &Effect| matches!(effect, Effect::SignInWith(.., Means::Login));
    assert!(desk.effects.iter().any(login));
}

#[test]
fn an_explicit_denial_of_long_term_keys_offers_a_code() {
    let mut desk = Desk::new((80, 24), settings());
    desk.effects.clear();
    desk.signed_in(SignedIn {
        key: "AKIAALICE001EXAMPLE1".into(),
        ..SignedIn::default()
    });
    let mut denied = crate::error(Kind::Denied);
    denied.action = "iam:ListUsers";
    denied.message = "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: \
                      iam:ListUsers on resource: * with an explicit deny in an identity-based policy"
        .into();
    while let Some((request, _)) = desk.next_read() {
        desk.answered(request, Err(denied.clone()));
    }
    let screen = desk.screen();
    assert!(
        screen.contains("If it asks for MFA, m signs in"),
        "{screen}"
    );
    desk.keys("m");
    let code = |effect: &Effect| matches!(effect, Effect::SignInWith(.., Means::Code));
    assert!(desk.effects.iter().any(code));
}

#[test]
fn the_key_that_a_session_was_made_from_is_not_taken_away_by_the_way() {
    let mut desk = Desk::new((80, 24), settings());
    desk.effects.clear();
    desk.signed_in(SignedIn {
        key: "ASIAALICE001EXAMPLE9".into(),
        made_from: Some("AKIAALICE001EXAMPLE1".into()),
        ..SignedIn::default()
    });
    desk.serve(&people());
    assert!(desk.screen().contains("this session was made from it"));
    desk.keys("lt");
    desk.serve(&people());
    let screen = desk.screen();
    assert!(screen.contains("session was made from it"), "{screen}");
    assert!(screen.contains("Type the last 4"), "{screen}");
}
