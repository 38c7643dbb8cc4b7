//! As much of Kafka's protocol as tests need of a cluster: who is there, which topics, and making and deleting them.
//! Versions of requests are those that Kafka 2.1 to 3.9 understand: Metadata 4, CreateTopics 2, DeleteTopics 1.

mod wire;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::Error;
use wire::{Reader, Writer};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer that is believed.
const MAX_ANSWER: usize = 16 << 20;

const METADATA: i16 = 3;
const CREATE_TOPICS: i16 = 19;
const DELETE_TOPICS: i16 = 20;

/// Error numbers of the protocol that mean something here.
const UNKNOWN_TOPIC: i16 = 3;
const LEADER_NOT_AVAILABLE: i16 = 5;

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its number.
    pub partition: i32,
    /// The broker that leads it; nothing while there is none.
    pub leader: Option<i32>,
    /// The brokers that hold it.
    pub replicas: Vec<i32>,
    /// Those of them that are in sync.
    pub in_sync: Vec<i32>,
}

/// Asks one broker, with a connection for each question.
#[derive(Debug, Clone)]
pub struct KafkaClient {
    address: String,
}

/// What a broker knows of its cluster.
pub(crate) struct Metadata {
    pub(crate) brokers: Vec<i32>,
    pub(crate) topics: Vec<(String, i16, Vec<Partition>)>,
}

impl KafkaClient {
    /// A client of the broker at `address` (`host:port`); nothing is connected yet.
    #[must_use]
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned() }
    }

    /// The ids of the brokers that are alive, in order.
    ///
    /// # Errors
    /// The broker cannot be reached or answers something else.
    pub fn brokers(&self) -> Result<Vec<i32>, Error> {
        let mut brokers = self.metadata(Some(&[]))?.brokers;
        brokers.sort_unstable();
        Ok(brokers)
    }

    /// The names of all topics, in order, Kafka's own among them.
    ///
    /// # Errors
    /// As [`brokers`](Self::brokers).
    pub fn topics(&self) -> Result<Vec<String>, Error> {
        let mut names: Vec<String> = self.metadata(None)?.topics.into_iter().map(|(name, ..)| name).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// The partitions of a topic by number, or nothing when there is no such topic. Never makes one.
    ///
    /// # Errors
    /// As [`brokers`](Self::brokers).
    pub fn partitions(&self, topic: &str) -> Result<Option<Vec<Partition>>, Error> {
        let metadata = self.metadata(Some(&[topic]))?;
        let Some((_, error, mut partitions)) = metadata.topics.into_iter().find(|(name, ..)| name == topic)
        else {
            return Err(self.wrong("metadata without the topic asked for"));
        };
        partitions.sort_unstable_by_key(|p| p.partition);
        match error {
            0 | LEADER_NOT_AVAILABLE => Ok(Some(partitions)),
            UNKNOWN_TOPIC => Ok(None),
            number => Err(self.wrong(format!("metadata of {topic}: error {number}"))),
        }
    }

    /// Makes a topic with settings of its own, for instance `("message.timestamp.type", "LogAppendTime")`.
    ///
    /// # Errors
    /// As [`brokers`](Self::brokers); and what the broker refuses, for instance a topic that exists.
    pub fn create_topic(
        &self,
        topic: &str,
        partitions: i32,
        replicas: i16,
        settings: &[(&str, &str)],
    ) -> Result<(), Error> {
        let mut body = Writer::default();
        body.array(&[topic], |body, topic| {
            body.string(topic);
            body.i32(partitions);
            body.i16(replicas);
            // No assignment of replicas to brokers of our own.
            body.i32(0);
            body.array(settings, |body, (name, value)| {
                body.string(name);
                body.string(value);
            });
        });
        body.i32(10_000);
        // Not only a check.
        body.i8(0);
        let answer = self.ask(CREATE_TOPICS, 2, &body)?;
        self.outcome(topic, &answer, true)
    }

    /// Deletes a topic.
    ///
    /// # Errors
    /// As [`brokers`](Self::brokers); and what the broker refuses.
    pub fn delete_topic(&self, topic: &str) -> Result<(), Error> {
        let mut body = Writer::default();
        body.array(&[topic], |body, topic| body.string(topic));
        body.i32(10_000);
        let answer = self.ask(DELETE_TOPICS, 1, &body)?;
        self.outcome(topic, &answer, false)
    }

    /// Of the topics asked for; of all when none are named.
    fn metadata(&self, topics: Option<&[&str]>) -> Result<Metadata, Error> {
        let mut body = Writer::default();
        match topics {
            Some(topics) => body.array(topics, |body, topic| body.string(topic)),
            None => body.i32(-1),
        }
        // No topic is made by asking for it.
        body.i8(0);
        let answer = self.ask(METADATA, 4, &body)?;
        self.read_metadata(&mut Reader::new(&answer)).ok_or_else(|| self.wrong("metadata cut short"))
    }

    fn read_metadata(&self, answer: &mut Reader<'_>) -> Option<Metadata> {
        answer.i32()?;
        let brokers = answer.array(|answer| {
            let id = answer.i32()?;
            answer.string()?;
            answer.i32()?;
            answer.string()?;
            Some(id)
        })?;
        answer.string()?;
        answer.i32()?;
        let topics = answer.array(|answer| {
            let error = answer.i16()?;
            let name = answer.string()??;
            answer.i8()?;
            let partitions = answer.array(|answer| {
                answer.i16()?;
                Some(Partition {
                    partition: answer.i32()?,
                    leader: Some(answer.i32()?).filter(|leader| *leader >= 0),
                    replicas: answer.array(Reader::i32)?,
                    in_sync: answer.array(Reader::i32)?,
                })
            })?;
            Some((name, error, partitions))
        })?;
        Some(Metadata { brokers, topics })
    }

    /// The error numbers of an answer about topics, with a text each in `with_text`.
    fn outcome(&self, topic: &str, answer: &[u8], with_text: bool) -> Result<(), Error> {
        let mut answer = Reader::new(answer);
        let outcomes = answer.i32().and_then(|_| {
            answer.array(|answer| {
                answer.string()?;
                let error = answer.i16()?;
                Some((error, if with_text { answer.string()? } else { None }))
            })
        });
        match outcomes.ok_or_else(|| self.wrong("an answer cut short"))?.as_slice() {
            [(0, _)] => Ok(()),
            [(number, text)] => {
                let text = text.as_deref().unwrap_or("no text");
                Err(self.wrong(format!("{topic}: error {number}, {text}")))
            }
            _ => Err(self.wrong("an answer for another number of topics")),
        }
    }

    /// One request (header version 1, with a client's name) and the body of its answer.
    fn ask(&self, key: i16, version: i16, body: &Writer) -> Result<Vec<u8>, Error> {
        let mut request = Writer::default();
        request.i16(key);
        request.i16(version);
        request.i32(1);
        request.string("tidegate-harness");
        request.raw(body.bytes());
        let answer = self.exchange(&request).map_err(Error::io(format!("asking {}", self.address)))?;
        // The number of the request comes first.
        answer.get(4..).map(<[u8]>::to_vec).ok_or_else(|| self.wrong("an answer cut short"))
    }

    fn exchange(&self, request: &Writer) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        let length = u32::try_from(request.bytes().len()).map_err(std::io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes(), request.bytes()].concat())?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > MAX_ANSWER {
            return Err(std::io::Error::other(format!("an answer of {length} bytes")));
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    }

    fn wrong(&self, what: impl Into<String>) -> Error {
        Error::Answer { peer: self.address.clone(), what: what.into() }
    }
}
