//! A Socket.IO client (protocol v4, long polling), as far as tests need one.

use super::http;
use serde_json::{Value, json};
use std::{collections::VecDeque, time::Duration};

/// Between packets of one answer (Engine.IO v4, "payload").
const SEPARATOR: char = '\u{1e}';
/// Nothing that a test waits for takes longer.
const PATIENCE: Duration = Duration::from_secs(15);

/// One connection.
pub(crate) struct Socket {
    url: String,
    http: reqwest::Client,
    heard: VecDeque<String>,
    asked: u32,
    is_closed: bool,
}

impl Socket {
    /// Open a connection and join the namespace with these credentials; what the server says of it.
    pub(crate) async fn open(base: &str, auth: &Value) -> Result<Self, Value> {
        Self::open_with(base, "", auth).await
    }

    /// The same with more in the address.
    pub(crate) async fn open_with(base: &str, query: &str, auth: &Value) -> Result<Self, Value> {
        let url = format!("{base}/socket.io/?EIO=4&transport=polling{query}");
        let http = http();
        let text = http.get(&url).send().await.unwrap().text().await.unwrap();
        let opened: Value = serde_json::from_str(text.trim_start_matches('0')).unwrap();
        let sid = opened["sid"].as_str().unwrap();
        let url = format!("{url}&sid={sid}");
        let mut socket = Self { url, http, heard: VecDeque::new(), asked: 0, is_closed: false };
        socket.send(&format!("40{auth}")).await;
        loop {
            let packet = socket.next().await.expect("closed before it was open");
            if let Some(refused) = packet.strip_prefix("44") {
                return Err(serde_json::from_str(refused).unwrap());
            }
            if packet.starts_with("40") {
                return Ok(socket);
            }
        }
    }

    async fn send(&mut self, packet: &str) -> u16 {
        let sent = self.http.post(&self.url).header("content-type", "text/plain;charset=UTF-8");
        sent.body(packet.to_owned()).send().await.unwrap().status().as_u16()
    }

    /// Send bytes that are no packet of ours; the status of the answer.
    pub(crate) async fn send_raw(&mut self, packet: &str) -> u16 {
        self.send(packet).await
    }

    /// The next packet; none once the server has closed the connection.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(packet) = self.heard.pop_front() {
                match packet.as_str() {
                    "2" => drop(self.send("3").await),
                    "41" | "1" => self.is_closed = true,
                    "6" => {}
                    _ => return Some(packet),
                }
                continue;
            }
            if self.is_closed {
                return None;
            }
            let answer = tokio::time::timeout(PATIENCE, self.http.get(&self.url).send()).await;
            let answer = answer.expect("the server says nothing").unwrap();
            if !answer.status().is_success() {
                self.is_closed = true;
                continue;
            }
            let text = answer.text().await.unwrap();
            self.heard.extend(text.split(SEPARATOR).filter(|it| !it.is_empty()).map(str::to_owned));
        }
    }

    /// Tell something that nobody acknowledges.
    pub(crate) async fn tell(&mut self, event: &str, data: &Value) {
        self.send(&format!("42{}", json!([event, data]))).await;
    }

    /// Ask, and wait for the acknowledgement. What is heard meanwhile is kept.
    pub(crate) async fn ask(&mut self, event: &str, data: &Value) -> Value {
        self.asked += 1;
        let number = self.asked;
        self.send(&format!("42{number}{}", json!([event, data]))).await;
        let mut meanwhile = Vec::new();
        let answer = loop {
            let packet = self.next().await.expect("closed before it answered");
            match packet.strip_prefix(&format!("43{number}")) {
                Some(answer) => break serde_json::from_str::<Value>(answer).unwrap()[0].clone(),
                None => meanwhile.push(packet),
            }
        };
        for packet in meanwhile.into_iter().rev() {
            self.heard.push_front(packet);
        }
        answer
    }

    /// Everything that is heard up to and with the next event of this name: names and payloads.
    pub(crate) async fn until(&mut self, event: &str) -> Vec<(String, Value)> {
        let mut heard = Vec::new();
        loop {
            let packet = self.next().await.unwrap_or_else(|| panic!("closed; heard {heard:?}"));
            let Some(text) = packet.strip_prefix("42") else { continue };
            let [name, payload]: [Value; 2] = serde_json::from_str(text).unwrap();
            let name = name.as_str().unwrap().to_owned();
            let is_last = name == event;
            heard.push((name, payload));
            if is_last {
                return heard;
            }
        }
    }

    /// Wait until the server closes the connection.
    pub(crate) async fn is_closed_by_the_server(&mut self) {
        while self.next().await.is_some() {}
    }
}
