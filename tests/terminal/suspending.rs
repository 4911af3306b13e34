//! Ctrl-Z and back, and being stopped by somebody else.

use crate::{CTRL_Z, World, have_it, pty, pty::Start};
use rustix::process::Signal;

const ENTER_SCREEN: &[u8] = b"\x1b[?1049h";
const LEAVE_SCREEN: &[u8] = b"\x1b[?1049l";
const BEGIN_KITTY: &[u8] = b"\x1b[>15u";
const END_KITTY: &[u8] = b"\x1b[<1u";

#[test]
fn a_shell_gets_the_terminal_and_fg_brings_the_program_back() {
    let iamkeys = env!("CARGO_BIN_EXE_iamkeys");
    let mut shell = Start::command("sh", ["-i"])
        .env("PS1", "prompt> ")
        .env("ENV", "/dev/null")
        .run();
    shell.wait_text("prompt>");
    shell.send(format!("{iamkeys} --demo\n").as_bytes());
    shell.wait_text("AKIAQX7DEMO4ALICE001");
    shell.press("j");
    shell.wait_text("AKIAQX7DEMO4BACKUP01");
    for times in 1..=2 {
        shell.press(CTRL_Z);
        shell.wait_raw(LEAVE_SCREEN, times);
        shell.wait_raw(END_KITTY, times);
        shell.wait_for("the shell's own screen", |screen| {
            !screen.alternate_screen()
                && !screen.bracketed_paste()
                && !screen.hide_cursor()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
                && screen.contents().trim_end().ends_with("prompt>")
        });
        shell.send(b"echo it is $((40 + 2))\n");
        shell.wait_text("it is 42");
        shell.send(b"clear; fg\n");
        shell.wait_raw(ENTER_SCREEN, times + 1);
        shell.wait_raw(BEGIN_KITTY, times + 1);
        shell.wait_for("all of the program's screen", |screen| {
            let text = screen.contents();
            screen.alternate_screen()
                && text.contains("─ backup-agent ─")
                && text.contains("AKIAQX7DEMO4BACKUP02")
                && text.contains("c create")
        });
    }
    // It takes keys again.
    shell.press("k");
    shell.wait_text("AKIAQX7DEMO4ALICE001");
    shell.press("q");
    // Until the shell is back, what is typed may still be read by the program.
    shell.wait_for("the shell's prompt", |screen| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with("prompt>")
    });
    shell.send(b"echo code $?\n");
    shell.wait_text("code 0");
    shell.send(b"exit\n");
    shell.wait_exit().assert_clean(0);
}

#[test]
fn without_a_shell_it_just_goes_on() {
    let world = World::demo();
    let mut program = world.start().run();
    let key = world.create_key(&mut program);
    program.press(CTRL_Z);
    program.wait_raw(ENTER_SCREEN, 2);
    program.wait_text(key.as_str());
    program.wait_text("Esc close");
    program.press("y");
    program.wait_text("secret sent");
    have_it(&mut program);
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn stopped_by_somebody_else_it_takes_the_terminal_again() {
    let world = World::demo();
    let mut program = world.start().run();
    let key = world.create_key(&mut program);
    program.signal(Signal::STOP);
    // Somebody else writes over it meanwhile; the program cannot know.
    program.signal(Signal::CONT);
    program.wait_raw(ENTER_SCREEN, 2);
    program.wait_text(key.as_str());
    assert!(!program.is_cooked());
    program.press("y");
    program.wait_text("secret sent");
    program.signal(Signal::TERM);
    let ended = program.wait_exit();
    ended.assert_clean(143);
    // No terminal was asked anything: not every one answers.
    assert_eq!(pty::count(&ended.raw, b"\x1b[6n"), 0);
}
