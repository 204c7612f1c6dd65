//! A measured figure: how it spreads, and the floor it is held against.

use serde::Serialize;

/// The median of several rounds, with the least and the most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Spread {
    /// `None` for no rounds at all.
    pub(super) fn of(mut rounds: Vec<f64>) -> Option<Self> {
        rounds.sort_by(f64::total_cmp);
        let (min, max) = (*rounds.first()?, *rounds.last()?);
        let median = *rounds.get(rounds.len() / 2)?;
        Some(Self { median, min, max })
    }

    /// Of something that is measured once.
    pub(super) const fn once(value: f64) -> Self {
        Self { median: value, min: value, max: value }
    }
}

/// What a figure must reach.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Floor {
    /// The ratio to the other side.
    RatioAtLeast(f64),
    /// The ratio to the other side.
    RatioAtMost(f64),
    /// The figure itself.
    AtLeast(f64),
    /// The figure itself.
    AtMost(f64),
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) unit: &'static str,
    /// The other side of the comparison, if there is one, and what it is.
    pub(super) against: Option<(&'static str, Spread)>,
    pub(super) claviger: Spread,
    pub(super) floor: Option<Floor>,
}

impl Figure {
    /// A figure of the server alone.
    pub(super) fn alone(name: impl Into<String>, unit: &'static str, claviger: Spread) -> Self {
        Self { name: name.into(), unit, against: None, claviger, floor: None }
    }

    pub(super) fn with_floor(self, floor: Floor) -> Self {
        Self { floor: Some(floor), ..self }
    }

    /// Claviger's median over the other side's.
    pub(super) fn ratio(&self) -> Option<f64> {
        self.against.map(|(_, other)| self.claviger.median / other.median)
    }

    /// Whether the floor is kept; `None` where there is none.
    pub(super) fn kept(&self) -> Option<bool> {
        let median = self.claviger.median;
        self.floor.map(|floor| match floor {
            Floor::RatioAtLeast(least) => self.ratio().is_some_and(|ratio| ratio >= least),
            Floor::RatioAtMost(most) => self.ratio().is_some_and(|ratio| ratio <= most),
            Floor::AtLeast(least) => median >= least,
            Floor::AtMost(most) => median <= most,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_takes_the_round_in_the_middle() {
        let spread = Spread::of(vec![5.0, 1.0, 9.0, 2.0, 3.0]).unwrap();
        assert_eq!(spread, Spread { median: 3.0, min: 1.0, max: 9.0 });
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn floors_hold_for_ratios_and_for_figures() {
        let figure = |value| Figure::alone("x", "/s", Spread::once(value));
        assert_eq!(figure(10.0).kept(), None);
        assert_eq!(figure(10.0).with_floor(Floor::AtLeast(10.0)).kept(), Some(true));
        assert_eq!(figure(10.1).with_floor(Floor::AtMost(10.0)).kept(), Some(false));
        let mut against = figure(70.0).with_floor(Floor::RatioAtLeast(0.75));
        assert_eq!(against.kept(), Some(false), "without another side there is no ratio");
        against.against = Some(("token", Spread::once(100.0)));
        assert_eq!(against.kept(), Some(false));
        against.claviger = Spread::once(75.0);
        assert_eq!(against.kept(), Some(true));
    }
}
