from __future__ import annotations

import math

import pytest

from gradlint.profile import Profile, share, show, sickness
from gradlint.quantities import QUANTITIES, Decay, Reading, slope
from gradlint.rule import Cause, State

INF = math.inf


def reading(*gradient, seed=0, step=0, **more):
    values = {
        "finite": True,
        "scale": 0.0,
        "collapse": 0.0,
        "symmetry": {},
        "gain": {},
        "gradient": dict(enumerate(gradient)),
        **more,
    }
    return Reading(seed=seed, step=step, **values)


def profile(*readings, head=None, **more):
    stations = tuple(sorted({index for r in readings for index in r.gradient}))
    return Profile(stations=stations, head=head, readings=readings, **more)


def quantity(name, *gradient, head=None, **more):
    one = profile(reading(*gradient, **more), head=head)
    return QUANTITIES[name](one, one.readings[0])


@pytest.mark.parametrize(
    ("gradient", "decades"),
    [
        ((-7.0, -4.0, -1.0), 6.0),
        ((-7.0, -9.0, -1.0), 8.0),  # the worst of the path, where its end has more
        ((-1.0, -4.0, -7.0), 0.0),  # it grows towards the input
        ((-INF, -4.0, -1.0), INF),  # nothing arrives
        ((-2.0, -INF, -1.0), 1.0),  # one silent station between living ones
        ((-INF, -INF), 0.0),  # nothing leaves: not the path's fault
        ((-3.0,), 0.0),
        ((), 0.0),
    ],
)
def test_vanishing_is_what_the_gradient_loses_on_its_way(gradient, decades):
    assert quantity("vanishing", *gradient) == decades


@pytest.mark.parametrize(
    ("gradient", "head", "decades"),
    [
        ((2.0, 1.0, 0.0), None, 2.0),
        ((0.0, 1.0, 2.0), None, 0.0),
        ((0.4, 0.3, 0.2, 0.1, -2.0), 4, 0.0),  # only the head falls out of line
        ((0.4, 0.3, 0.2, 0.1, -9.0), None, 9.4),
        ((2.0, 0.0), None, 0.0),  # too few to see a trend
    ],
)
def test_exploding_needs_a_steady_growth_towards_the_input(gradient, head, decades):
    assert quantity("exploding", *gradient, head=head) == pytest.approx(decades)


def test_what_is_not_finite_has_exploded_and_says_nothing_else():
    measured = {name: quantity(name, -9.0, 0.0, finite=False) for name in QUANTITIES}
    assert measured["exploding"] == measured["scale"] == INF
    assert measured["vanishing"] == measured["collapse"] == 0.0


def test_collapse_and_scale_are_the_outputs():
    assert quantity("collapse", collapse=-6.0) == 6.0
    assert quantity("scale", scale=4.5) == 4.5


def test_evenness_is_that_of_the_most_even_weight():
    assert quantity("evenness", symmetry={"a": 0.5, "b": 1e-6}) == pytest.approx(6.0)
    assert quantity("evenness", symmetry={}) == 0.0
    assert math.isfinite(quantity("evenness", symmetry={"a": 0.0}))


def test_forgetting_is_that_of_the_worst_recurrence():
    decays = {3: Decay(50, -2.0, 40), 9: Decay(50, -30.0, 4)}
    assert quantity("forgetting", decay=decays) == 30.0
    assert quantity("forgetting") == 0.0


def test_the_slope_is_that_of_least_squares():
    assert slope([1.0, 3.0, 5.0]) == 2.0
    assert slope([1.0]) == 0.0


def readings(*values, name="scale"):
    """Readings with these values: one seed each, at initialisation and after the updates."""
    return [
        reading(**{name: value}, seed=seed, step=step)
        for seed, pair in enumerate(values)
        for step, value in zip((0, 3), pair, strict=True)
    ]


@pytest.mark.parametrize(
    ("values", "state"),
    [
        (((4.0, 4.1), (5.0, 5.1), (6.0, 6.1)), State.CONFIRMED),
        (((1.0, 1.1), (2.0, 2.1), (2.9, 3.0)), State.CLEARED),
        (((4.0, 4.1), (5.0, 5.1), (2.0, 6.1)), State.UNPROVEN),  # one seed is healthy
        (((4.0, 1.0), (5.0, 1.0), (6.0, 1.0)), State.UNPROVEN),  # healthy after the updates
        ((), State.UNPROVEN),
    ],
    ids=["all over", "none over", "a seed", "after updates", "no readings"],
)
def test_confirmed_is_over_the_limit_in_every_reading_and_cleared_in_none(values, state):
    verdict = profile(*readings(*values)).above("scale", 3.0, "{measured}")
    assert verdict.state is state
    assert verdict.limit == 3.0


def test_the_number_shown_is_the_median_at_initialisation():
    verdict = profile(*readings((4.0, 9.0), (5.0, 9.0), (7.0, 9.0))).above(
        "scale", 3.0, "10^{measured}"
    )
    assert verdict.measured == 5.0
    assert verdict.sentence == "10^5.0"


def test_a_lost_gradient_is_one_that_vanishes_or_an_output_that_collapses():
    vanished = [reading(-9.0, -1.0, seed=seed) for seed in range(3)]
    collapsed = [reading(-1.0, -1.0, seed=seed, collapse=-7.0) for seed in range(3)]
    assert profile(*vanished).lost(5.0, 5.0).quantity == "vanishing"
    assert profile(*collapsed).lost(5.0, 5.0).quantity == "collapse"
    assert profile(*vanished).lost(9.0, 5.0).state is State.CLEARED
    assert "8.0 decades" in profile(*vanished).lost(5.0, 5.0).sentence


def test_one_that_blows_up_explodes_or_is_out_of_scale():
    exploded = [reading(4.0, 2.0, 0.0, seed=seed) for seed in range(3)]
    large = [reading(0.0, 0.0, 0.0, seed=seed, scale=6.0) for seed in range(3)]
    assert profile(*exploded).blown_up(1.0, 3.0).quantity == "exploding"
    assert profile(*large).blown_up(1.0, 3.0).quantity == "scale"


@pytest.mark.parametrize(
    ("decades", "known", "state"),
    [
        ((-30.0, -29.0, -31.0), True, State.CONFIRMED),
        ((-30.0, -29.0, -31.0), False, State.UNPROVEN),  # the length was made up
        ((-30.0, -1.0, -31.0), True, State.UNPROVEN),
        ((-1.0, -1.0, -1.0), True, State.CLEARED),
    ],
)
def test_a_recurrence_has_forgotten_where_every_copy_has_and_the_length_is_known(
    decades, known, state
):
    all_readings = [
        reading(seed=seed, decay={7: Decay(500, value, 12)}) for seed, value in enumerate(decades)
    ]
    verdict = profile(*all_readings, length_known=known).forgotten(7, 4.0)
    assert verdict.state is state
    assert "500 time steps" in verdict.sentence and "12" in verdict.sentence


def test_a_recurrence_that_was_not_measured_is_unproven():
    assert profile(reading()).forgotten(7, 4.0).state is State.UNPROVEN


def test_the_loss_is_shared_among_its_causes():
    # backward through 1 the gradient loses a decade, through 2 three
    one = profile(reading(-4.0, -3.0, 0.0))
    parts = share(one, {0: Cause.GAIN, 1: Cause.SLOPE, 2: Cause.GAIN})
    assert parts[Cause.GAIN] == pytest.approx(0.75)
    assert parts[Cause.SLOPE] == pytest.approx(0.25)
    assert share(profile(reading(0.0, 0.0)), {0: Cause.GAIN, 1: Cause.GAIN})[Cause.GAIN] == 0.0


def test_sickness_is_the_first_quantity_out_of_bounds():
    assert sickness(profile(reading(-1.0, -1.0))) == ""
    assert sickness(profile(reading(-9.0, -1.0))) == "vanishing 8.0 decades (limit 5)"
    one_bad = profile(reading(-1.0, -1.0), reading(-1.0, -1.0, seed=1, collapse=-6.0))
    assert sickness(one_bad).startswith("collapse")


def test_infinity_is_shown_in_words():
    assert show(INF) == "infinitely many"
    assert show(9.14) == "9.1"
