//! A gate before the endpoint's socket: answers wait behind it as long as a test wants, and can be
//! falsified on their way.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
};

#[derive(Clone)]
pub(crate) struct Gate {
    addr: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    closed: bool,
    /// What holds this waits too.
    held: Option<Vec<u8>>,
    lies: Vec<(Vec<u8>, Vec<u8>)>,
}

impl State {
    fn stops(&self, answer: &[u8]) -> bool {
        let is_in = |text: &Vec<u8>| answer.windows(text.len()).any(|window| window == text);
        self.closed || self.held.as_ref().is_some_and(is_in)
    }
}

impl Gate {
    /// An open gate.
    pub(crate) fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let gate = Self {
            addr: listener.local_addr().unwrap(),
            state: Arc::default(),
        };
        let state = Arc::clone(&gate.state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Ok(server) = TcpStream::connect(server) {
                    connect(client, server, &state);
                }
            }
        });
        gate
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// No answer passes from now on. Requests do.
    pub(crate) fn close(&self) {
        self.state.0.lock().unwrap().closed = true;
    }

    /// No answer with this text in its beginning passes from now on. Others do.
    pub(crate) fn hold(&self, text: &str) {
        self.state.0.lock().unwrap().held = Some(text.into());
    }

    /// Lets the answers through that have gathered.
    pub(crate) fn open(&self) {
        let mut state = self.state.0.lock().unwrap();
        state.closed = false;
        state.held = None;
        drop(state);
        self.state.1.notify_all();
    }

    /// Puts something else into answers, of the same length.
    pub(crate) fn falsify(&self, truth: &str, lie: &str) {
        // So that the header's length stays true.
        assert_eq!(truth.len(), lie.len(), "{truth}");
        let mut state = self.state.0.lock().unwrap();
        state.lies.push((truth.into(), lie.into()));
    }
}

fn connect(client: TcpStream, server: TcpStream, state: &Arc<(Mutex<State>, Condvar)>) {
    let (mut requests, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut requests, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    });
    let (mut answers, mut to_client) = (server, client);
    let state = Arc::clone(state);
    thread::spawn(move || {
        let mut buffer = vec![0; 256 * 1024];
        while let Ok(count @ 1..) = answers.read(&mut buffer) {
            let mut state_now = state.0.lock().unwrap();
            while state_now.stops(&buffer[..count]) {
                state_now = state.1.wait(state_now).unwrap();
            }
            let answer = &mut buffer[..count];
            for (truth, lie) in &state_now.lies {
                let places = answer.windows(truth.len()).enumerate();
                let places: Vec<usize> = places
                    .filter(|(_, window)| window == truth)
                    .map(|(at, _)| at)
                    .collect();
                for at in places {
                    answer[at..at + lie.len()].copy_from_slice(lie);
                }
            }
            drop(state_now);
            if to_client.write_all(answer).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
}
