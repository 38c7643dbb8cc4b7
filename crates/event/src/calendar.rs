//! The Gregorian calendar, in UTC and extended to all years: days by number from 1970-01-01.
//!
//! Own code, because dates are read and written for every event and no library is needed for two formulas. Both count in
//! years that begin in March, so that the leap day is the last of its year.

/// Full English names of the months.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Days from 1970-01-01 to a year, month (1 to 12) and day. A day that its month does not have, such as the 31st of
/// April, is counted on into the next.
pub fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a count of days from 1970-01-01: the inverse of [`day_of`].
pub fn date_of(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_centuries_round_trips() {
        let mut before = date_of(-150_001);
        for number in -150_000..150_000 {
            let date = date_of(number);
            assert_eq!(day_of(date.0, date.1, date.2), number);
            assert!(date > before);
            before = date;
        }
    }

    #[test]
    fn known_days() {
        // Calculated with Python's datetime: (date(y, m, d) - date(1970, 1, 1)).days.
        for (number, date) in [
            (0, (1970, 1, 1)),
            (-1, (1969, 12, 31)),
            (11_016, (2000, 2, 29)),
            (10_956, (1999, 12, 31)),
            (-719_162, (1, 1, 1)),
            (2_932_896, (9999, 12, 31)),
            (-25_508, (1900, 3, 1)),
        ] {
            assert_eq!((date_of(number), day_of(date.0, date.1, date.2)), (date, number));
        }
    }
}
