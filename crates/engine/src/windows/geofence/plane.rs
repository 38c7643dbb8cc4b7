//! The two kinds of coordinates, and how far a place is from a line.

/// Mean radius of the earth, in metres.
const EARTH_RADIUS: f64 = 6_371_000.0;

/// `coordinate-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coordinates {
    /// A flat plane; distances are in its own unit.
    Cartesian,
    /// x is longitude and y latitude, in degrees; distances are in metres, along great circles.
    Geographic,
}

pub(super) type Vector = [f64; 3];

/// A place, as it was given and in space: on the plane z = 0, or on the unit sphere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) at: Vector,
}

/// A straight line, or an arc of a great circle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    from: Vector,
    to: Vector,
    /// Direction on the plane, normal of the arc's circle on the sphere; its length is 1, or 0 for a segment without extent.
    axis: Vector,
}

/// Where along a segment the place nearest to another one lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Along {
    Before,
    Within,
    After,
}

/// How a place lies to a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Nearness {
    /// To the nearest place of the segment.
    pub(super) distance: f64,
    /// To the line through the segment, positive on its left; for comparison only.
    pub(super) across: f64,
    pub(super) along: Along,
}

fn minus(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn length(a: Vector) -> f64 {
    a[0].hypot(a[1]).hypot(a[2])
}

fn unit(a: Vector) -> Vector {
    let length = length(a);
    if length > 0.0 { a.map(|part| part / length) } else { [0.0; 3] }
}

impl Coordinates {
    /// A place, unless it is none: not finite, or beyond a pole.
    pub(super) fn place(self, x: f64, y: f64) -> Option<Place> {
        if !x.is_finite() || !y.is_finite() {
            return None;
        }
        match self {
            Self::Cartesian => Some(Place { x, y, at: [x, y, 0.0] }),
            Self::Geographic if y.abs() > 90.0 => None,
            Self::Geographic => {
                let (longitude, latitude) = (x.to_radians(), y.to_radians());
                let ring = latitude.cos();
                Some(Place { x, y, at: [ring * longitude.cos(), ring * longitude.sin(), latitude.sin()] })
            }
        }
    }

    /// The distance between two places.
    pub(super) fn distance(self, a: Vector, b: Vector) -> f64 {
        let chord = length(minus(a, b));
        match self {
            Self::Cartesian => chord,
            Self::Geographic => 2.0 * EARTH_RADIUS * (chord / 2.0).min(1.0).asin(),
        }
    }

    /// The straight distance in space that belongs to a distance.
    pub(super) fn chord(self, distance: f64) -> f64 {
        match self {
            Self::Cartesian => distance,
            Self::Geographic => {
                let angle = (distance / EARTH_RADIUS).min(std::f64::consts::PI);
                2.0 * (angle / 2.0).sin()
            }
        }
    }

    /// The segment between two places.
    pub(super) fn segment(self, from: Vector, to: Vector) -> Segment {
        let axis = match self {
            Self::Cartesian => unit(minus(to, from)),
            Self::Geographic => unit(cross(from, to)),
        };
        Segment { from, to, axis }
    }

    /// How `place` lies to `segment`.
    pub(super) fn nearness(self, segment: &Segment, place: Vector) -> Nearness {
        let Segment { from, to, axis } = *segment;
        let (across, ahead_of_from, short_of_to, distance) = match self {
            Self::Cartesian => {
                let across = cross(axis, minus(place, from))[2];
                (across, dot(axis, minus(place, from)), dot(axis, minus(to, place)), across.abs())
            }
            Self::Geographic => {
                let across = dot(axis, place);
                let distance = EARTH_RADIUS * across.abs().min(1.0).asin();
                (across, dot(cross(axis, from), place), dot(cross(to, axis), place), distance)
            }
        };
        let has_extent = axis != [0.0; 3];
        if has_extent && ahead_of_from >= 0.0 && short_of_to >= 0.0 {
            return Nearness { distance, across, along: Along::Within };
        }
        let (start, end) = (self.distance(from, place), self.distance(to, place));
        let along = if !has_extent {
            Along::Within
        } else if start <= end {
            Along::Before
        } else {
            Along::After
        };
        Nearness { distance: start.min(end), across, along }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(x: f64, y: f64) -> Vector {
        Coordinates::Geographic.place(x, y).unwrap().at
    }

    /// The law of haversines, written on its own.
    fn haversine(a: (f64, f64), b: (f64, f64)) -> f64 {
        let (lat_a, lat_b) = (a.1.to_radians(), b.1.to_radians());
        let (d_lat, d_lon) = (lat_b - lat_a, (b.0 - a.0).to_radians());
        let h = (d_lat / 2.0).sin().powi(2) + lat_a.cos() * lat_b.cos() * (d_lon / 2.0).sin().powi(2);
        2.0 * 6_371_000.0 * h.sqrt().min(1.0).asin()
    }

    proptest! {
        #[test]
        fn distances_agree_with_haversine(a in (-180.0..180.0, -90.0..90.0), b in (-180.0..180.0, -90.0..90.0)) {
            let distance = Coordinates::Geographic.distance(at(a.0, a.1), at(b.0, b.1));
            prop_assert!((distance - haversine(a, b)).abs() <= 0.2, "{distance} {}", haversine(a, b));
        }

        /// The nearest of many places of the arc is never nearer than what is computed, and little farther.
        #[test]
        fn the_nearest_place_of_an_arc(
            a in (-40.0..40.0, -40.0..40.0), b in (-40.0..40.0, -40.0..40.0), p in (-60.0..60.0, -60.0..60.0)
        ) {
            let (from, to, place) = (at(a.0, a.1), at(b.0, b.1), at(p.0, p.1));
            let geographic = Coordinates::Geographic;
            let nearness = geographic.nearness(&geographic.segment(from, to), place);
            let sampled = (0..=2000).map(|step| {
                let part = f64::from(step) / 2000.0;
                let between: Vector = std::array::from_fn(|i| from[i] * (1.0 - part) + to[i] * part);
                geographic.distance(unit(between), place)
            });
            let nearest = sampled.fold(f64::INFINITY, f64::min);
            prop_assert!(nearness.distance <= nearest + 0.2 && nearest <= nearness.distance + 10_000.0,
                "{nearness:?} {nearest}");
        }

        #[test]
        fn the_nearest_place_of_a_line(
            a in (-9.0..9.0, -9.0..9.0), b in (-9.0..9.0, -9.0..9.0), p in (-20.0..20.0, -20.0..20.0)
        ) {
            let cartesian = Coordinates::Cartesian;
            let segment = cartesian.segment([a.0, a.1, 0.0], [b.0, b.1, 0.0]);
            let nearness = cartesian.nearness(&segment, [p.0, p.1, 0.0]);
            let (dx, dy): (f64, f64) = (b.0 - a.0, b.1 - a.1);
            let part = (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
            let wanted = (a.0 + part * dx - p.0).hypot(a.1 + part * dy - p.1);
            prop_assert!((nearness.distance - wanted).abs() < 1e-9);
        }
    }

    /// One degree of a great circle is R * pi / 180 = 111194.9266 m.
    #[test]
    fn degrees_and_sides() {
        let geographic = Coordinates::Geographic;
        let east = geographic.segment(at(0.0, 0.0), at(10.0, 0.0));
        let north = geographic.nearness(&east, at(5.0, 1.0));
        assert!((north.distance - 111_194.926_6).abs() < 0.001 && north.across > 0.0);
        assert_eq!(north.along, Along::Within);
        let south = geographic.nearness(&east, at(-1.0, -1.0));
        assert!(south.across < 0.0 && south.along == Along::Before);
        assert_eq!(geographic.nearness(&east, at(12.0, 3.0)).along, Along::After);
        let over_the_date_line = geographic.distance(at(179.5, 0.0), at(-179.5, 0.0));
        assert!((over_the_date_line - 111_194.926_6).abs() < 0.001);
    }
}
