"""The benchmark of trained networks: its sources, its halves and its arithmetic."""

from __future__ import annotations

import ast
import math

import pytest
import torch
from label import rates, verdict
from networks import specs, written
from score import Case, by_rule, false_alarms, measured, mistakes, precision, recall, suspected
from spec import HALVES, Spec
from tasks import TASKS, data
from training import Course, all_parameters, build, steps, train
from verdicts import Suspect, Verdict

SAMPLE = [spec for spec in specs() if spec.drawn("test") % 24 == 0 and spec.length <= 100]
MLP = Spec("mlp", "plain", "blobs", 2, 32, "relu")


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_there_are_enough_networks_and_enough_of_those_that_cost():
    assert len(specs()) >= 600
    assert sum(spec.demanding for spec in specs()) >= 150


def test_no_two_networks_share_a_name():
    assert len({spec.name for spec in specs()}) == len(specs())


def test_every_source_parses_and_says_how_the_model_is_built():
    for spec in specs():
        source = written(spec)
        ast.parse(source.text)
        assert all(line.strip() in source.text for line in source.build.splitlines())


@pytest.mark.parametrize("spec", SAMPLE, ids=lambda spec: spec.name)
def test_a_network_takes_its_task_and_the_loss_is_finite(spec):
    x, y = data(spec.task, spec.length)

    loss = TASKS[spec.task].loss(build(spec, 0)(x[:4]), y[:4])

    assert loss.dim() == 0
    assert spec.cause or math.isfinite(loss.item())


@pytest.mark.parametrize("spec", [SAMPLE[0], MLP], ids=lambda spec: spec.name)
def test_the_same_seed_builds_the_same_network(spec):
    first, second = (list(build(spec, 3).parameters()) for _ in range(2))

    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("name", "half"),
    [
        ("conv-plain-d4-w8-gelu", "held"),
        ("transformer-encoder-d2-w16-gelu-post-xavier", "choose"),
        ("transformer-encoder-d12-w16-gelu-post", "held"),
    ],
)
def test_a_network_never_changes_its_half(name, half):
    assert next(spec for spec in specs() if spec.name == name).half == half


def test_the_halves_are_halves_of_every_large_family():
    for family in ("mlp", "conv", "recurrent", "transformer"):
        members = [spec.half for spec in specs() if spec.family == family]
        assert all(members.count(half) > 0.35 * len(members) for half in HALVES)


def test_every_network_is_trained_with_both_optimizers_at_two_rates_and_more():
    for spec in specs():
        tried = dict(rates(spec))
        assert set(tried) == {"adam", "sgd"}
        assert all(len(values) >= 2 for values in tried.values())
        assert steps(spec) >= 500


def _linear_share(name: str, length: int) -> float:
    """How much of a task the best linear model of all inputs explains, by squared error."""
    x, y = data(name, length)
    flat = torch.cat([x.flatten(1), torch.ones(len(x), 1)], 1)
    wanted = y.flatten(1) if y.is_floating_point() else torch.nn.functional.one_hot(y).float()
    guess = flat @ torch.linalg.lstsq(flat, wanted).solution
    return 1 - float((guess - wanted).square().sum() / (wanted - wanted.mean(0)).square().sum())


@pytest.mark.parametrize(
    ("task", "length"),
    [("blobs", 0), ("gratings", 0), ("patches", 0), ("maker", 0), ("surface", 0), ("recall", 20)],
)
def test_no_linear_model_solves_a_task(task, length):
    assert _linear_share(task, length) < 0.7


def test_a_healthy_network_learns_and_a_part_that_is_cut_off_stays_still():
    learning, still = train(MLP, "adam", 1e-2, 0)
    _, cut_off = train(Spec("broken", "detach", "blobs", 2, 32), "adam", 1e-2, 0)

    assert learning.learnt >= 0.9
    assert still == []
    assert cut_off == ["encoder.0.weight", "encoder.0.bias"]


def test_parameters_of_layers_in_a_plain_list_are_seen():
    model = build(Spec("broken", "plain-list", "blobs", 4, 32), 0)

    assert len(list(all_parameters(model))) == len(list(model.parameters())) + 6


def test_frozen_parameters_are_not_expected_to_move():
    model = build(Spec("broken", "frozen", "blobs", 4, 32), 0)

    assert all("encoder" not in name for name, _ in all_parameters(model))


def _course(*losses: float, most: int = 90) -> Course:
    course = Course(TASKS["blobs"], most)
    for loss in losses:
        course.add(loss)
    return course


def test_a_run_ends_where_it_has_learnt_where_it_breaks_and_where_nothing_happens():
    assert not _course(*[1.386] * 59).over
    assert _course(*[1.386] * 60).over
    assert not _course(*[1.386] * 20, *[1.3] * 40).over
    assert _course(*[0.05] * 25).over
    assert _course(1.0, math.nan).over
    assert _course(*[1.0] * 90).over


def test_what_was_learnt_is_a_share_of_what_there_is_to_learn():
    assert _course(*[1.386 / 2] * 25).learnt == pytest.approx(0.5)
    assert _course(*[2.0] * 25).learnt == 0
    assert [verdict(learnt) for learnt in (0.2, 0.5, 0.9)] == ["untrainable", "slow", "trainable"]


def _case(label: str, *states: str, cause: str = "", still: bool = False) -> Case:
    suspects = tuple(Suspect("rule", state, 1.0, 2.0) for state in states)
    spec = Spec("mlp", "plain", "blobs", 2, 32, cause=cause)
    return Case(spec, label, still, Verdict(spec.name, True, "", suspects, 0.5))


TABLE = [
    _case("untrainable", "confirmed", cause="rule"),
    _case("untrainable", "unproven", cause="rule"),
    _case("untrainable", "cleared"),
    _case("trainable", "confirmed", still=True),
    _case("trainable", "confirmed"),
    _case("trainable", "cleared"),
    _case("trainable"),
    _case("slow", "confirmed"),
]


def test_the_score_counts_confirmed_findings_against_sick_networks():
    assert (precision(TABLE, measured).hits, precision(TABLE, measured).of) == (2, 3)
    assert (recall(TABLE, measured).hits, recall(TABLE, measured).of) == (2, 4)
    assert (false_alarms(TABLE, measured).hits, false_alarms(TABLE, measured).of) == (1, 3)


def test_the_static_score_counts_every_suspicion():
    assert (precision(TABLE, suspected).hits, precision(TABLE, suspected).of) == (4, 6)
    assert (recall(TABLE, suspected).hits, recall(TABLE, suspected).of) == (4, 4)


def test_an_interval_holds_its_share_and_a_sure_one_is_narrow():
    found = recall(TABLE, measured)

    assert found.low < 0.5 < found.high
    assert recall([TABLE[0]] * 50, measured).low == 1


def test_an_unproven_network_has_no_verdict_and_a_cleared_one_has():
    assert [case.verdict.unproven for case in TABLE[:3]] == [False, True, False]
    assert Verdict("net", False, "not fed", (), 0.0).unproven


def test_a_rule_is_scored_on_the_networks_of_its_cause():
    (row,) = list(by_rule(TABLE))[1:]

    assert row.split()[0] == "rule"
    assert "2/3" in row
    assert "1/2" in row


def test_every_mistake_is_listed_with_what_was_measured():
    lines = list(mistakes(TABLE))

    assert "\nfalse alarms: 1" in lines
    assert "\nmisses: 2" in lines
    assert any("rule unproven 1 (limit 2)" in line for line in lines)
