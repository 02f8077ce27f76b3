//! Expected losses: probability of default x loss given default x exposure at default.

use super::numbers;
use crate::decision::push_option;
use crate::error::Result;
use crate::json::{push_number, push_text};
use crate::manifest::Manifest;
use crate::quantity::{Quantity, Slot};
use crate::rules::Column;
use crate::scope::Scope;

/// The amounts of the expected losses, three each, in order.
#[must_use]
pub fn losses<'m>(manifest: &'m Manifest, scope: &Scope) -> Vec<Slot<'m>> {
    let mut slots = Vec::new();
    for (name, score) in &manifest.scores {
        let Some(loss) = &score.expected_loss else { continue };
        for (part, amount, unit) in [
            ("pd", &loss.pd, Some("share")),
            ("lgd", &loss.lgd, Some("share")),
            ("ead", &loss.ead, score.unit.as_deref()),
        ] {
            let path = format!("scores.{name}.expected_loss.{part}");
            slots.push(Slot {
                amount,
                unit,
                program: path.clone(),
                place: path,
                visible: scope.after_scores(),
            });
        }
    }
    slots
}

/// Probability of default x loss given default x exposure at default; null where one is out of its range.
pub(super) fn expected_loss(
    parts: &[Quantity; 3],
    columns: &[Column],
    scored: &[usize],
    rows: usize,
) -> Result<(Column, [Vec<f64>; 3])> {
    let [pd, lgd, ead] = parts;
    let values = [pd.values(columns, rows)?, lgd.values(columns, rows)?, ead.values(columns, rows)?];
    let mut loss = vec![f64::NAN; rows];
    for &row in scored {
        let [pd, lgd, ead] = [values[0][row], values[1][row], values[2][row]];
        if (0.0..=1.0).contains(&pd) && (0.0..=1.0).contains(&lgd) && ead >= 0.0 && ead.is_finite() {
            loss[row] = pd * lgd * ead;
        }
    }
    Ok((numbers(&loss), values))
}

/// Appends the parts of an expected loss.
pub(super) fn write_loss(parts: Option<&[Vec<f64>; 3]>, unit: Option<&str>, row: usize, out: &mut Vec<u8>) {
    let part = |at: usize| parts.and_then(|parts| parts[at].get(row)).copied().unwrap_or(f64::NAN);
    for (key, number) in [(&b"{\"pd\":"[..], part(0)), (b",\"lgd\":", part(1)), (b",\"ead\":", part(2))] {
        out.extend_from_slice(key);
        push_number(out, number);
    }
    out.extend_from_slice(b",\"unit\":");
    push_option(out, unit, push_text);
    out.push(b'}');
}
