//! The program that gives codes has the terminal: the screen makes room for it, and comes back.

use crate::{
    CTRL_C, CTRL_Z, ESC, World,
    mfa::{SERIAL, code, enter, keys, quit, start, with_device},
    pty::{Program, Start},
};
use rustix::process::Signal;

const CONFIG: &str = ".config/iamkeys/config.toml";

/// The config of a program that is a script in the home directory, and gets the terminal.
const LENDS: &str = "mfa_process = 'sh \"$HOME/code\" --password hunter2'\n\
                     mfa_process_terminal = true\n";

/// Asks for a code on the terminal, as for a password, and prints it.
const ASKS: &str = "stty -echo </dev/tty\nprintf 'Password, please: ' >/dev/tty\n\
                    read -r code </dev/tty\nstty echo </dev/tty\necho \"$code\"\n";

fn with(world: &World, script: &str, config: &str) -> Start {
    let start = start(world, "base", &with_device());
    start.file(CONFIG, config).file("code", script)
}

/// Waits until the program that gives codes has the terminal and asks for something.
fn wait_for_question(program: &mut Program) {
    program.wait_for("a terminal like a shell's, and a question", |screen| {
        !screen.alternate_screen()
            && !screen.bracketed_paste()
            && !screen.hide_cursor()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
            && screen.contents().contains("Password, please:")
    });
}

#[test]
fn it_asks_on_the_terminal_and_the_screen_comes_back_with_what_it_has_printed() {
    let world = World::demo();
    let mut program = with(&world, ASKS, LENDS).run();
    wait_for_question(&mut program);
    let said = program.screen().split_whitespace().collect::<String>();
    assert!(
        said.contains(&format!("device{SERIAL}ofprofilebase")),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    // Another size is no reason to draw.
    program.resize(100, 30);
    program.send(format!("{}\n", code(&world)).as_bytes());
    program.wait_text("Users 24");
    program.wait_for("the program's screen", vt100::Screen::alternate_screen);
    assert!(!program.is_cooked());
    quit(program);
}

#[test]
fn the_terminal_answers_what_it_was_asked_before_it_is_lent() {
    let world = World::demo();
    let start = with(&world, ASKS, LENDS).env("COLORTERM", "truecolor");
    let mut program = start.run();
    program.wait_raw(b"\x1b]11;?", 1);
    program.wait_text("mfa_process is waiting for the terminal.");
    program.send(b"\x1b]11;rgb:0000/0000/0000\x1b\\");
    wait_for_question(&mut program);
    program.send(format!("{}\n", code(&world)).as_bytes());
    program.wait_text("Users 24");
    quit(program);
    // And one that does not answer is not waited for long.
    let start = with(&world, ASKS, LENDS).env("COLORTERM", "truecolor");
    let mut program = start.run();
    wait_for_question(&mut program);
    program.send(CTRL_C.as_bytes());
    program.wait_text("interrupted");
    program.press(ESC);
    program.wait_text("Profile base needs an MFA code");
    quit(program);
}

#[test]
fn ctrl_c_interrupts_it_alone_and_the_code_can_be_typed_instead() {
    let world = World::demo();
    let mut program = with(&world, ASKS, LENDS).run();
    wait_for_question(&mut program);
    program.send(CTRL_C.as_bytes());
    program.wait_text("mfa_process gave no code: the program was");
    program.wait_text("interrupted");
    program.wait_text("MFA code for base");
    assert!(!program.screen().contains("Leave"), "nobody wants to");
    enter(&mut program, &code(&world));
    program.wait_text("Users 24");
    // With the echo, which the script had switched off.
    quit(program);
}

#[test]
fn what_it_fails_with_is_said_in_the_dialog() {
    let world = World::demo();
    let script = format!("{ASKS}exit 7\n");
    let mut program = with(&world, &script, LENDS).run();
    wait_for_question(&mut program);
    // What it has not read is not typed here.
    program.send(b"no code\n999999");
    program.wait_text("mfa_process gave no code: the program failed:");
    program.wait_text("status: 7");
    enter(&mut program, &code(&world));
    program.wait_text("Users 24");
    quit(program);
}

#[test]
fn ctrl_z_stops_both_and_fg_goes_on_with_the_question() {
    let world = World::demo();
    let iamkeys = env!("CARGO_BIN_EXE_iamkeys");
    let url = world.url();
    let mut shell = Start::command("sh", ["-i"])
        .env("PS1", "prompt> ")
        .env("ENV", "/dev/null")
        .file(".aws/credentials", &keys())
        .file(".aws/config", &with_device())
        .file(CONFIG, LENDS)
        .file("code", ASKS)
        .run();
    shell.wait_text("prompt>");
    shell.send(format!("{iamkeys} --endpoint-url {url} --profile base\n").as_bytes());
    wait_for_question(&mut shell);
    shell.send(CTRL_Z.as_bytes());
    shell.wait_for("the shell's prompt", |screen| {
        screen.contents().trim_end().ends_with("prompt>")
    });
    // A person's first key comes when both have stopped.
    shell.press(" ");
    shell.send(b"echo it is $((40 + 2))\n");
    shell.wait_text("it is 42");
    shell.send(b"fg\n");
    shell.wait_for("what goes on", |screen| {
        screen.contents().matches("--profile base").count() == 2
    });
    shell.send(format!("{}\n", code(&world)).as_bytes());
    shell.wait_text("Users 24");
    shell.press("q");
    shell.wait_for("the shell's prompt", |screen| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with("prompt>")
    });
    shell.send(b"exit\n");
    shell.wait_exit().assert_clean(0);
}

#[test]
fn a_signal_ends_both_and_leaves_the_terminal_as_it_was() {
    let world = World::demo();
    let mut program = with(&world, ASKS, LENDS).run();
    wait_for_question(&mut program);
    program.signal(Signal::TERM);
    program.wait_exit().assert_clean(143);
}

#[test]
fn without_the_key_it_is_told_how_it_gets_the_terminal() {
    let world = World::demo();
    let config = "mfa_process = 'read code </dev/tty; echo $code'\n";
    let mut program = with(&world, "", config).run();
    program.wait_text("mfa_process gave no code: the program asked for");
    program.wait_text("mfa_process_terminal = true");
    enter(&mut program, &code(&world));
    program.wait_text("Users 24");
    quit(program);
}
