//! Audits (`@audit`): who changed what is kept beside the rows.
//!
//! Who may read it is composed with the other rules, in `rules`.

use crate::entity::Audit;
use crate::load::draft::Draft;
use crate::load::keep::keep;
use crate::report::Problems;

/// Reads the audits of all entities.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        let Some(directive) = draft.entity(id).node.directives.get("audit") else { continue };
        let keep = keep(draft, directive, problems);
        draft.entities[id.0 as usize].entity.audit = Some(Audit { keep });
    }
}
