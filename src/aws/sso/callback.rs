//! Where a browser on this machine comes back to after a login: one path on a port of the loopback
//! interface, as long as the login is waited for.

use crate::engine::SecretKey;
use std::{io, net::Ipv4Addr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};

/// The path that is registered and redirected to.
pub(super) const PATH: &str = "/oauth/callback";

/// No request of a browser is longer.
const MOST: usize = 16 * 1024;

/// A browser that has connected sends its request within this time, or none.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a browser has come back with.
#[derive(Debug)]
pub(super) enum Came {
    /// The code that stands for the login.
    Code(SecretKey),
    /// The login was refused, for this reason.
    Refused(String),
    /// It was another login than the one that is waited for.
    Stranger,
}

/// The loopback port.
pub(super) struct Callback {
    listener: TcpListener,
    port: u16,
    state: SecretKey,
    connections: JoinSet<()>,
    came: (mpsc::Sender<Came>, mpsc::Receiver<Came>),
}

impl Callback {
    /// Listens for the login that carries this state.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub(super) async fn open(state: SecretKey) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(Self {
            port: listener.local_addr()?.port(),
            listener,
            state,
            connections: JoinSet::new(),
            came: mpsc::channel(4),
        })
    }

    /// The address that the browser is sent back to.
    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// Waits until a browser comes back. Dropped before, it goes on with the next call.
    pub(super) async fn came(&mut self) -> Came {
        loop {
            tokio::select! {
                Some(came) = self.came.1.recv() => return came,
                // A browser connects before it has anything to ask: each is waited for by itself.
                Ok((stream, _)) = self.listener.accept() => {
                    let (state, came) = (self.state.clone(), self.came.0.clone());
                    self.connections.spawn(async move {
                        if let Ok(Some(it)) = timeout(PATIENCE, answer(stream, &state)).await {
                            let _ = came.send(it).await;
                        }
                    });
                }
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    /// Lets the browser have its answer, and listens no more.
    pub(super) async fn close(mut self) {
        drop(self.listener);
        let rest = async { while self.connections.join_next().await.is_some() {} };
        let _ = timeout(Duration::from_millis(200), rest).await;
    }
}

/// Reads a request and answers it; says what came with it, if it is the one that is waited for.
async fn answer(mut stream: TcpStream, state: &SecretKey) -> Option<Came> {
    let line = request_line(&mut stream).await?;
    let came = read(&line, state);
    let (status, text) = match &came {
        None => ("404 Not Found", "There is nothing here."),
        Some(Came::Code(_)) => ("200 OK", "You are logged in. You can close this page."),
        Some(Came::Refused(_)) => ("200 OK", "The login was refused. You can close this page."),
        Some(Came::Stranger) => (
            "400 Bad Request",
            "This is not the login that iamkeys waits for. Begin it again from there.",
        ),
    };
    let page = format!(
        "<!doctype html><meta charset=utf-8><title>iamkeys</title>\
         <p style=\"font:1.2em sans-serif;margin:3em\">{text}</p>"
    );
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    came
}

/// The first line of a request, once all of its head is there.
async fn request_line(stream: &mut TcpStream) -> Option<SecretKey> {
    let mut head = Vec::with_capacity(MOST);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() >= MOST || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let line = head.split(|byte| *byte == b'\r').next()?;
    Some(SecretKey::new(str::from_utf8(line).ok()?.to_owned()))
}

/// What a request has come with; `None` where it is for something else.
fn read(line: &SecretKey, state: &SecretKey) -> Option<Came> {
    let mut words = line.expose().split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if method != "GET" || path != PATH {
        return None;
    }
    let get = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    };
    if get("state").is_none_or(|came| !same(&came, state.expose())) {
        return Some(Came::Stranger);
    }
    if let Some(why) = get("error_description").or_else(|| get("error")) {
        return Some(Came::Refused(why));
    }
    match get("code").filter(|code| !code.is_empty()) {
        Some(code) => Some(Came::Code(SecretKey::new(code))),
        None => Some(Came::Stranger),
    }
}

/// Whether two texts are the same, found out in a time that does not tell where they differ.
fn same(one: &str, other: &str) -> bool {
    let pairs = one.bytes().zip(other.bytes());
    one.len() == other.len() && pairs.fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(port: u16, target: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    fn secret(text: &str) -> SecretKey {
        SecretKey::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_browser_comes_back_with_the_code() {
        let mut callback = Callback::open(secret("abc")).await.unwrap();
        let port = callback.port;
        assert_eq!(callback.address(), format!("http://127.0.0.1:{port}{PATH}"));
        // It opens a connection first that it asks nothing over.
        let idle = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        let browser = tokio::spawn(async move {
            let nothing = get(port, "/favicon.ico").await;
            let answer = get(port, "/oauth/callback?code=a%2Fb&state=abc").await;
            (nothing, answer)
        });
        let came = callback.came().await;
        assert!(matches!(&came, Came::Code(code) if code.expose() == "a/b"));
        assert!(!format!("{came:?}").contains("a/b"));
        let (nothing, answer) = browser.await.unwrap();
        assert!(nothing.starts_with("HTTP/1.1 404 "), "{nothing}");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.contains("You are logged in."), "{answer}");
        assert!(!answer.contains("a/b"), "nothing is repeated: {answer}");
        drop(idle);
        callback.close().await;
        let after = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
        assert!(after.is_err(), "it listens no more");
    }

    #[tokio::test]
    async fn a_login_of_someone_else_is_none() {
        let mut callback = Callback::open(secret("abc")).await.unwrap();
        let port = callback.port;
        let strange = tokio::spawn(get(port, "/oauth/callback?code=theirs&state=abd"));
        assert!(matches!(callback.came().await, Came::Stranger));
        assert!(strange.await.unwrap().starts_with("HTTP/1.1 400 "));
        let refused = "/oauth/callback?error=access_denied&error_description=No+way&state=abc";
        let refused = tokio::spawn(get(port, refused));
        assert!(matches!(callback.came().await, Came::Refused(why) if why == "No way"));
        assert!(refused.await.unwrap().contains("The login was refused."));
    }

    #[test]
    fn only_the_path_and_the_state_that_are_waited_for_count() {
        let state = secret("abc");
        let came = |line: &str| read(&secret(line), &state);
        assert!(came("GET /oauth/callback?code=x&state=abc HTTP/1.1").is_some());
        assert!(came("POST /oauth/callback?code=x&state=abc HTTP/1.1").is_none());
        assert!(came("GET /oauth/callback2?code=x&state=abc HTTP/1.1").is_none());
        assert!(came("GET").is_none());
        for query in [
            "",
            "?code=x",
            "?code=x&state=",
            "?state=abc",
            "?code=&state=abc",
        ] {
            let line = format!("GET /oauth/callback{query} HTTP/1.1");
            assert!(matches!(came(&line), Some(Came::Stranger)), "{query}");
        }
    }
}
