//! One geometry: read from the fields of an event, and how a position lies to it (engine-semantics 3.12).

use super::plane::{Along, Coordinates, Place, Segment, Vector};

/// What a geometry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Circle,
    Polygon,
    Polyline,
}

impl Kind {
    /// As written into the field that `geotype-fieldname` names.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Circle => "Circle",
            Self::Polygon => "Polygon",
            Self::Polyline => "Polyline",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        [Self::Circle, Self::Polygon, Self::Polyline]
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(text))
    }
}

/// How positions are compared with geometries: the attributes of `geofence`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) coordinates: Coordinates,
    /// A polygon's distance is that to its border, not to its centroid.
    pub(super) to_segment: bool,
    /// A polygon matches around it too, and inside its distance is negative.
    pub(super) proximity: bool,
    /// A place is inside a polygon whose border winds around it, however often its border is crossed.
    pub(super) winding: bool,
    /// A polyline does not match beyond the perpendiculars at its ends.
    pub(super) strict_projection: bool,
}

/// Why a geometry cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadGeometry {
    #[error("it has neither coordinates nor a centre")]
    Missing,
    #[error("its coordinates are not all numbers")]
    NotNumber,
    #[error("its coordinates are no pairs")]
    Odd,
    #[error("a coordinate is out of range")]
    OutOfRange,
    #[error("its radius is negative or no number")]
    Radius,
    #[error("it has too few different points")]
    TooFew,
    #[error("its type is none of circle, polygon and polyline")]
    Type,
}

/// The fields that make a geometry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw<'a> {
    pub(super) data: Option<&'a str>,
    pub(super) separator: &'a str,
    pub(super) centre: Option<(f64, f64)>,
    pub(super) radius: f64,
    pub(super) kind: Option<&'a str>,
}

/// A position that matches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    pub(super) distance: f64,
    /// The nearest segment of a polyline, from 1.
    pub(super) segment: Option<u32>,
}

/// A geometry.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    radius: f64,
    /// Of a circle, or the centroid of a polygon.
    centre: Vector,
    /// Corners of a polygon or polyline, longitudes without jumps; the last of a polygon is the first again.
    corners: Vec<[f64; 2]>,
    /// The least and the greatest x of the corners.
    width: [f64; 2],
    segments: Vec<Segment>,
}

impl Shape {
    /// Reads a geometry.
    pub(super) fn read(raw: &Raw<'_>, coordinates: Coordinates) -> Result<Self, BadGeometry> {
        if !(raw.radius >= 0.0 && raw.radius.is_finite()) {
            return Err(BadGeometry::Radius);
        }
        let wanted = match raw.kind.filter(|text| !text.trim().is_empty()) {
            Some(text) => Some(Kind::parse(text).ok_or(BadGeometry::Type)?),
            None => None,
        };
        let mut places = match raw.data.filter(|data| !data.trim().is_empty()) {
            Some(data) => places(data, raw.separator, coordinates)?,
            None => {
                let (x, y) = raw.centre.ok_or(BadGeometry::Missing)?;
                vec![coordinates.place(x, y).ok_or(BadGeometry::OutOfRange)?]
            }
        };
        let closed = places.len() > 3 && places.first() == places.last();
        let kind = match (wanted, places.len()) {
            (None | Some(Kind::Circle), 1) => Kind::Circle,
            (Some(Kind::Circle), _) => return Err(BadGeometry::OutOfRange),
            (Some(kind), _) => kind,
            (None, _) => {
                if closed {
                    Kind::Polygon
                } else {
                    Kind::Polyline
                }
            }
        };
        if kind == Kind::Polygon && !closed {
            places.extend(places.first().copied());
        }
        let different = places.iter().skip(1).filter(|place| **place != places[0]).count();
        let needed = match kind {
            Kind::Circle => 0,
            Kind::Polyline => 1,
            Kind::Polygon => 2,
        };
        if different < needed {
            return Err(BadGeometry::TooFew);
        }
        let segments = places.windows(2).map(|pair| coordinates.segment(pair[0].at, pair[1].at)).collect();
        let mut corners: Vec<[f64; 2]> = places.iter().map(|place| [place.x, place.y]).collect();
        if coordinates == Coordinates::Geographic {
            straighten(&mut corners, kind == Kind::Polygon);
        }
        let centre = if kind == Kind::Polygon {
            let [x, y] = centroid(&corners);
            coordinates.place(x, y).ok_or(BadGeometry::OutOfRange)?.at
        } else {
            places[0].at
        };
        let width = range(&corners, 0);
        Ok(Self { kind, radius: raw.radius, centre, corners, width, segments })
    }

    /// How `place` lies to the geometry, if it matches; `lookup` widens the search.
    pub(super) fn fit(&self, place: &Place, lookup: f64, rules: &Rules) -> Option<Fit> {
        let coordinates = rules.coordinates;
        match self.kind {
            Kind::Circle => {
                let distance = coordinates.distance(self.centre, place.at);
                (distance <= self.radius + lookup).then_some(Fit { distance, segment: None })
            }
            Kind::Polygon => {
                let inside = self.contains(place, rules);
                let margin = self.margin(rules) + lookup;
                if !inside && margin <= 0.0 {
                    return None;
                }
                let border = || {
                    let segments = self.segments.iter();
                    let distances = segments.map(|segment| coordinates.nearness(segment, place.at).distance);
                    distances.fold(f64::INFINITY, f64::min)
                };
                let near = if inside && !rules.to_segment { 0.0 } else { border() };
                if !inside && near > margin {
                    return None;
                }
                let distance =
                    if rules.to_segment { near } else { coordinates.distance(self.centre, place.at) };
                let distance = if inside && rules.proximity { 0.0 - distance } else { distance };
                Some(Fit { distance, segment: None })
            }
            Kind::Polyline => {
                self.along(place, rules).filter(|fit| fit.distance.abs() <= self.radius + lookup)
            }
        }
    }

    /// How far around itself the geometry matches.
    pub(super) fn margin(&self, rules: &Rules) -> f64 {
        if self.kind == Kind::Polygon && !rules.proximity { 0.0 } else { self.radius }
    }

    /// The nearest segment of a polyline: negative distances are on its left.
    fn along(&self, place: &Place, rules: &Rules) -> Option<Fit> {
        let mut best: Option<(usize, super::plane::Nearness)> = None;
        let mut across: f64 = 0.0;
        for (number, segment) in self.segments.iter().enumerate() {
            let near = rules.coordinates.nearness(segment, place.at);
            match &best {
                Some((_, nearest)) if near.distance > nearest.distance => {}
                // At a corner the segment whose line is farther away tells the side.
                Some((_, nearest)) if near.distance == nearest.distance => {
                    if near.across.abs() > across.abs() {
                        across = near.across;
                    }
                }
                _ => {
                    across = near.across;
                    best = Some((number, near));
                }
            }
        }
        let (number, near) = best?;
        let beyond = (number == 0 && near.along == Along::Before)
            || (number + 1 == self.segments.len() && near.along == Along::After);
        if beyond && rules.strict_projection {
            return None;
        }
        let distance = if across > 0.0 && near.distance > 0.0 { -near.distance } else { near.distance };
        Some(Fit { distance, segment: Some(number as u32 + 1) })
    }

    /// Whether a place is inside a polygon; its border belongs to it.
    fn contains(&self, place: &Place, rules: &Rules) -> bool {
        match rules.coordinates {
            Coordinates::Cartesian => self.surrounds(place.x, place.y, rules.winding),
            Coordinates::Geographic => {
                let [west, east] = self.width;
                // The first turn of the globe at or after the westernmost corner, and the one after it.
                let x = west + (place.x - west).rem_euclid(360.0);
                // Where no turn was needed the longitude is used as it was given.
                let x = if (x - place.x).abs() < 180.0 { place.x } else { x };
                self.surrounds(x, place.y, rules.winding)
                    || (x + 360.0 <= east && self.surrounds(x + 360.0, place.y, rules.winding))
            }
        }
    }

    fn surrounds(&self, x: f64, y: f64, by_winding: bool) -> bool {
        let (mut winding, mut crossings) = (0, 0);
        for pair in self.corners.windows(2) {
            let ([from_x, from_y], [to_x, to_y]) = (pair[0], pair[1]);
            let left = (to_x - from_x) * (y - from_y) - (x - from_x) * (to_y - from_y);
            let level = (from_y.min(to_y)..=from_y.max(to_y)).contains(&y);
            if left == 0.0 && level && (from_x.min(to_x)..=from_x.max(to_x)).contains(&x) {
                return true;
            }
            let up = from_y <= y && y < to_y;
            let down = to_y <= y && y < from_y;
            if up && left > 0.0 {
                winding += 1;
                crossings += 1;
            } else if down && left < 0.0 {
                winding -= 1;
                crossings += 1;
            }
        }
        if by_winding { winding != 0 } else { crossings % 2 == 1 }
    }

    /// The box in space that holds every place that can match, `lookup` included; nothing where that is too wide.
    pub(super) fn bounds(&self, lookup: f64, rules: &Rules) -> Option<[Vector; 2]> {
        let coordinates = rules.coordinates;
        let reach = coordinates.chord(self.margin(rules) + lookup);
        if self.kind == Kind::Circle {
            return Some(boxed(self.centre, [reach; 3]));
        }
        let [west, east] = self.width;
        let [south, north] = range(&self.corners, 1);
        if coordinates == Coordinates::Cartesian {
            return Some([[west - reach, south - reach, 0.0], [east + reach, north + reach, 0.0]]);
        }
        // Everything in a window of longitudes and latitudes is at most as far from its middle as a corner of it,
        // and so are the arcs between its places, as long as it is no half of the globe.
        if east - west > 90.0 || north - south > 90.0 {
            return None;
        }
        let middle = coordinates.place((west + east) / 2.0, (south + north) / 2.0)?.at;
        let mut farthest: f64 = 0.0;
        for (x, y) in [(west, south), (west, north)] {
            farthest = farthest.max(coordinates.distance(middle, coordinates.place(x, y)?.at));
        }
        let half = coordinates.chord(farthest * (1.0 + 1e-9)) + reach + 1e-12;
        Some(boxed(middle, [half; 3]))
    }
}

/// The least and the greatest x (0) or y (1) of corners.
fn range(corners: &[[f64; 2]], axis: usize) -> [f64; 2] {
    corners.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], corner| {
        [least.min(corner[axis]), most.max(corner[axis])]
    })
}

/// The box around a place.
pub(super) fn boxed(middle: Vector, half: Vector) -> [Vector; 2] {
    [std::array::from_fn(|i| middle[i] - half[i]), std::array::from_fn(|i| middle[i] + half[i])]
}

/// The places of a list of coordinates.
fn places(data: &str, separator: &str, coordinates: Coordinates) -> Result<Vec<Place>, BadGeometry> {
    let mut numbers = Vec::new();
    for word in data.split(separator).flat_map(str::split_whitespace) {
        numbers.push(word.parse::<f64>().map_err(|_| BadGeometry::NotNumber)?);
    }
    let (pairs, rest) = numbers.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(BadGeometry::Odd);
    }
    if pairs.is_empty() {
        return Err(BadGeometry::Missing);
    }
    pairs.iter().map(|&[x, y]| coordinates.place(x, y).ok_or(BadGeometry::OutOfRange)).collect()
}

/// Takes the jumps over the date line out of longitudes. A ring that goes around a pole gets that pole as its side.
fn straighten(corners: &mut Vec<[f64; 2]>, ring: bool) {
    // A jump between two places of one pole is none; a map's frame may be drawn so.
    let jumps =
        |a: [f64; 2], b: [f64; 2]| (b[0] - a[0]).abs() > 180.0 && (a[1].abs() < 90.0 || b[1].abs() < 90.0);
    if !corners.windows(2).any(|pair| jumps(pair[0], pair[1])) {
        return;
    }
    for at in 1..corners.len() {
        let before = corners[at - 1][0];
        corners[at][0] -= ((corners[at][0] - before) / 360.0).round() * 360.0;
    }
    let (Some(&first), Some(&last)) = (corners.first(), corners.last()) else { return };
    if ring && first[0] != last[0] {
        let pole = if corners.iter().map(|corner| corner[1]).sum::<f64>() > 0.0 { 90.0 } else { -90.0 };
        corners.extend([[last[0], pole], [first[0], pole], first]);
    }
}

/// The centroid of the area inside a closed ring; of its corners where it has no area, or where a ring that crosses
/// itself has parts that count against each other, so that the sum lies outside of all of them.
fn centroid(corners: &[[f64; 2]]) -> [f64; 2] {
    let [origin_x, origin_y] = corners[0];
    let (mut twice_area, mut x, mut y) = (0.0, 0.0, 0.0);
    for pair in corners.windows(2) {
        let [[ax, ay], [bx, by]] = [pair[0], pair[1]].map(|[x, y]| [x - origin_x, y - origin_y]);
        let part = ax * by - bx * ay;
        twice_area += part;
        x += (ax + bx) * part;
        y += (ay + by) * part;
    }
    let centre = [origin_x + x / (3.0 * twice_area), origin_y + y / (3.0 * twice_area)];
    let within = |axis: usize| {
        let [least, most] = range(corners, axis);
        (least..=most).contains(&centre[axis])
    };
    if twice_area != 0.0 && within(0) && within(1) {
        return centre;
    }
    let open = &corners[..corners.len() - 1];
    let mean = |axis: usize| open.iter().map(|corner| corner[axis] / open.len() as f64).sum();
    [mean(0), mean(1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules(coordinates: Coordinates) -> Rules {
        Rules { coordinates, to_segment: true, proximity: true, winding: false, strict_projection: false }
    }

    fn shape(data: &str, coordinates: Coordinates) -> Result<Shape, BadGeometry> {
        Shape::read(
            &Raw { data: Some(data), separator: ",", centre: None, radius: 10.0, kind: None },
            coordinates,
        )
    }

    proptest! {
        /// The bounds hold every place that matches.
        #[test]
        fn bounds_hold_what_matches(
            geographic in any::<bool>(),
            middle in (-180.0..180.0, -85.0..85.0),
            offsets in prop::collection::vec((-3.0..3.0_f64, -3.0..3.0_f64), 2..7),
            ring in any::<bool>(),
            place in (-4.0..4.0_f64, -4.0..4.0_f64),
            lookup in 0.0..200_000.0,
        ) {
            let coordinates = if geographic { Coordinates::Geographic } else { Coordinates::Cartesian };
            let wrap = |x: f64| if geographic { (x + 180.0).rem_euclid(360.0) - 180.0 } else { x };
            let lookup = if geographic { lookup } else { lookup / 100_000.0 };
            let rules = rules(coordinates);
            let point = |(dx, dy): (f64, f64)| (wrap(middle.0 + dx), middle.1 + dy);
            let mut words: Vec<String> = offsets.iter().map(|&o| point(o)).map(|(x, y)| format!("{x},{y}")).collect();
            if ring {
                words.push(words[0].clone());
            }
            let shape = shape(&words.join(","), coordinates).unwrap();
            let (x, y) = point(place);
            let place = coordinates.place(x, y).unwrap();
            if shape.fit(&place, lookup, &rules).is_some() {
                let [low, high] = shape.bounds(lookup, &rules).unwrap();
                prop_assert!((0..3).all(|i| low[i] <= place.at[i] && place.at[i] <= high[i]));
            }
        }
    }

    #[test]
    fn rings_over_the_date_line_and_around_a_pole() {
        let geographic = Coordinates::Geographic;
        let rules = Rules { to_segment: false, ..rules(geographic) };
        let inside = |shape: &Shape, x, y| shape.contains(&geographic.place(x, y).unwrap(), &rules);
        let fiji = shape("177,-20,-178,-20,-178,-15,177,-15,177,-20", geographic).unwrap();
        for (x, wanted) in
            [(179.0, true), (-179.0, true), (180.0, true), (-180.0, true), (176.0, false), (0.0, false)]
        {
            assert_eq!(inside(&fiji, x, -17.0), wanted, "{x}");
        }
        let pole = shape("0,70,120,70,-120,70,0,70", geographic).unwrap();
        assert!(inside(&pole, 77.0, 80.0) && inside(&pole, -170.0, 89.0) && !inside(&pole, 10.0, 60.0));
        let frame = shape("-180,-90,-180,-70,0,-65,180,-70,180,-90,-180,-90", geographic).unwrap();
        assert!(inside(&frame, 3.0, -80.0) && !inside(&frame, 3.0, -60.0));
    }

    /// A bow tie: the areas of its two triangles count against each other.
    #[test]
    fn a_ring_that_crosses_itself_has_a_centre_among_its_corners() {
        let corners = [[-1.5, -1.5], [4.0 / 3.0, 1.5], [4.0 / 3.0, -1.5], [-1.5, 1.4], [-1.5, -1.5]];
        let [x, y] = centroid(&corners);
        assert!((-1.5..=4.0 / 3.0).contains(&x) && (-1.5..=1.5).contains(&y), "{x} {y}");
        let square = centroid(&[[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [0.0, 0.0]]);
        assert_eq!(square, [1.0, 1.0]);
    }

    #[test]
    fn what_is_no_geometry() {
        let cartesian = Coordinates::Cartesian;
        assert_eq!(shape("1,2,x", cartesian).unwrap_err(), BadGeometry::NotNumber);
        assert_eq!(shape("1,2,3", cartesian).unwrap_err(), BadGeometry::Odd);
        assert_eq!(shape("1,2,1,2", cartesian).unwrap_err(), BadGeometry::TooFew);
        assert_eq!(shape("1,91,1,2", Coordinates::Geographic).unwrap_err(), BadGeometry::OutOfRange);
        let raw = Raw { data: None, separator: " ", centre: None, radius: 1.0, kind: None };
        assert_eq!(Shape::read(&raw, cartesian).unwrap_err(), BadGeometry::Missing);
        let raw = Raw { centre: Some((1.0, 2.0)), radius: -1.0, ..raw };
        assert_eq!(Shape::read(&raw, cartesian).unwrap_err(), BadGeometry::Radius);
        let raw = Raw { radius: 1.0, kind: Some("blob"), ..raw };
        assert_eq!(Shape::read(&raw, cartesian).unwrap_err(), BadGeometry::Type);
    }
}
