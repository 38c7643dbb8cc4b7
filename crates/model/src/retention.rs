//! Retention as models write it (model-xml 7).

use crate::index_type::IndexType;
use crate::interval::Interval;
use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::reader::Reader;
use crate::xml::{Element, Position};

/// Which rows go, and when (engine-semantics 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetentionPolicy {
    /// `bycount_sliding`: the oldest rows beyond this count.
    ByCountSliding(u64),
    /// `bycount_jumping`: all older rows when a row arrives beyond this count.
    ByCountJumping(u64),
    /// `bytime_sliding`: rows as old as this.
    ByTimeSliding(Interval),
    /// `bytime_jumping`: all rows at the end of each such period.
    ByTimeJumping(Interval),
    /// `bytime_jumping_lookback`: at the end of each period, rows as old as the look-back.
    ByTimeJumpingLookback {
        /// The period.
        limit: Interval,
        /// The span that stays.
        lookback: Interval,
    },
}

impl RetentionPolicy {
    /// The type as models write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ByCountSliding(_) => "bycount_sliding",
            Self::ByCountJumping(_) => "bycount_jumping",
            Self::ByTimeSliding(_) => "bytime_sliding",
            Self::ByTimeJumping(_) => "bytime_jumping",
            Self::ByTimeJumpingLookback { .. } => "bytime_jumping_lookback",
        }
    }
}

/// A window's `<retention>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The policy with its limit.
    pub policy: RetentionPolicy,
    /// The date or stamp field that gives a row's time; without one, the clock does.
    pub field: Option<String>,
    /// Where the element stands.
    pub position: Position,
}

#[derive(Clone, Copy)]
enum Kind {
    CountSliding,
    CountJumping,
    TimeSliding,
    TimeJumping,
    TimeJumpingLookback,
}

const KINDS: [(&str, Kind); 5] = [
    ("bytime_sliding", Kind::TimeSliding),
    ("bytime_jumping", Kind::TimeJumping),
    ("bytime_jumping_lookback", Kind::TimeJumpingLookback),
    ("bycount_sliding", Kind::CountSliding),
    ("bycount_jumping", Kind::CountJumping),
];

impl Retention {
    pub(crate) fn read(element: &Element, mistakes: &mut Mistakes) -> Option<Self> {
        let mut reader = Reader::new(element);
        let kind = reader.required_attr("type", mistakes);
        let field = reader.attr("field").map(|field| field.value.trim().to_owned()).filter(|f| !f.is_empty());
        let unit = reader.attr("unit");
        reader.finish(mistakes);
        let kind = kind?;
        let name = kind.value.trim();
        let Some((_, kind)) = KINDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
            let message = format!("'{name}' is no type of retention");
            let mistake = Mistake::new(kind.position, MistakeKind::UnknownRetention, message);
            mistakes.push(mistake.nearest(name, KINDS.iter().map(|(known, _)| *known)));
            return None;
        };
        let limit = element.text.trimmed();
        let policy = match kind {
            Kind::CountSliding => count(limit).map(RetentionPolicy::ByCountSliding),
            Kind::CountJumping => count(limit).map(RetentionPolicy::ByCountJumping),
            Kind::TimeSliding => Interval::parse_or_seconds(limit).map(RetentionPolicy::ByTimeSliding),
            Kind::TimeJumping => Interval::parse_or_seconds(limit).map(RetentionPolicy::ByTimeJumping),
            Kind::TimeJumpingLookback => {
                let Some(unit) = unit else {
                    let message = "bytime_jumping_lookback needs the attribute 'unit', the span that stays";
                    mistakes.add(element.position, MistakeKind::MissingAttribute, message);
                    return None;
                };
                let text = unit.value.trim();
                let lookback = Interval::parse(text).or_else(|| Interval::parse(&format!("1 {text}")));
                let Some(lookback) = lookback else {
                    let message = format!("'{text}' is no span of time (unit, retention)");
                    let mistake = Mistake::new(unit.position, MistakeKind::BadInterval, message);
                    mistakes.push(mistake.hint("write it like: 1 hour"));
                    return None;
                };
                Interval::parse_or_seconds(limit)
                    .map(|limit| RetentionPolicy::ByTimeJumpingLookback { limit, lookback })
            }
        };
        let Some(policy) = policy else {
            let by_count = matches!(kind, Kind::CountSliding | Kind::CountJumping);
            let hint = if by_count { "write a positive count" } else { "write it like: 5 seconds" };
            let message = format!("'{limit}' is no amount for the retention {name}");
            mistakes.push(
                Mistake::new(element.text.position(), MistakeKind::BadRetentionLimit, message).hint(hint),
            );
            return None;
        };
        Some(Self { policy, field, position: element.position })
    }
}

fn count(text: &str) -> Option<u64> {
    text.parse().ok().filter(|&count| count > 0)
}

/// Reads an index attribute.
pub(crate) fn index_attr(
    reader: &mut Reader<'_>,
    name: &'static str,
    mistakes: &mut Mistakes,
) -> Option<IndexType> {
    let attribute = reader.attr(name)?;
    let text = attribute.value.trim();
    if let Some((known, index)) =
        IndexType::SPELLINGS.iter().find(|(known, _)| known.eq_ignore_ascii_case(text))
    {
        if *known == "pi_HLEVELDB" {
            let message = format!("pi_HLEVELDB of {} is kept in memory, as pi_HASH", reader.label());
            mistakes.warn(Mistake::new(attribute.position, MistakeKind::NoEffect, message));
        }
        return Some(*index);
    }
    let message = format!("'{text}' is no index type ({name}, {})", reader.label());
    let mistake = Mistake::new(attribute.position, MistakeKind::UnknownIndexType, message);
    mistakes.push(mistake.nearest(text, IndexType::SPELLINGS.iter().map(|(known, _)| *known)));
    None
}
