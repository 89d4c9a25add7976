//! A random model with random rows, in a database of its own.

use std::sync::Arc;

use app::App;
use app::clock::{Clock, FakeClock};
use app::ids::Ids;
use app::seed::SeedFile;
use expr::{EntityId, FieldId, Timestamp, Value};
use model::{FieldKind, Model, Scalar, Side, Via};
use serde_json::{Map, Value as Json};
use store::Store;
use store::migrate::Mode;
use tempfile::TempDir;

use crate::entropy::Entropy;
use crate::sdl::{Additions, As, Declared, Guards, TYPES, load};
use crate::values::random;

const ROWS: [usize; 3] = [2, 4, 6];
/// 2024-01-02T00:00:00Z, as some values are.
pub(crate) const NOW: i64 = 1_704_153_600_000_000;

/// A row: its type and its place there.
pub(crate) type At = (EntityId, usize);

/// What a row holds in a stored field.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Value(Value),
    One(Option<usize>),
    Links(Vec<usize>),
}

/// The rows of a world as they were.
pub(crate) struct Rows(Vec<Vec<Vec<Option<Cell>>>>, Vec<Vec<bool>>);

/// A model, its rows and its database.
pub(crate) struct World {
    types: [Declared; 3],
    /// By type, row and field; computed fields and to-many relations have nothing.
    tables: Vec<Vec<Vec<Option<Cell>>>>,
    /// The rows that were deleted for good, by type; their places stay.
    gone: Vec<Vec<bool>>,
    pub(crate) model: Arc<Model>,
    pub(crate) clock: FakeClock,
    store: Store,
    _dir: TempDir,
}

impl World {
    pub(crate) async fn new(bytes: &[u8]) -> Self {
        let mut entropy = Entropy::new(bytes);
        let types = [0, 1, 2].map(|index| Declared::random(index, &mut entropy));
        Self::of(types, &mut entropy).await
    }

    /// Makes a world of tenants, archives and private fields.
    pub(crate) async fn guarded(bytes: &[u8]) -> Self {
        let mut entropy = Entropy::new(bytes);
        let mut guards = [0, 1, 2]
            .map(|_| Guards { tenant: entropy.pick(2) == 0, archive: entropy.pick(2) == 0 });
        guards[2].archive |= guards.iter().all(|guards| !guards.tenant && !guards.archive);
        let types = [0, 1, 2].map(|index| Declared::guarded(index, &mut entropy, &guards));
        Self::of(types, &mut entropy).await
    }

    async fn of(types: [Declared; 3], entropy: &mut Entropy<'_>) -> Self {
        let (model, _) = load(&types, &Default::default(), As::Guarded);
        let (store, dir) = migrated(&model).await;
        let guards: Vec<Guards> =
            model.entities.iter().map(|entity| types[index_of(entity)].guards).collect();
        let tables = model.entities.iter().map(|entity| table(entity, &guards, entropy)).collect();
        let gone =
            model.entities.iter().map(|entity| vec![false; ROWS[index_of(entity)]]).collect();
        let clock = FakeClock::at(Timestamp(NOW));
        let world = Self { types, tables, gone, model, clock, store, _dir: dir };
        let seeds: Vec<SeedFile> = (0..TYPES.len()).map(|index| world.seed(index)).collect();
        let open = world.load(&Default::default(), As::Written);
        app::seed::load(&open, &seeds).await.unwrap_or_else(|error| panic!("{error}"));
        world
    }

    /// Loads the model with additions, on the same database.
    pub(crate) fn app(&self, additions: &[Additions; 3]) -> App {
        self.load(additions, As::Guarded)
    }

    /// Loads the model with additions, with or without what guards its rows besides rules.
    pub(crate) fn load(&self, additions: &[Additions; 3], form: As) -> App {
        let (model, config) = load(&self.types, additions, form);
        let clock = self.clock.clock();
        App::new(model, config, self.store.clone(), clock.clone(), Ids::seeded(clock, 7))
    }

    /// Returns what keeps rows of a type from callers besides rules.
    pub(crate) fn guards(&self, entity: EntityId) -> Guards {
        self.types[index_of(self.model.entity(entity))].guards
    }

    /// Says whether a row is neither deleted nor archived.
    pub(crate) fn is_live(&self, at: At) -> bool {
        self.is_kept(at) && !self.is_archived(at)
    }

    /// Says whether a row is in the database.
    pub(crate) fn is_kept(&self, at: At) -> bool {
        !self.gone[at.0.0 as usize][at.1]
    }

    pub(crate) fn is_archived(&self, at: At) -> bool {
        self.archived_at(at).is_some_and(|when| !matches!(when, Value::Null))
    }

    /// Returns when a row was archived; none where its type has no archive.
    pub(crate) fn archived_at(&self, at: At) -> Option<Value> {
        if !self.guards(at.0).archive {
            return None;
        }
        let (field, _) = self.model.entity(at.0).field_named("archivedAt")?;
        Some(self.value(&at, field))
    }

    /// Adds a row, and returns its place.
    pub(crate) fn add(&mut self, entity: EntityId, cells: Vec<Option<Cell>>) -> At {
        self.tables[entity.0 as usize].push(cells);
        self.gone[entity.0 as usize].push(false);
        (entity, self.rows(entity) - 1)
    }

    /// Deletes a row for good.
    pub(crate) fn remove(&mut self, at: At) {
        self.gone[at.0.0 as usize][at.1] = true;
    }

    pub(crate) fn set(&mut self, at: At, field: FieldId, cell: Cell) {
        self.tables[at.0.0 as usize][at.1][field.0 as usize] = Some(cell);
    }

    /// Returns what may be undone by `restore_rows`.
    pub(crate) fn copy_rows(&self) -> Rows {
        Rows(self.tables.clone(), self.gone.clone())
    }

    pub(crate) fn restore_rows(&mut self, rows: Rows) {
        (self.tables, self.gone) = (rows.0, rows.1);
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
            .filter_map(|(field, cell)| {
                let json = self.client_cell(cell.as_ref()?, field)?;
                Some((field.name.clone(), json))
            })
            .collect()
    }

    /// Returns what a field holds as a client sends it.
    pub(crate) fn client_cell(&self, cell: &Cell, field: &model::Field) -> Option<Json> {
        match (cell, &field.kind) {
            (Cell::Value(value), _) => Some(client_value(value, field)),
            (Cell::One(to), FieldKind::ToOne(relation)) => {
                Some(to.map(|to| self.key_text((relation.target, to))).into())
            }
            (Cell::Links(rows), FieldKind::ToMany { target, .. }) => {
                let keys = rows.iter().map(|to| Json::from(self.key_text((*target, *to))));
                Some(keys.collect())
            }
            _ => None,
        }
    }

    /// Returns a row's key.
    pub(crate) fn key(&self, at: At) -> Vec<plan::Bind> {
        let key = &self.model.entity(at.0).key;
        key.iter().map(|field| plan::bind(self.value(&at, *field))).collect()
    }

    /// Returns the number that tells a row from the others of its type.
    pub(crate) fn number(&self, at: At) -> i64 {
        at.1 as i64
    }

    pub(crate) fn key_text(&self, at: At) -> String {
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
        self.stored(*at, field).expect("a stored field")
    }

    /// Returns what is stored in a field; nothing for computed ones and lists of other rows.
    pub(crate) fn stored(&self, at: At, field: FieldId) -> Option<&Cell> {
        self.tables[at.0.0 as usize][at.1][field.0 as usize].as_ref()
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
        let all = all.filter(|row| self.is_kept(*row));
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

    pub(crate) fn links(&self, at: &At, field: FieldId) -> &[usize] {
        match self.cell(at, field) {
            Cell::Links(rows) => rows,
            _ => panic!("the left side of a join"),
        }
    }
}

/// Makes up what a row may hold in a field.
pub(crate) fn random_cell(
    world: &World,
    row: At,
    field: FieldId,
    entropy: &mut Entropy<'_>,
) -> Option<Cell> {
    let entity = world.model.entity(row.0);
    let guards: Vec<Guards> =
        world.model.entities.iter().map(|entity| world.guards(entity.id)).collect();
    let made = cell(entity, entity.field(field), row.1, &guards, entropy);
    // Rows that are made together do not refer to each other.
    let is_there = |to: &usize| *to < world.rows(entity.id);
    match (made, &entity.field(field).kind) {
        (Some(Cell::One(to)), FieldKind::ToOne(relation)) if relation.target == entity.id => {
            Some(Cell::One(to.filter(is_there)))
        }
        (Some(Cell::Links(rows)), FieldKind::ToMany { target, .. }) if *target == entity.id => {
            Some(Cell::Links(rows.into_iter().filter(is_there).collect()))
        }
        (made, _) => made,
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

fn index_of(entity: &model::Entity) -> usize {
    TYPES.iter().position(|name| *name == entity.name).expect("a type of the world")
}

fn table(
    entity: &model::Entity,
    guards: &[Guards],
    entropy: &mut Entropy<'_>,
) -> Vec<Vec<Option<Cell>>> {
    let rows = 0..ROWS[index_of(entity)];
    let cells = |row| {
        let fields = entity.fields.iter();
        fields.map(|field| cell(entity, field, row, guards, entropy)).collect()
    };
    rows.map(cells).collect()
}

/// The tenant that a row of a type with tenants belongs to.
pub(crate) fn tenant(row: usize) -> String {
    format!("t{}", row % 2)
}

fn cell(
    entity: &model::Entity,
    field: &model::Field,
    row: usize,
    guards: &[Guards],
    entropy: &mut Entropy<'_>,
) -> Option<Cell> {
    let tenant_of = |of: EntityId| guards[of.0 as usize].tenant;
    // Relations between types with tenants stay in the tenant.
    let reach = |target: EntityId| -> Vec<usize> {
        let rows = if target == entity.id { row } else { ROWS[target.0 as usize] };
        let confined = tenant_of(entity.id) && tenant_of(target);
        (0..rows).filter(|to| !confined || tenant(*to) == tenant(row)).collect()
    };
    let null = !field.required && entropy.pick(3) == 0;
    Some(match &field.kind {
        // A row may be linked to those loaded before it.
        FieldKind::ToMany { target, via: Via::Join { near: Side::Left, .. } } => {
            let rows = reach(*target).into_iter();
            Cell::Links(rows.filter(|_| entropy.pick(2) == 0).collect())
        }
        FieldKind::ToMany { .. } | FieldKind::Computed { .. } => return None,
        // A row may refer to those before it.
        FieldKind::ToOne(relation) if relation.target == entity.id => {
            let rows = reach(entity.id);
            Cell::One((!rows.is_empty() && !null).then(|| entropy.of(&rows)))
        }
        FieldKind::ToOne(relation) => {
            Cell::One((!null).then(|| entropy.of(&reach(relation.target))))
        }
        _ if field.name == "n" => Cell::Value(Value::Int(row as i64)),
        _ if field.name == "code" => {
            let codes = ["a", "b,c", "é %", "D", "5", ""];
            let code = codes.get(row).map_or_else(|| format!("c{row}"), |code| (*code).to_owned());
            Cell::Value(Value::Text(code))
        }
        FieldKind::Scalar { .. } if field.name == "id" => {
            Cell::Value(Value::Uuid(crate::values::id(row)))
        }
        _ if field.name == "org" => Cell::Value(Value::Text(tenant(row))),
        _ if field.name == "archivedAt" => Cell::Value(Value::Null),
        _ if null => Cell::Value(Value::Null),
        FieldKind::Scalar { scalar, .. } => Cell::Value(random(*scalar, entropy)),
        FieldKind::List { scalar, .. } => {
            let count = entropy.pick(3);
            Cell::Value(Value::List((0..count).map(|_| random(*scalar, entropy)).collect()))
        }
    })
}
