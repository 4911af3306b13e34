//! The program that gives codes has the terminal: the screen makes room for it, and comes back.

use crate::{
    CTRL_C, CTRL_Z, ENTER, ESC, World,
    mfa::{SERIAL, code, enter, keys, quit, start, with_device},
    pty::{Program, Start},
};
use rustix::process::{Pid, Signal, kill_process};

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
    // Another size is no reason to draw, nor is a spinner: it turns many times until the code is typed.
    program.resize(100, 30);
    program.press(&code(&world));
    let screen = program.screen();
    assert!(screen.contains("Password, please:"), "{screen}");
    assert!(!screen.contains("mfa_process has the terminal"), "{screen}");
    program.press(ENTER);
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

/// A shell in whose foreground the program has lent the terminal.
fn lent_in_a_shell(world: &World, config: &str, script: &str) -> Program {
    let iamkeys = env!("CARGO_BIN_EXE_iamkeys");
    let url = world.url();
    let mut shell = Start::command("sh", ["-i"])
        .env("PS1", "prompt> ")
        .env("ENV", "/dev/null")
        .file(".aws/credentials", &keys())
        .file(".aws/config", &with_device())
        .file(CONFIG, config)
        .file("code", script)
        .run();
    shell.wait_text("prompt>");
    shell.send(format!("{iamkeys} --endpoint-url {url} --profile base\n").as_bytes());
    wait_for_question(&mut shell);
    shell
}

fn wait_for_prompt(shell: &mut Program) {
    shell.wait_for("the shell's prompt", |screen| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with("prompt>")
    });
}

#[test]
fn ctrl_z_stops_both_and_fg_goes_on_with_the_question() {
    let world = World::demo();
    let mut shell = lent_in_a_shell(&world, LENDS, ASKS);
    shell.send(CTRL_Z.as_bytes());
    wait_for_prompt(&mut shell);
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
    wait_for_prompt(&mut shell);
    shell.send(b"exit\n");
    shell.wait_exit().assert_clean(0);
}

#[test]
fn what_was_stopped_can_be_ended_in_the_background() {
    let world = World::demo();
    let mut shell = lent_in_a_shell(&world, LENDS, ASKS);
    shell.send(CTRL_Z.as_bytes());
    wait_for_prompt(&mut shell);
    shell.press(" ");
    // To wait for a stopped job may end at once.
    shell.send(b"kill %1; kill -CONT %1\n");
    shell.send(b"while kill -0 %1; do wait %1; said=$?; done 2>&-; echo it said $said\n");
    shell.wait_text("it said 143");
    shell.send(b"stty echo; exit\n");
    shell.wait_exit().assert_clean(0);
}

#[test]
fn a_signal_ends_all_of_a_pipeline() {
    let world = World::demo();
    let config = LENDS.replace("'sh", "'echo $PPID >\"$HOME/parent\"; sh");
    let config = config.replace("hunter2", "hunter2 | tail -n 1");
    let script = format!("echo $$ >\"$HOME/reader\"\n{ASKS}");
    let mut shell = lent_in_a_shell(&world, &config, &script);
    let number = |file| {
        let text = std::fs::read_to_string(shell.home().join(file)).unwrap();
        text.trim().to_owned()
    };
    let (parent, reader) = (number("parent"), number("reader"));
    let parent = Pid::from_raw(parent.parse().unwrap()).unwrap();
    kill_process(parent, Signal::TERM).unwrap();
    wait_for_prompt(&mut shell);
    // It would be said what it is, if it were there; it may be dead and not waited for.
    let look = format!("ps -o stat= -p {reader} | grep -v Z; echo it is $((40 + 2))\n");
    shell.send(look.as_bytes());
    shell.wait_text("it is 42");
    let screen = shell.screen();
    let lines: Vec<_> = screen.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| *line == "it is 42").unwrap();
    assert!(lines[at - 1].contains("echo it is"), "{screen}");
    shell.send(b"exit\n");
    shell.wait_exit().assert_clean(0);
}

/// What a program with a screen of its own sets, and does not put right when it is killed: rows that
/// scroll and are counted from, insertion, the mouse, no cursor.
const SETS: &str = "printf '\\033[5;10r\\033[?6h\\033[4h\\033[?1000h\\033[?25l' >/dev/tty\n";

#[test]
fn a_signal_ends_both_and_leaves_the_terminal_as_it_was() {
    let world = World::demo();
    for script in [
        ASKS.to_owned(),
        format!("{ASKS}{SETS}read -r more </dev/tty\n"),
    ] {
        let mut program = with(&world, &script, LENDS).run();
        wait_for_question(&mut program);
        if script != ASKS {
            program.send(b"no code\n");
            program.wait_for("what it sets", vt100::Screen::hide_cursor);
        }
        program.signal(Signal::TERM);
        program.wait_exit().assert_clean(143);
    }
}

#[test]
fn what_it_has_set_is_put_right_before_the_screen_is_drawn() {
    let world = World::demo();
    let script = format!("{ASKS}{SETS}exit 7\n");
    let mut program = with(&world, &script, LENDS).run();
    wait_for_question(&mut program);
    program.send(b"no code\n");
    program.wait_text("status: 7");
    // Not every terminal keeps this apart for each of its two screens, as the one of these tests does.
    program.wait_raw(b"\x1b[?6l\x1b[r\x1b[4l", 1);
    enter(&mut program, &code(&world));
    program.wait_text("Users 24");
    quit(program);
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
