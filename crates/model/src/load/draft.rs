//! The model while it is being checked: what is known so far, and where it stands in the files.

use std::cell::Cell;
use std::collections::HashMap;

use apollo_compiler::Node;
use apollo_compiler::ast::DirectiveList;
use apollo_compiler::schema::ObjectType;
use expr::{DocumentId, EntityId, EnumId, FieldId, FieldInfo, JsonShape, Schema, Type};

use crate::document::{Document, Member};
use crate::entity::{Entity, EnumType, Model, Module, Rule};
use crate::field::{
    ColumnId, Default, Field, FieldKind, FieldRules, Length, OnDelete, Pattern, Range, Relation,
    Role, Scalar, Via,
};
use crate::join::Join;
use crate::load::parse::Parsed;
use crate::report::Place;
use crate::sources::Sources;

/// The model while it is being checked.
pub(crate) struct Draft<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) parsed: &'a Parsed,
    pub(crate) modules: Vec<Module>,
    /// The module of each file.
    pub(crate) module_of_file: Vec<Option<usize>>,
    pub(crate) entities: Vec<EntityDraft<'a>>,
    pub(crate) enums: Vec<EnumType>,
    pub(crate) documents: Vec<Document>,
    pub(crate) joins: Vec<Join>,
    pub(crate) names: HashMap<&'a str, Named>,
}

/// What a type's name stands for in the model.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Named {
    /// A stored type.
    Entity(EntityId),
    /// An enum.
    Enum(EnumId),
    /// A nested type.
    Document(DocumentId),
}

/// An entity while it is being checked.
pub(crate) struct EntityDraft<'a> {
    pub(crate) node: &'a Node<ObjectType>,
    /// The type's name in its definition.
    pub(crate) place: Place,
    /// What is decided; its fields are in `fields` until the end.
    pub(crate) entity: Entity,
    pub(crate) fields: Vec<FieldDraft<'a>>,
    pub(crate) by_name: HashMap<&'a str, FieldId>,
    /// Whether parts of its definition could not be parsed.
    pub(crate) damaged: bool,
}

/// A field while it is being checked.
pub(crate) struct FieldDraft<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: Option<String>,
    /// The field's name in its definition.
    pub(crate) place: Place,
    /// None for the implied `id`.
    pub(crate) directives: Option<&'a DirectiveList>,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    pub(crate) role: Role,
    pub(crate) readonly: bool,
    pub(crate) private: bool,
    pub(crate) unique: bool,
    pub(crate) default: Option<Default>,
    pub(crate) length: Option<Length>,
    pub(crate) range: Option<Range>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) rules: FieldRules,
    pub(crate) columns: Vec<ColumnId>,
    pub(crate) computed: Option<Rule>,
    pub(crate) via: Option<Via>,
    pub(crate) on_delete: OnDelete,
}

/// What a field holds.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Scalar(Scalar),
    List(Scalar),
    ToOne(EntityId),
    ToMany(EntityId),
    Computed(Scalar),
    /// There is a mistake in its type; reported, and not to be reported again by what uses it.
    Broken,
}

impl<'a> Draft<'a> {
    /// Returns the entity behind an id.
    pub(crate) fn entity(&self, id: EntityId) -> &EntityDraft<'a> {
        &self.entities[id.0 as usize]
    }

    /// Returns the ids of all entities.
    pub(crate) fn ids(&self) -> impl Iterator<Item = EntityId> + use<> {
        (0..self.entities.len() as u32).map(EntityId)
    }

    /// Says whether a relation leads into another module.
    pub(crate) fn leaves_module(&self, from: EntityId, to: EntityId) -> bool {
        self.entity(from).entity.module != self.entity(to).entity.module
    }

    /// Returns the scalar at the end of an entity's key, if the key is one column.
    pub(crate) fn sole_key_scalar(&self, id: EntityId) -> Option<Scalar> {
        // A key of relations leads on; a cycle was reported, and ends the search here.
        let mut id = id;
        for _ in 0..=self.entities.len() {
            let [field] = self.entity(id).entity.key.as_slice() else { return None };
            match self.entity(id).fields[field.0 as usize].shape {
                Shape::Scalar(scalar) => return Some(scalar),
                Shape::ToOne(target) => id = target,
                _ => return None,
            }
        }
        None
    }

    /// Hands over the model. Only for a draft without mistakes.
    pub(crate) fn into_model(self) -> Model {
        let modules_of: Vec<usize> =
            self.entities.iter().map(|draft| draft.entity.module).collect();
        let entities = self
            .entities
            .into_iter()
            .map(|draft| {
                let module = draft.entity.module;
                let fields = draft
                    .fields
                    .into_iter()
                    .filter_map(|field| {
                        field.finish(|target| modules_of[target.0 as usize] != module)
                    })
                    .collect();
                Entity { fields, ..draft.entity }
            })
            .collect();
        Model {
            modules: self.modules,
            entities,
            enums: self.enums,
            documents: self.documents,
            joins: self.joins,
        }
    }
}

impl<'a> EntityDraft<'a> {
    /// Returns the field behind an id.
    pub(crate) fn field(&self, id: FieldId) -> &FieldDraft<'a> {
        &self.fields[id.0 as usize]
    }

    /// Returns the names of all fields.
    pub(crate) fn field_names(&self) -> impl Iterator<Item = &'a str> {
        self.fields.iter().map(|field| field.name)
    }

    /// Returns the ids of all fields.
    pub(crate) fn field_ids(&self) -> impl Iterator<Item = FieldId> + use<'a> {
        (0..self.fields.len() as u32).map(FieldId)
    }
}

impl<'a> FieldDraft<'a> {
    /// Begins a field without any directive.
    pub(crate) fn new(name: &'a str, place: Place, shape: Shape, required: bool) -> Self {
        Self {
            name,
            description: None,
            place,
            directives: None,
            shape,
            required,
            role: Role::Plain,
            readonly: false,
            private: false,
            unique: false,
            default: None,
            length: None,
            range: None,
            pattern: None,
            rules: FieldRules::default(),
            columns: Vec::new(),
            computed: None,
            via: None,
            on_delete: OnDelete::Restrict,
        }
    }

    /// Finds a directive of the field.
    pub(crate) fn directive(
        &self,
        name: &str,
    ) -> Option<&'a Node<apollo_compiler::ast::Directive>> {
        self.directives?.get(name)
    }

    /// Returns the finished field; none only if a mistake was reported.
    fn finish(self, leaves_module: impl Fn(EntityId) -> bool) -> Option<Field> {
        let column = self.columns.first().copied();
        let kind = match self.shape {
            Shape::Scalar(scalar) => FieldKind::Scalar { scalar, column: column? },
            Shape::List(scalar) => FieldKind::List { scalar, column: column? },
            Shape::ToOne(target) => FieldKind::ToOne(Relation {
                target,
                columns: self.columns,
                on_delete: self.on_delete,
                other_module: leaves_module(target),
                id_name: format!("{}Id", self.name),
            }),
            Shape::ToMany(target) => FieldKind::ToMany { target, via: self.via? },
            Shape::Computed(scalar) => FieldKind::Computed { scalar, expr: self.computed? },
            Shape::Broken => return None,
        };
        Some(Field {
            name: self.name.to_owned(),
            description: self.description,
            kind,
            required: self.required,
            role: self.role,
            readonly: self.readonly,
            private: self.private,
            unique: self.unique,
            default: self.default,
            length: self.length,
            range: self.range,
            pattern: self.pattern,
            rules: self.rules,
        })
    }
}

#[cfg(test)]
thread_local! {
    /// How many fields expressions have looked up, by which tests see that the work is linear.
    pub(super) static LOOKUPS: Cell<usize> = const { Cell::new(0) };
}

/// What expressions see of the draft.
pub(crate) struct View<'d, 'a> {
    draft: &'d Draft<'a>,
    /// Whether the expression named something that a reported mistake hides.
    doubtful: Cell<bool>,
}

impl<'d, 'a> View<'d, 'a> {
    /// Looks at a draft.
    pub(crate) fn new(draft: &'d Draft<'a>) -> Self {
        Self { draft, doubtful: Cell::new(false) }
    }

    /// Says whether mistakes in the expression may only follow from others.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.doubtful.get()
    }
}

impl Schema for View<'_, '_> {
    fn entity_name(&self, entity: EntityId) -> &str {
        &self.draft.entity(entity).entity.name
    }

    fn field(&self, entity: EntityId, name: &str) -> Option<FieldInfo> {
        #[cfg(test)]
        LOOKUPS.set(LOOKUPS.get() + 1);
        let owner = self.draft.entity(entity);
        let Some(&id) = owner.by_name.get(name) else {
            if owner.damaged {
                self.doubtful.set(true);
            }
            return None;
        };
        let field = owner.field(id);
        let (ty, target) = match field.shape {
            Shape::Scalar(scalar) | Shape::Computed(scalar) => (scalar.expr_type(), None),
            Shape::List(scalar) => (Type::List(Box::new(scalar.expr_type())), None),
            Shape::ToOne(target) => (Type::Row(target), Some(target)),
            Shape::ToMany(target) => (Type::Rows(target), None),
            Shape::Broken => {
                self.doubtful.set(true);
                return None;
            }
        };
        Some(FieldInfo {
            id,
            ty,
            nullable: match field.shape {
                // Whether the expression can be null is not known yet.
                Shape::Computed(_) => true,
                Shape::ToMany(_) => false,
                _ => !field.required,
            },
            may_be_archived: target
                .is_some_and(|target| self.draft.entity(target).node.directives.has("archive")),
            other_module: target.is_some_and(|target| self.draft.leaves_module(entity, target)),
            key: target
                .and_then(|target| self.draft.sole_key_scalar(target))
                .map(Scalar::expr_type),
            is_sole_key: owner.entity.key == [id],
        })
    }

    fn field_names(&self, entity: EntityId) -> Vec<&str> {
        self.draft.entity(entity).field_names().collect()
    }

    fn enum_name(&self, id: EnumId) -> &str {
        &self.draft.enums[id.0 as usize].name
    }

    fn enum_values(&self, id: EnumId) -> &[String] {
        &self.draft.enums[id.0 as usize].values
    }

    fn shape(&self, entity: EntityId, field: FieldId) -> JsonShape {
        match self.draft.entity(entity).field(field).shape {
            Shape::Scalar(scalar) => scalar.json_shape(),
            _ => JsonShape::Any,
        }
    }

    fn document_name(&self, id: DocumentId) -> &str {
        &self.draft.documents[id.0 as usize].name
    }

    fn member(&self, id: DocumentId, name: &str) -> Option<JsonShape> {
        self.draft.documents[id.0 as usize].member(name).map(Member::shape)
    }

    fn member_names(&self, id: DocumentId) -> Vec<&str> {
        let members = &self.draft.documents[id.0 as usize].members;
        members.iter().map(|member| member.name.as_str()).collect()
    }
}
