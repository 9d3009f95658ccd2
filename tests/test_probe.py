from __future__ import annotations

import math

import pytest
import torch
from test_record import X, net
from torch import nn
from workbench import at_start, bench, fed, tokens

from gradlint.probing import probe
from gradlint.probing.memory import decays
from gradlint.profile import Profile, sickness

MLP = net(
    "self.body = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5),\n"
    "    nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2))",
    "return self.body(x)",
)


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def recurrent(layer: str) -> str:
    return net(
        f"self.r, self.o = nn.{layer}(4, 8, batch_first=True), nn.Linear(8, 2)",
        "return self.o(self.r(x)[0][:, -1])",
    )


SEQUENCE = torch.randn(8, 20, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("code", "x"), [(MLP, X), (recurrent("LSTM"), SEQUENCE)], ids=["an MLP", "an LSTM"]
)
def test_measuring_twice_gives_the_same_numbers(code, x):
    made = bench(code)
    first = made.measure(x)
    torch.randn(7)  # the state that random numbers are in is not the probe's concern
    assert made.measure(x) == first
    assert made.measure(x, seed=5) != first


STACK = net(
    "self.body = nn.Sequential(nn.Linear(4, 16), *[\n"
    "    m for _ in range(8) for m in (nn.Sigmoid(), nn.Linear(16, 16))])",
    "return self.body(x)",
)


def test_what_is_far_from_every_limit_is_read_in_one_copy():
    assert bench(MLP).measure(X).seeds == 1


def test_each_copy_is_read_at_initialisation_and_after_the_updates():
    profile = bench(STACK).measure(X)
    assert [(r.seed, r.step) for r in profile.readings] == [
        (seed, step) for seed in range(probe.SEEDS) for step in (0, probe.UPDATES)
    ]
    assert profile.seeds == probe.SEEDS
    first, after = profile.readings[:2]
    assert first.gradient != after.gradient
    assert profile.head == profile.stations[-1]


def test_the_gradient_of_a_station_is_autograds_own():
    built = bench(MLP).build()
    fresh = fed(X).fresh(0)
    torch.manual_seed(0)
    found: list[torch.Tensor] = []

    def watch(module, args, output):
        output.register_hook(found.append)

    built.module.body[4].register_forward_hook(watch)
    built.module.train()
    probe.projection(built.module(*fresh.args), 0).backward()
    profile = bench(MLP).measure(X)
    reading = profile.readings[0]
    expected = math.log10(float(found[0].double().square().mean().sqrt()))
    assert reading.gradient[profile.stations[1]] == pytest.approx(expected, abs=1e-6)


def test_gradients_too_small_for_their_squares_are_not_read_as_zero():
    tiny = torch.full((3,), 1e-23)
    assert probe.log_rms(tiny) == pytest.approx(-23.0, abs=1e-6)
    assert float(tiny.square().mean()) == 0.0
    assert probe.log_rms(torch.zeros(3)) == -math.inf
    assert probe.log_rms(torch.zeros(0)) == -math.inf
    assert probe.log_rms(torch.tensor([math.inf])) == math.inf
    assert math.isnan(probe.log_rms(torch.tensor([math.nan])))


def test_a_network_whose_gradient_is_1e_23_has_lost_23_decades_and_not_all():
    code = net(
        "self.layers = nn.ModuleList(nn.Linear(4, 4, bias=False) for _ in range(24))\n"
        "for layer in self.layers:\n    layer.weight.data = 0.1 * torch.eye(4)",
        "for layer in self.layers:\n    x = layer(x)\nreturn x * 1e20",
    )
    profile = bench(code).measure(X)
    assert profile.measured("vanishing") == pytest.approx(23.0, abs=1e-3)


ZERO = {
    "a zero-initialised branch": net(
        "self.stem, self.head = nn.Linear(4, 16), nn.Linear(16, 2)\n"
        "self.blocks = nn.ModuleList(Block() for _ in range(6))",
        "h = self.stem(x)\nfor block in self.blocks:\n    h = block(h)\nreturn self.head(h)",
        """
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16))
        nn.init.zeros_(self.body[2].weight)
        nn.init.zeros_(self.body[2].bias)
    def forward(self, x):
        return x + self.body(x)
""",
    ),
    "a gate that starts at zero": net(
        "self.a, self.b, self.c = nn.Linear(4, 16), nn.Linear(16, 16), nn.Linear(16, 2)\n"
        "self.alpha = nn.Parameter(torch.zeros(1))",
        "h = self.a(x)\nreturn self.c(h + self.alpha * torch.relu(self.b(h)))",
    ),
    "low-rank adapters": net(
        "self.a, self.c = nn.Linear(4, 16), nn.Linear(16, 2)\nself.down = nn.Linear(16, 2)\n"
        "self.up = nn.Linear(2, 16)\nnn.init.zeros_(self.up.weight)",
        "h = self.a(x)\nreturn self.c(h + self.up(self.down(h)))",
    ),
}


@pytest.mark.parametrize("code", ZERO.values(), ids=ZERO.keys())
def test_branches_that_start_at_zero_are_healthy(code):
    assert sickness(bench(code).measure(X)) == ""


def test_a_zero_initialised_head_is_dead_at_first_and_alive_after_the_updates():
    code = net(
        "self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 2)\nnn.init.zeros_(self.b.weight)",
        "return self.b(torch.relu(self.a(x)))",
    )
    profile = bench(code).measure(X)
    for first, after in zip(profile.readings[::2], profile.readings[1::2], strict=True):
        assert first.gradient[profile.stations[0]] == -math.inf
        assert after.gradient[profile.stations[0]] > -6


def test_a_symmetric_weight_is_told_from_a_random_one():
    code = net(
        "self.a, self.b, self.c = nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 2)\n"
        "nn.init.constant_(self.b.weight, 0.1); nn.init.constant_(self.c.weight, 0.1)",
        "return self.c(torch.tanh(self.b(torch.tanh(self.a(x)))))",
    )
    for reading in at_start(bench(code).measure(X)):
        assert reading.symmetry["a.weight"] > 0.1
        assert set(reading.symmetry) == {"a.weight", "b.weight"}


def test_the_output_is_known_to_depend_on_the_input_or_not():
    deaf = net(
        "self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 2)",
        "return self.b(1e-9 * self.a(x) + 1)",
    )
    assert all(r.collapse < -5 for r in bench(deaf).measure(X).readings)
    assert all(r.collapse > -2 for r in bench(MLP).measure(X).readings)


def test_what_overflows_is_not_finite_and_is_not_updated():
    code = net(
        "self.layers = nn.ModuleList(nn.Linear(64, 64) for _ in range(40))\n"
        "for layer in self.layers:\n    nn.init.normal_(layer.weight, 0, 10)",
        "for layer in self.layers:\n    x = layer(x)\nreturn x",
    )
    profile = bench(code).measure(torch.randn(4, 64))
    assert [(r.step, r.finite) for r in profile.readings] == [(0, False)] * probe.SEEDS
    assert profile.measured("scale") == math.inf


def test_every_head_gets_a_gradient_of_the_same_size():
    first = torch.randn(4, 3, requires_grad=True)
    second = (torch.randn(4, 3) * 1e6).requires_grad_()
    probe.projection({"a": first * 1.0, "b": [second * 1.0], "n": torch.arange(3)}, 0).backward()
    sizes = [probe.log_rms(t.grad) + probe.log_rms(t) for t in (first, second)]
    assert sizes[0] == pytest.approx(sizes[1], abs=0.3)


def test_updates_are_those_of_adam():
    ours, theirs = nn.Linear(3, 2), nn.Linear(3, 2)
    theirs.load_state_dict(ours.state_dict())
    update = probe.Adam(ours.parameters())
    reference = torch.optim.Adam(theirs.parameters(), probe.LEARNING_RATE)
    for _ in range(5):
        x = torch.randn(4, 3)
        ours(x).square().sum().backward()
        theirs(x).square().sum().backward()
        update.step()
        reference.step()
        reference.zero_grad()
    assert torch.allclose(ours.weight, theirs.weight, atol=1e-7)


def measured_decays(code: str, *args: torch.Tensor):
    made = bench(code)
    built = made.build()
    built.module.train()(*args)
    found = decays(built, fed(*args), lambda output: probe.projection(output, 0).backward())
    return built, list(found.values())


def test_measuring_the_decay_leaves_the_model_as_it_was():
    code = net(
        "self.norm, self.r = nn.BatchNorm1d(4), nn.RNN(4, 8, batch_first=True)",
        "return self.r(self.norm(x.transpose(1, 2)).transpose(1, 2))[0][:, -1]",
    )
    built = bench(code).build()
    module = built.module.train()
    probe.projection(module(SEQUENCE), 0).backward()
    state = {name: value.clone() for name, value in module.state_dict().items()}
    gradients = {name: p.grad.clone() for name, p in module.named_parameters()}
    parameters = list(module.parameters())
    found = decays(built, fed(SEQUENCE), lambda output: probe.projection(output, 0).backward())
    assert len(found) == 1
    assert torch.get_default_dtype() is torch.float32
    assert all(ours is theirs for ours, theirs in zip(module.parameters(), parameters, strict=True))
    for name, value in module.state_dict().items():
        assert value.dtype is state[name].dtype and torch.equal(value, state[name])
    for name, parameter in module.named_parameters():
        assert torch.equal(parameter.grad, gradients[name])


@pytest.mark.parametrize("layer", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("batch_first", [True, False])
def test_the_decay_is_read_along_the_dimension_of_time(layer, batch_first):
    at = "[:, -1]" if batch_first else "[-1]"
    code = net(f"self.r = nn.{layer}(4, 8, batch_first={batch_first})", f"return self.r(x)[0]{at}")
    steps = torch.randn(8, 60, 4) if batch_first else torch.randn(60, 8, 4)
    _, (decay,) = measured_decays(code, steps)
    assert decay.length == 60
    assert decay.decades < -4
    assert 0 < decay.survives < 60


def test_a_gradient_too_small_for_float32_is_still_measured():
    _, (decay,) = measured_decays(recurrent("RNN"), torch.randn(4, 300, 4))
    assert -250 < decay.decades < -45


CELLS = {
    "a cell in a loop": net(
        "self.cell = nn.GRUCell(4, 8)",
        "h = torch.zeros(len(x), 8)\nfor t in range(30):\n    h = self.cell(x[:, t], h)\nreturn h",
    ),
    "tokens": net(
        "self.e, self.r = nn.Embedding(9, 4), nn.RNN(4, 8, batch_first=True)",
        "return self.r(self.e(x))[0][:, -1]",
    ),
    "a state that the model keeps": net(
        "self.r = nn.GRU(4, 8, batch_first=True)",
        "out, self.hidden = self.r(x)\nreturn out[:, -1]",
    ),
    "the last state": net("self.r = nn.LSTM(4, 8, batch_first=True)", "return self.r(x)[1][0][-1]"),
}


@pytest.mark.parametrize(("code", "name"), [(c, n) for n, c in CELLS.items()], ids=CELLS.keys())
def test_the_decay_is_measured_however_the_recurrence_is_written(code, name):
    x = tokens(4, 30, 9) if name == "tokens" else torch.randn(4, 30, 4)
    _, (decay,) = measured_decays(code, x)
    assert decay.length == 30
    assert decay.decades < -1


def test_a_recurrence_whose_steps_are_pooled_forgets_nothing():
    code = net("self.r = nn.RNN(4, 8, batch_first=True)", "return self.r(x)[0].mean(1)")
    _, (decay,) = measured_decays(code, torch.randn(4, 60, 4))
    assert decay.decades > -0.5 and decay.survives == 60


def test_a_model_that_insists_on_float32_is_not_measured_and_not_harmed():
    code = net("self.r = nn.RNN(4, 8, batch_first=True)", "return self.r(x.float())[0][:, -1]")
    built, found = measured_decays(code, torch.randn(4, 30, 4))
    assert found == []
    assert {p.dtype for p in built.module.parameters()} == {torch.float32}


def test_a_profile_of_a_model_without_layers_is_healthy():
    code = net("self.scale = nn.Parameter(torch.ones(4))", "return x * self.scale")
    profile = bench(code).measure(X)
    assert isinstance(profile, Profile) and profile.stations == ()
    assert sickness(profile) == ""
