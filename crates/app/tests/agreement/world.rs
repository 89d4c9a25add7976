//! A random model with random rows, in a database of its own.

use std::sync::Arc;

use app::App;
use app::clock::Clock;
use app::ids::Ids;
use app::seed::SeedFile;
use expr::{EntityId, FieldId, Value};
use model::{FieldKind, Model, Scalar, Side, Via};
use serde_json::{Map, Value as Json};
use store::Store;
use store::migrate::Mode;
use tempfile::TempDir;

use crate::entropy::Entropy;
use crate::sdl::{Additions, Declared, TYPES, load};
use crate::values::random;

const ROWS: [usize; 3] = [2, 4, 6];

/// A row: its type and its place there.
pub(crate) type At = (EntityId, usize);

/// What a row holds in a stored field.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Value(Value),
    One(Option<usize>),
    Links(Vec<usize>),
}

/// A model, its rows and its database.
pub(crate) struct World {
    types: [Declared; 3],
    /// By type, row and field; computed fields and to-many relations have nothing.
    tables: Vec<Vec<Vec<Option<Cell>>>>,
    pub(crate) model: Arc<Model>,
    store: Store,
    _dir: TempDir,
}

impl World {
    pub(crate) async fn new(bytes: &[u8]) -> Self {
        let mut entropy = Entropy::new(bytes);
        let types = [0, 1, 2].map(|index| Declared::random(index, &mut entropy));
        let (model, config) = load(&types, &Default::default());
        let (store, dir) = migrated(&model).await;
        let tables = model.entities.iter().map(|entity| table(entity, &mut entropy)).collect();
        let app = App::new(model.clone(), config, store.clone(), Clock::system(), Ids::system());
        let world = Self { types, tables, model, store, _dir: dir };
        let seeds: Vec<SeedFile> = (0..TYPES.len()).map(|index| world.seed(index)).collect();
        app::seed::load(&app, &seeds).await.unwrap_or_else(|error| panic!("{error}"));
        world
    }

    /// Loads the model with additions, on the same database.
    pub(crate) fn app(&self, additions: &[Additions; 3]) -> App {
        let (model, config) = load(&self.types, additions);
        App::new(model, config, self.store.clone(), Clock::system(), Ids::system())
    }

    fn seed(&self, index: usize) -> SeedFile {
        let entity = self.entity(index);
        let rows: Vec<Json> =
            (0..ROWS[index]).map(|row| self.client_row((entity, row)).into()).collect();
        SeedFile { name: format!("{}.json", TYPES[index]), text: Json::from(rows).to_string() }
    }

    /// Returns a row as a client sends it.
    pub(crate) fn client_row(&self, at: At) -> Map<String, Json> {
        let entity = self.model.entity(at.0);
        let cells = entity.fields.iter().zip(&self.tables[at.0.0 as usize][at.1]);
        cells
            .filter_map(|(field, cell)| match (cell.as_ref()?, &field.kind) {
                (Cell::Value(value), _) => Some((field.name.clone(), client_value(value, field))),
                (Cell::One(to), FieldKind::ToOne(relation)) => {
                    let key = to.map(|to| self.key_text((relation.target, to)));
                    Some((field.name.clone(), key.into()))
                }
                (Cell::Links(rows), FieldKind::ToMany { target, .. }) => {
                    let keys = rows.iter().map(|to| Json::from(self.key_text((*target, *to))));
                    Some((field.name.clone(), keys.collect()))
                }
                _ => None,
            })
            .collect()
    }

    fn key_text(&self, at: At) -> String {
        let entity = self.model.entity(at.0);
        let parts: Vec<_> =
            entity.key.iter().map(|field| plan::bind(self.value(&at, *field))).collect();
        plan::reference_text(entity, &parts)
    }

    pub(crate) fn entity(&self, index: usize) -> EntityId {
        self.model.entity_named(TYPES[index]).expect("the model has its types").id
    }

    /// Counts an entity's rows.
    pub(crate) fn rows(&self, entity: EntityId) -> usize {
        self.tables[entity.0 as usize].len()
    }

    fn cell(&self, at: &At, field: FieldId) -> &Cell {
        self.tables[at.0.0 as usize][at.1][field.0 as usize].as_ref().expect("a stored field")
    }

    pub(crate) fn value(&self, at: &At, field: FieldId) -> Value {
        match self.cell(at, field) {
            Cell::Value(value) => value.clone(),
            Cell::One(_) | Cell::Links(_) => panic!("not a relation"),
        }
    }

    pub(crate) fn hop(&self, at: &At, field: FieldId) -> Option<At> {
        let FieldKind::ToOne(relation) = &self.model.entity(at.0).field(field).kind else {
            panic!("a to-one relation")
        };
        match self.cell(at, field) {
            Cell::One(row) => row.map(|row| (relation.target, row)),
            Cell::Value(_) | Cell::Links(_) => panic!("a to-one relation"),
        }
    }

    pub(crate) fn ref_key(&self, at: &At, field: FieldId) -> Value {
        let Some(target) = self.hop(at, field) else { return Value::Null };
        match self.model.entity(target.0).key.as_slice() {
            [key] => self.value(&target, *key),
            _ => Value::Bool(true),
        }
    }

    pub(crate) fn many(&self, at: &At, field: FieldId) -> Vec<At> {
        let FieldKind::ToMany { target, via } = self.model.entity(at.0).field(field).kind else {
            panic!("a to-many relation")
        };
        let all = (0..self.rows(target)).map(|row| (target, row));
        match via {
            Via::Inverse(inverse) => {
                all.filter(|child| self.hop(child, inverse) == Some(*at)).collect()
            }
            Via::Join { near: Side::Left, .. } => {
                all.filter(|child| self.links(at, field).contains(&child.1)).collect()
            }
            Via::Join { join, near: Side::Right } => {
                let left = &self.model.entity(target).fields;
                let left = left.iter().position(|field| {
                    matches!(field.kind, FieldKind::ToMany { via: Via::Join { join: of, near: Side::Left }, .. } if of == join)
                });
                let left = FieldId(left.expect("a join has a left side") as u32);
                all.filter(|child| self.links(child, left).contains(&at.1)).collect()
            }
        }
    }

    fn links(&self, at: &At, field: FieldId) -> &[usize] {
        match self.cell(at, field) {
            Cell::Links(rows) => rows,
            _ => panic!("the left side of a join"),
        }
    }
}

/// Shows a value as clients see it.
pub(crate) fn client_value(value: &Value, field: &model::Field) -> Json {
    match (value, &field.kind) {
        (
            Value::Int(number),
            FieldKind::Scalar { scalar, .. } | FieldKind::Computed { scalar, .. },
        ) if *scalar == Scalar::BigInt => number.to_string().into(),
        _ => plan::client_form(value),
    }
}

/// Creates the tables of a model.
pub(crate) async fn migrated(model: &Model) -> (Store, TempDir) {
    let dir = TempDir::new().expect("a folder");
    let store = Store::open(store::Options::new(dir.path().join("data.db"))).expect("a database");
    let schema = plan::ddl::schema(model, plan::Dialect::Sqlite);
    store.migrate(schema, Mode::Dev, Clock::system().now()).await.expect("new tables");
    (store, dir)
}

fn table(entity: &model::Entity, entropy: &mut Entropy<'_>) -> Vec<Vec<Option<Cell>>> {
    let index = TYPES.iter().position(|name| *name == entity.name).expect("a type of the world");
    let rows = 0..ROWS[index];
    rows.map(|row| entity.fields.iter().map(|field| cell(entity, field, row, entropy)).collect())
        .collect()
}

fn cell(
    entity: &model::Entity,
    field: &model::Field,
    row: usize,
    entropy: &mut Entropy<'_>,
) -> Option<Cell> {
    let null = !field.required && entropy.pick(3) == 0;
    Some(match &field.kind {
        // A row may be linked to those loaded before it.
        FieldKind::ToMany { target, via: Via::Join { near: Side::Left, .. } } => {
            let rows = if *target == entity.id { row } else { ROWS[target.0 as usize] };
            Cell::Links((0..rows).filter(|_| entropy.pick(2) == 0).collect())
        }
        FieldKind::ToMany { .. } | FieldKind::Computed { .. } => return None,
        // A row may refer to those before it.
        FieldKind::ToOne(relation) if relation.target == entity.id => {
            Cell::One((row > 0 && !null).then(|| entropy.pick(row)))
        }
        FieldKind::ToOne(relation) => {
            Cell::One((!null).then(|| entropy.pick(ROWS[relation.target.0 as usize])))
        }
        _ if field.name == "n" => Cell::Value(Value::Int(row as i64)),
        _ if field.name == "code" => {
            Cell::Value(Value::Text(["a", "b,c", "é %", "D", "5", ""][row].to_owned()))
        }
        FieldKind::Scalar { .. } if field.name == "id" => {
            Cell::Value(Value::Uuid(crate::values::id(row)))
        }
        _ if null => Cell::Value(Value::Null),
        FieldKind::Scalar { scalar, .. } => Cell::Value(random(*scalar, entropy)),
        FieldKind::List { scalar, .. } => {
            let count = entropy.pick(3);
            Cell::Value(Value::List((0..count).map(|_| random(*scalar, entropy)).collect()))
        }
    })
}
