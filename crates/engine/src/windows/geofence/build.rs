//! From a `window-geofence` of a model to the window (model-xml 12.10, rules 102 and 103).

use std::sync::Arc;

use tidegate_event::{Field, FieldType, RowBatch, Schema};
use tidegate_model::{Attribute, IndexType, Mistake, MistakeKind, Position, Reader, Role};

use super::geometries::{Geometries, GeometryFields};
use super::plane::Coordinates;
use super::shape::Rules;
use super::{Added, Geofence, PositionFields, PutOut};
use crate::build::BuildContext;
use crate::retained::{Resolution, Retained};
use crate::window::{BuiltWindow, Input, OutputStage};

/// The element `geofence`.
struct GeofenceDef {
    rules: Rules,
    multiple: bool,
    sorted: bool,
    log_invalid: bool,
}

/// What the element `output` adds to the position's fields.
struct AddedFields {
    fields: Vec<Field>,
    added: Vec<Added>,
    has_number: bool,
    position: Position,
}

pub(super) fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let before = context.mistakes.len();
    let mut reader = context.reader();
    let geofence = reader.child("geofence", context.mistakes).map(Reader::new);
    let geometry = reader.required_child("geometry", context.mistakes).map(Reader::new);
    let position = reader.required_child("position", context.mistakes).map(Reader::new);
    let output = reader.required_child("output", context.mistakes).map(Reader::new);
    context.finish(reader);
    let (inputs, geometry_port) = sides_of(&context.inputs)?;
    let [positions, geometries] = &inputs;
    let def = read_geofence(context, geofence);
    let geometry = geometry.map(|reader| read_geometry(context, reader, geometries));
    let position = position.and_then(|reader| read_position(context, reader, positions));
    let output = output.and_then(|reader| read_output(context, reader, geometry.as_ref()?.1, geometries));
    let (Some((fields, _)), Some(position), Some(output)) = (geometry, position, output) else { return None };
    if def.multiple && context.index.is_stateful() && !output.has_number {
        mistake(
            context,
            output.position,
            MistakeKind::MissingAttribute,
            "'output-multiple-results' needs the attribute 'eventnumber-fieldname' of 'output', which keeps the results \
             of a position apart",
        );
    }
    let width = positions.schema.len();
    let mut all: Vec<Field> = positions.schema.fields().to_vec();
    all.extend(output.fields);
    let schema = match Schema::new(all) {
        Ok(schema) => Arc::new(schema),
        Err(error) => {
            mistake(context, output.position, MistakeKind::DuplicateField, &error.to_string());
            return None;
        }
    };
    if context.mistakes.len() > before {
        return None;
    }
    let several = def.multiple && context.index.is_stateful();
    let put_out = if several { Some(put_out(positions, &schema, &output.added)?) } else { None };
    let resolution = Resolution { lenient: positions.resolved, old_from_input: false };
    let rows = Retained::new(&geometries.schema, IndexType::default(), None, false);
    let geometry_resolution = Resolution { lenient: geometries.resolved, old_from_input: false };
    let window = Geofence {
        schema: Arc::clone(&schema),
        geometry_port,
        geometries: Geometries::new(
            rows,
            fields,
            def.rules,
            geometry_resolution,
            def.log_invalid,
            position.lookup,
        ),
        position,
        width,
        added: output.added,
        stateful: context.index.is_stateful(),
        multiple: def.multiple,
        sorted: def.sorted,
        put_out,
        found: Vec::new(),
        found_old: Vec::new(),
    };
    let geometry_schema: Vec<String> = (geometries.schema.fields().iter())
        .map(|field| format!("{}{}:{}", field.name, if field.key { "*" } else { "" }, field.ty))
        .collect();
    let several = if several { " output-multiple-results" } else { "" };
    Some(BuiltWindow {
        window: Box::new(window),
        schema,
        output: OutputStage::Index { resolution, resolved: positions.resolved },
        insert_only: positions.insert_only,
        shape: format!("geometry={}{several}", geometry_schema.join(",")),
        notices: Vec::new(),
    })
}

/// Where the numbers of results are kept: rows of the position's fields and the number.
fn put_out(positions: &Input, schema: &Schema, added: &[Added]) -> Option<PutOut> {
    let number = added.iter().position(|added| *added == Added::Number)?;
    let mut fields = positions.schema.fields().to_vec();
    let name = &schema.fields()[positions.schema.len() + number].name;
    fields.push(Field::new(name, FieldType::Int64));
    let counted = Arc::new(Schema::new(fields).ok()?);
    Some(PutOut {
        scratch: RowBatch::new(counted.layout()),
        counts: Retained::new(&counted, IndexType::default(), None, false),
        resolution: Resolution { lenient: positions.resolved, old_from_input: false },
    })
}

/// Positions and geometries, and the in-edge of geometries: by role, else the first are positions.
fn sides_of(inputs: &[Input]) -> Option<([Input; 2], usize)> {
    let [first, second] = inputs else { return None };
    if first.role == Some(Role::Geometry) || second.role == Some(Role::Position) {
        Some(([second.clone(), first.clone()], 0))
    } else {
        Some(([first.clone(), second.clone()], 1))
    }
}

fn mistake(context: &mut BuildContext<'_>, position: Position, kind: MistakeKind, message: &str) {
    let message = format!("window-geofence '{}': {message}", context.def.name);
    context.mistakes.add(position, kind, message);
}

fn read_geofence(context: &mut BuildContext<'_>, reader: Option<Reader<'_>>) -> GeofenceDef {
    let mut def = GeofenceDef {
        rules: Rules {
            coordinates: Coordinates::Cartesian,
            to_segment: false,
            proximity: false,
            winding: false,
            strict_projection: false,
        },
        multiple: false,
        sorted: false,
        log_invalid: false,
    };
    let Some(mut reader) = reader else { return def };
    let mistakes = &mut *context.mistakes;
    let kinds = [("cartesian", Coordinates::Cartesian), ("geographic", Coordinates::Geographic)];
    def.rules.coordinates =
        reader.enum_attr("coordinate-type", &kinds, mistakes).unwrap_or(Coordinates::Cartesian);
    let targets = [("segment", true), ("centroid", false)];
    def.rules.to_segment =
        reader.enum_attr("polygon-compute-distance-to", &targets, mistakes).unwrap_or(false);
    let algorithms = [("crossing", false), ("winding", true)];
    def.rules.winding = reader.enum_attr("geofencing-algorithm", &algorithms, mistakes).unwrap_or(false);
    def.rules.proximity = reader.bool_attr("proximity-analysis", false, mistakes);
    def.rules.strict_projection = reader.bool_attr("strict-projection", false, mistakes);
    def.multiple = reader.bool_attr("output-multiple-results", false, mistakes);
    def.sorted = reader.bool_attr("output-sorted-results", false, mistakes);
    def.log_invalid = reader.bool_attr("log-invalid-geometry", false, mistakes);
    // They size ESP's mesh, which finds geometries faster; the grid here sizes itself, and no result depends on it.
    reader.bool_attr("autosize-mesh", true, mistakes);
    reader.int_attr("meshfactor-x", i64::from(i32::MIN)..=i64::from(i32::MAX), mistakes);
    reader.int_attr("meshfactor-y", i64::from(i32::MIN)..=i64::from(i32::MAX), mistakes);
    reader.int_attr("max-meshcells-per-geometry", 1..=i64::from(i32::MAX), mistakes);
    reader.finish(mistakes);
    def
}

/// The field of `input` that an attribute names, if it is there; a mistake where it is none or of the wrong type.
fn field(
    context: &mut BuildContext<'_>,
    attribute: Option<&Attribute>,
    input: &Input,
    wanted: &str,
    fits: fn(FieldType) -> bool,
) -> Option<usize> {
    let attribute = attribute.filter(|attribute| !attribute.value.trim().is_empty())?;
    let name = attribute.value.trim();
    let Some(at) = input.schema.position(name) else {
        let message = format!(
            "window-geofence '{}': '{name}' is no field of its input '{}'",
            context.def.name, input.window
        );
        let names = input.schema.fields().iter().map(|field| field.name.as_str());
        let mistake = Mistake::new(attribute.position, MistakeKind::UnknownField, message);
        context.mistakes.push(mistake.nearest(name, names));
        return None;
    };
    let ty = input.schema.ty(at);
    if !fits(ty) {
        let message = format!("the field '{name}' of '{}' is of type {ty}; {wanted}", input.window);
        mistake(context, attribute.position, MistakeKind::UnknownFieldType, &message);
        return None;
    }
    Some(at)
}

const NUMBER: &str = "a number is needed: int32, int64, double or money";
const TEXT: &str = "a string is needed";

fn is_number(ty: FieldType) -> bool {
    matches!(ty, FieldType::Int32 | FieldType::Int64 | FieldType::Double | FieldType::Money)
}

/// A distance: a finite number from 0.
fn distance(context: &mut BuildContext<'_>, attribute: Option<&Attribute>, default: f64) -> f64 {
    let Some(attribute) = attribute else { return default };
    let value = attribute.value.trim().parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
    if value.is_none() {
        let message = format!("'{}' of '{}' is no number from 0", attribute.value, attribute.name);
        mistake(context, attribute.position, MistakeKind::BadValue, &message);
    }
    value.unwrap_or(default)
}

/// The element `geometry`, and its description field.
fn read_geometry(
    context: &mut BuildContext<'_>,
    mut reader: Reader<'_>,
    input: &Input,
) -> (GeometryFields, Option<usize>) {
    let before = context.mistakes.len();
    let desc = field(context, reader.attr("desc-fieldname"), input, "", |_| true);
    let data = field(context, reader.attr("data-fieldname"), input, TEXT, FieldType::is_text);
    let x = field(context, reader.attr("x-fieldname"), input, NUMBER, is_number);
    let y = field(context, reader.attr("y-fieldname"), input, NUMBER, is_number);
    let radius_field = field(context, reader.attr("radius-fieldname"), input, NUMBER, is_number);
    let kind = field(context, reader.attr("geotype-fieldname"), input, TEXT, FieldType::is_text);
    let radius = distance(context, reader.attr("radius"), 1000.0);
    let separator = match reader.attr("data-separator") {
        Some(attribute) if !attribute.value.is_empty() => attribute.value.clone(),
        _ => " ".to_owned(),
    };
    let position = reader.element().position;
    reader.finish(context.mistakes);
    if context.mistakes.len() == before && data.is_none() && (x.is_none() || y.is_none()) {
        mistake(
            context,
            position,
            MistakeKind::MissingAttribute,
            "'geometry' needs 'data-fieldname' for polygons, or 'x-fieldname' and 'y-fieldname' for circles",
        );
    }
    (GeometryFields { data, separator, x, y, radius_field, radius, kind }, desc)
}

fn read_position(
    context: &mut BuildContext<'_>,
    mut reader: Reader<'_>,
    input: &Input,
) -> Option<PositionFields> {
    let attribute = reader.required_attr("x-fieldname", context.mistakes);
    let x = field(context, attribute, input, NUMBER, is_number);
    let attribute = reader.required_attr("y-fieldname", context.mistakes);
    let y = field(context, attribute, input, NUMBER, is_number);
    let lookup = distance(context, reader.attr("lookupdistance"), 0.0);
    // esppy writes the second spelling (model-xml 19).
    let (right, wrong) = (reader.attr("lookupdistance-fieldname"), reader.attr("loopupdistance-fieldname"));
    let lookup_field = field(context, right.or(wrong), input, NUMBER, is_number);
    reader.finish(context.mistakes);
    Some(PositionFields { x: x?, y: y?, lookup_field, lookup })
}

fn read_output(
    context: &mut BuildContext<'_>,
    mut reader: Reader<'_>,
    desc: Option<usize>,
    geometries: &Input,
) -> Option<AddedFields> {
    let position = reader.element().position;
    let schema = &geometries.schema;
    let mut fields = Vec::new();
    let mut added = Vec::new();
    let id = reader.required_attr("geoid-fieldname", context.mistakes);
    let &[key] = schema.keys() else {
        let message = format!("the key of a geometry is one field; '{}' has several", geometries.window);
        mistake(context, position, MistakeKind::BadOutput, &message);
        return None;
    };
    let mut add = |attribute: Option<&Attribute>, ty: FieldType, what: Added| {
        if let Some(name) = attribute.map(|attribute| attribute.value.trim()).filter(|name| !name.is_empty())
        {
            fields.push(if what == Added::Number { Field::key(name, ty) } else { Field::new(name, ty) });
            added.push(what);
        }
    };
    add(id, schema.ty(key), Added::Geometry(key));
    let (desc_type, desc) =
        desc.map_or((FieldType::String, Added::Nothing), |at| (schema.ty(at), Added::Geometry(at)));
    add(reader.attr("geodesc-fieldname"), desc_type, desc);
    add(reader.attr("geotype-fieldname"), FieldType::String, Added::Kind);
    add(reader.attr("geodistance-fieldname"), FieldType::Double, Added::Distance);
    add(reader.attr("segmentnumber-fieldname"), FieldType::Int64, Added::Segment);
    let number = reader.attr("eventnumber-fieldname");
    add(number, FieldType::Int64, Added::Number);
    let include = reader.attr("include-geo-fields");
    reader.finish(context.mistakes);
    for name in include.iter().flat_map(|list| list.value.split(',')).map(str::trim).filter(|n| !n.is_empty())
    {
        let list = include.map(|list| Attribute { value: name.to_owned(), ..list.clone() });
        if let Some(at) = field(context, list.as_ref(), geometries, "", |_| true) {
            fields.push(Field::new(name, schema.ty(at)));
            added.push(Added::Geometry(at));
        }
    }
    let has_number = added.contains(&Added::Number);
    Some(AddedFields { fields, added, has_number, position })
}
