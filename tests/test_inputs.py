from __future__ import annotations

import ast

import fed_models as zoo
import pytest
import torch
from torch import nn

from gradlint.errors import GradlintError
from gradlint.feeding.inputs import Inputs, find_inputs
from gradlint.feeding.runs import run
from gradlint.feeding.sizes import narrowed, pointed
from gradlint.outputs import tensors_of
from gradlint.span import Span
from gradlint.target import Example, Target


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def target(*, given=None, examples=(), lengths=()):
    expressions = [ast.parse(text, mode="eval").body for text in examples]
    return Target(
        path="model.py",
        name="Net",
        span=Span("model.py", 1, 7, 1, 10),
        setup=(),
        construct=None,
        missing="",
        after=(),
        bound_as="model",
        loads_weights=False,
        examples=tuple(Example(e, (), "the call in line 9") for e in expressions),
        lengths=lengths,
        named=False,
        input=given,
    )


def found(module, **told):
    return find_inputs(module, target(**told), {"torch": torch})


def conv_net(rank):
    conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1]
    pool = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)[rank - 1]
    return nn.Sequential(conv(3, 4, 3), nn.ReLU(), pool(1), nn.Flatten(), nn.Linear(4, 2))


def autoencoder():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.ConvTranspose2d(8, 1, 3, 2, 1, output_padding=1)
    )


def encoder(batch_first):
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=batch_first)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


FED = {
    "lenet": (lambda: zoo.LeNet(), "image 8x1x32x32"),
    "lenet for 28": (lambda: zoo.LeNet(side=4), "image 8x1x28x28"),
    "lenet for 100, in colour": (lambda: zoo.LeNet(3, 22), "image 8x3x100x100"),
    "digits by rows": (zoo.Rows, "image 8x1x28x28"),
    "adaptive": (lambda: conv_net(2), "image 8x3x64x64"),
    "volume": (lambda: conv_net(3), "volume 8x3x32x32x32"),
    "signal": (lambda: conv_net(1), "sequence 8x3x32"),
    "autoencoder": (autoencoder, "image 8x1x64x64"),
    "lazy": (lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(3)), "vector 8x32"),
    "flattened digits": (lambda: zoo.FlatMLP(784), "image 8x1x28x28"),
    "flattened cifar": (lambda: zoo.FlatMLP(3072), "image 8x3x32x32"),
    "flattened vector": (lambda: zoo.FlatMLP(100), "vector 8x100"),
    "digits, not flattened": (lambda: nn.Sequential(nn.Linear(784, 10)), "vector 8x784"),
    "vector with norm": (lambda: nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 2)), "vector 8x6"),
    "double": (lambda: nn.Linear(3, 2).double(), "vector 8x3:float64"),
    "powers of a number": (zoo.Powers, "input 8"),
    "parameter product": (zoo.ParameterProduct, "vector 8x9"),
    "derivative": (zoo.Derivative, "vector 8x2"),
    "untraceable": (zoo.Untraceable, "vector 8x6"),
    "generator": (zoo.Generator, "vector 8x100"),
    "token lstm": (zoo.TokenLSTM, "tokens 8x16:int64<100"),
    "language model": (zoo.LanguageModel, "tokens 8x12:int64<50"),
    "learned positions": (zoo.LearnedPositions, "tokens 8x65:int64<30"),
    "tokens of one length": (zoo.FixedTokens, "tokens 8x5:int64<30"),
    "words before": (lambda: zoo.Context(2), "integers 2:int64<40"),
    "words around": (lambda: zoo.Context(4, summed=True), "integers 4:int64<40"),
    "sequence lstm": (zoo.SequenceLSTM, "sequence 8x32x5"),
    "time first": (lambda: zoo.SequenceLSTM(False), "sequence 32x8x5"),
    "fixed batch": (zoo.FixedBatchLSTM, "sequence 20x32x5"),
    "cell loop": (zoo.CellLoop, "sequence 8x32x7"),
    "attention": (zoo.Attention, "sequence 8x32x24"),
    "permuted": (zoo.PermutedConv, "sequence 8x32x7"),
    "encoder": (lambda: encoder(True), "sequence 8x32x16"),
    "encoder, time first": (lambda: encoder(False), "sequence 32x8x16"),
    "vit for 28": (zoo.ViT, "image 8x3x28x28"),
    "half of a coupling": (zoo.Coupling, "vector 8x8"),
    "tokens, time first": (zoo.TimeFirstTokens, "tokens 16x8:int64<40"),
    "turned to time first": (zoo.TimeTurned, "sequence 8x32x6"),
    "split into steps": (zoo.SplitSteps, "sequence 8x32"),
    "six halvings": (zoo.DeepUNet, "image 8x1x128x128"),
    "vae": (zoo.VAE, "image 8x1x28x28"),
    "two vectors": (zoo.Joined, "vector 8x1 and vector 8x1"),
    "vector and labels": (zoo.Conditional, "vector 8x100 and integers 8:int64<10"),
    "state left out": (zoo.WithState, "sequence 32x8x5"),
    "rectangles": (zoo.Rectangles, "image 8x3x40x80"),
    "hand-made recurrence": (zoo.HandMadeRNN, "vector 8x7 and state 8x12"),
    "two states of a cell": (zoo.CellWithState, "vector 8x5 and states 8x8 and 8x8"),
    "lengths": (zoo.Packed, "tokens 8x16:int64<30 and lengths 8:int64"),
    "token pairs": (zoo.Translator, "tokens 8x16:int64<40 and tokens 8x16:int64<20"),
    "a mask that is needed": (zoo.OwnAttention, "sequence 8x32x12 and mask of ones 8x32:bool"),
    "diffusion": (
        zoo.Diffusion,
        "image 8x4x32x32 and integers 8:int64<1000 and integers 8:int64<11",
    ),
    "graph": (zoo.Graph, "vector 8x9 and adjacency 8x8"),
    "critic": (zoo.Critic, "vector 8x3 and vector 8x2"),
    "chosen": (zoo.Chosen, "vector 8x6 and which wide and training True"),
    "mapping": (zoo.Mapping, "tokens 8x16:int64<50 and image 8x3x32x32"),
    "pair": (zoo.Unpacking, "vector 8x4 and vector 8x6"),
    "list": (zoo.Listed, "vector 8x4 and vector 8x4"),
    "optional and needed": (
        zoo.NeedsOptional,
        "tokens 8x16:int64<30 and integers 8:int64<5",
    ),
    "by keyword only": (zoo.KeywordOnly, "vector 8x4"),
    "forecast": (
        zoo.Forecast,
        "sequence 8x24x7 and sequence 8x24x4 and sequence 8x18x7 and sequence 8x18x4",
    ),
}


@pytest.mark.parametrize(("build", "expected"), FED.values(), ids=FED.keys())
def test_the_input_is_inferred_from_the_model(build, expected):
    module = build()
    inputs = found(module)
    assert inputs.description.split(", from")[0] == expected
    once = inputs.copied()
    outputs = tensors_of(module(*once.args, **once.kwargs))
    assert any(tensor.requires_grad for tensor in outputs)


@pytest.mark.parametrize("build", [value[0] for value in FED.values()], ids=FED.keys())
def test_another_batch_size_runs_where_it_is_free(build):
    module = build()
    inputs = found(module)
    again = inputs.fresh(1, batch=3)
    if inputs.batch_dim is None:
        assert again.args[0].shape == inputs.args[0].shape
    else:
        assert again.source.shape[inputs.batch_dim] == 3
    module(*again.args, **again.kwargs)


def test_searching_leaves_the_model_and_the_random_state_as_they_were():
    module = zoo.Stateful().eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state = torch.get_rng_state()
    assert found(module).description.startswith("vector 8x6")
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert module.last is None
    assert not module.training and not module.norm.training


@pytest.mark.parametrize(
    ("module", "dims"),
    [(zoo.SequenceLSTM(), (8, 500, 5)), (zoo.SequenceLSTM(False), (500, 8, 5))],
)
def test_a_length_of_the_file_is_used_and_known(module, dims):
    inputs = found(module, lengths=(500,))
    assert tuple(inputs.args[0].shape) == dims
    assert inputs.length_known
    assert not found(module).length_known


def test_an_explicit_input_comes_first():
    inputs = found(zoo.SequenceLSTM(), given="4x70x5", examples=("torch.randn(8, 9, 5)",))
    assert tuple(inputs.args[0].shape) == (4, 70, 5)
    assert inputs.description == "4x70x5, as given"
    assert inputs.length_known


def test_an_explicit_input_by_name_bounds_its_integers():
    inputs = found(zoo.Conditional(), given="16x100,labels=16:int64<3")
    assert int(inputs.kwargs["labels"].max()) == 2


@pytest.mark.parametrize(
    ("build", "given"),
    [
        (zoo.Mapping, "batch.input_ids=8x5:int64<50,batch.image=8x3x9x9"),
        (zoo.Unpacking, "batch.0=8x4,batch.1=8x6"),
        (zoo.OwnAttention, "x=8x5x12,mask=8x5:bool"),
        (zoo.KeywordOnly, "x=8x4,scale=float(0.5)"),
        (zoo.SequenceLSTM, "x=8x5x5"),
    ],
)
def test_parts_and_numbers_can_be_given(build, given):
    assert found(build(), given=given).description.endswith("as given")


def test_an_explicit_input_that_does_not_run_is_refused():
    with pytest.raises(GradlintError, match=r"--input 8x3x32x32: .*1 channels"):
        found(zoo.LeNet(), given="8x3x32x32")


def test_an_example_of_the_file_gives_the_shape_and_the_batch_is_8():
    inputs = found(zoo.SequenceLSTM(), examples=("torch.randn(1, 70, 5)",))
    assert inputs.description == "8x70x5, from the call in line 9"
    assert inputs.length_known


def test_a_forward_that_changes_its_input_in_place_is_given_copies():
    inputs = found(zoo.InPlace(), examples=("torch.randn(40)",))
    assert tuple(inputs.args[0].shape) == (8,)


def test_the_batch_of_an_example_is_found_in_its_second_dimension():
    inputs = found(zoo.SequenceLSTM(False), examples=("torch.randn(70, 2, 5)",))
    assert tuple(inputs.args[0].shape) == (70, 8, 5)


@pytest.mark.parametrize("text", ["torch.randn(8, 9, 9)", "unknown", "1 / 0", "torch.tensor(3.)"])
def test_an_example_that_does_not_run_is_passed_over(text):
    assert tuple(found(zoo.SequenceLSTM(), examples=(text,)).args[0].shape) == (8, 32, 5)


def test_an_example_without_values_becomes_random_tokens():
    inputs = found(zoo.TokenLSTM(), examples=("torch.zeros(1, 20, dtype=torch.long)",))
    assert tuple(inputs.args[0].shape) == (8, 20)
    assert int(inputs.args[0].max()) > 50


def test_the_input_that_a_model_carries_is_used():
    module = conv_net(2)
    module.example_input_array = torch.rand(2, 3, 20, 24)
    inputs = found(module)
    assert tuple(inputs.args[0].shape) == (8, 3, 20, 24)
    assert "example_input_array" in inputs.description
    assert float(inputs.args[0].min()) >= 0


def test_a_forward_with_unknown_arguments_is_told_with_what_to_write():
    with pytest.raises(GradlintError) as error:
        found(zoo.WithMessage())
    assert error.value.message.startswith("forward needs x and message: ")
    assert error.value.hint.endswith("--input x=8x6,message=8x6")


def test_a_model_that_always_fails_is_told_with_its_reason_and_a_shape():
    class Broken(nn.Sequential):
        def forward(self, x):
            return self[0](x).no_such_method()

    with pytest.raises(GradlintError, match="no_such_method") as error:
        found(Broken(nn.Linear(6, 4)))
    assert "--input 8x6" in error.value.hint


def test_a_model_without_trainable_outputs_is_refused():
    with pytest.raises(GradlintError, match="no gradient"):
        found(nn.Linear(6, 4).requires_grad_(False))


def test_fresh_values_keep_type_and_scale_and_follow_the_seed():
    args = (torch.rand(8, 50), torch.randn(8, 50) * 100, torch.randint(3, 9, (8, 50)), "text", None)
    inputs = Inputs(args, {"mask": torch.ones(8, 4, dtype=torch.bool)}, "", False)
    new = inputs.fresh(1, batch=16)
    assert [tuple(tensor.shape) for tensor in new.args[:3]] == [(16, 50)] * 3
    assert float(new.args[0].min()) >= 0
    assert float(new.args[0].max()) <= 1
    assert 50 < float(new.args[1].std()) < 200
    assert set(new.args[2].flatten().tolist()) == set(range(3, 9))
    assert new.args[3:] == ("text", None)
    assert bool(new.kwargs["mask"].all())
    assert torch.equal(inputs.fresh(1).args[0], inputs.fresh(1).args[0])
    assert not torch.equal(inputs.fresh(1).args[0], inputs.fresh(2).args[0])


def test_tensors_are_found_in_nested_outputs_once():
    one, two = torch.ones(1), torch.ones(2)
    normal = torch.distributions.Normal(two, torch.ones(2))
    output = {"a": (one, [zoo.Answer(one, {"b": normal})]), "c": "text", "d": None}
    assert [tensor.numel() for tensor in tensors_of(output)] == [1, 2, 2]


def test_samples_come_second_where_every_step_is_returned():
    assert found(encoder(False), given="20x6x16").batch_dim == 1
    assert found(encoder(True), given="20x6x16").batch_dim == 0


def test_sizes_are_narrowed_by_what_failed():
    sizes = [28, 64, 224, 96, 128]
    small = "Expected more than 1 spatial element when training, got input size [4, 8, 1, 1]"
    assert narrowed(sizes, 64, small) == [96, 128, 224]
    assert narrowed(sizes, 32, "Sizes of tensors must match except in dimension 1.")[:2] == [
        64,
        128,
    ]
    assert narrowed(sizes, 32, "something else") == sizes


@pytest.mark.parametrize("name", ["lenet", "token lstm", "double", "two vectors", "time first"])
def test_the_specification_of_inputs_gives_them_again(name):
    module = FED[name][0]()
    inputs = found(module)
    again = found(module, given=inputs.specification)
    assert [(t.shape, t.dtype) for t in again.args] == [(t.shape, t.dtype) for t in inputs.args]


def test_inputs_that_no_specification_can_give_have_none():
    assert Inputs((torch.ones(2), 3), {}, "", True).specification == ""
    assert Inputs((torch.ones(2, dtype=torch.complex64),), {}, "", True).specification == ""
    assert Inputs((), {"ids": torch.ones(2, 3)}, "", True).specification == "ids=2x3"


class Unpadded(nn.Module):
    """What fits its last layer is a size that nobody would try: 103 pixels."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2)
        self.out = nn.Linear(4 * 51 * 51, 2)

    def forward(self, x):
        return self.out(self.conv(x).flatten(1))


def test_two_failures_that_differ_point_to_the_size():
    queue, samples = [227, 256, 299], []
    assert pointed(queue, samples, (224, 512, 25088), 2) == queue
    assert pointed(queue, samples, (227, 512, 25088), 2) == queue  # it tells nothing new
    assert pointed(queue, samples, (256, 2048, 25088), 2)[0] == 416


@pytest.mark.parametrize("dear", [False, True])
def test_sizes_that_are_too_dear_to_be_tried_are_solved_for_by_shapes_alone(monkeypatch, dear):
    if dear:
        monkeypatch.setattr("gradlint.feeding.attempts._DEAR", 0)
        monkeypatch.setattr("gradlint.feeding.search.SIDES", (32, 48, 64))
    inputs = found(Unpadded())
    assert tuple(inputs.args[0].shape)[1:] in ((3, 103, 103), (3, 104, 104))


def test_a_run_on_shapes_alone_leaves_the_model_as_it_was():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    outcome = run(module, (torch.randn(3, 3, 8, 8),), {}, grad=True, fake=True)
    assert outcome.shapes == ((3, 4, 6, 6),) and outcome.trains
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
